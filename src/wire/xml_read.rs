//! stub
pub(crate) struct Element;
