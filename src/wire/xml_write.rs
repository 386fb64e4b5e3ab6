//! stub
pub(crate) struct XmlWriter;
