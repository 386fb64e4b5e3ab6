//! stub
#[derive(Debug, Clone, Default)]
pub struct ObjectHeaders;
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {}
