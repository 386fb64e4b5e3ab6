//! stub
pub(crate) struct ServiceError;
