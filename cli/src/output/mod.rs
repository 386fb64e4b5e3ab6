//! Lines of output that several commands print.

pub mod aborted_upload;
pub mod presigned_request;
pub mod stored_object;
