//! A response whose body has been read completely.

use super::Headers;
use super::excerpt::excerpt;
use crate::error::{Error, ErrorKind};
use crate::model::oss_header;

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Returns the CRC-64 that OSS computed; `None` if the header is missing or malformed.
    pub(crate) fn crc64(&self) -> Option<u64> {
        self.headers.get(oss_header::HASH_CRC64)?.trim().parse().ok()
    }

    pub(crate) fn request_id(&self) -> &str {
        self.headers.get(oss_header::REQUEST_ID).unwrap_or_default()
    }

    /// Creates a `Protocol` error with the status, the request ID and the start of the body.
    pub(crate) fn protocol_error(&self, text: impl Into<String>) -> Error {
        Error::new(ErrorKind::Protocol, text)
            .with_status(self.status)
            .with_request_id(self.request_id())
            .with_cause(excerpt(&self.body))
    }
}
