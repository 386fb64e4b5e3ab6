//! Delta uploads: a part whose bytes an object of OSS has is copied from it inside OSS, not sent.

pub(crate) mod delta_base;
pub(crate) mod delta_upload;
pub(crate) mod manifest;
