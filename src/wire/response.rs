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

/// How a body in the format of gzip begins.
const GZIP: &[u8] = b"\x1f\x8b";

const CODINGS: [&str; 5] = ["gzip", "x-gzip", "deflate", "br", "zstd"];

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
        let text = match self.compression() {
            None => text.into(),
            Some(compression) => format!("{}; {compression}", text.into()),
        };
        Error::new(ErrorKind::Protocol, text)
            .with_status(self.status)
            .with_request_id(self.request_id())
            .with_cause(excerpt(&self.body))
    }

    /// Says that the body is compressed, which this library never asks for.
    pub(super) fn compression(&self) -> Option<String> {
        let coding = self.headers.get("content-encoding").unwrap_or_default();
        let coding = if self.body.starts_with(GZIP) { "gzip" } else { coding.trim() };
        let is_compressed = CODINGS.iter().any(|known| known.eq_ignore_ascii_case(coding));
        (is_compressed && !self.body.is_empty()).then(|| {
            format!(
                "the response is compressed ({coding}), which was not requested; a proxy or \
                 gateway may do that"
            )
        })
    }
}
