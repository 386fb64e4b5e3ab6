//! An answer that was read to its end.

use super::Headers;
use crate::model::{Dialect, ServiceHeader};

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn service_header(&self, dialect: Dialect, header: ServiceHeader) -> Option<&str> {
        self.headers.get(dialect.header(header))
    }

    /// The check sum that the service computed, if it sent one that can be read.
    pub(crate) fn crc64(&self, dialect: Dialect) -> Option<u64> {
        self.service_header(dialect, ServiceHeader::HashCrc64)?.trim().parse().ok()
    }

    pub(crate) fn request_id(&self, dialect: Dialect) -> &str {
        self.service_header(dialect, ServiceHeader::RequestId).unwrap_or_default()
    }
}
