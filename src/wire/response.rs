//! An answer that was read to its end.

use super::Headers;
use crate::model::oss_header;

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The check sum that the service computed, if it sent one that can be read.
    pub(crate) fn crc64(&self) -> Option<u64> {
        self.headers.get(oss_header::HASH_CRC64)?.trim().parse().ok()
    }

    pub(crate) fn request_id(&self) -> &str {
        self.headers.get(oss_header::REQUEST_ID).unwrap_or_default()
    }
}
