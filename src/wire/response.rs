//! A response whose body has been read completely.

use super::Headers;
use super::excerpt::excerpt;
use crate::codec::crc64;
use crate::error::{Error, ErrorKind, Result};
use crate::model::oss_header::{self, HASH_CRC64};

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
    /// Returns the CRC-64 that OSS computed; `None` if the response has none.
    ///
    /// # Errors
    ///
    /// `Protocol`, if the header is not a decimal number, or there are several that differ.
    pub(crate) fn crc64(&self) -> Result<Option<u64>> {
        let named = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(HASH_CRC64));
        let mut values = named.map(|(_, value)| value.trim());
        let Some(first) = values.next() else { return Ok(None) };
        match crc64::parse(first) {
            Some(value) if values.all(|other| other == first) => Ok(Some(value)),
            _ => {
                let shown: String = first.chars().take(SHOWN_MAX).collect();
                let text = format!("the response has a bad {HASH_CRC64}: {shown:?}");
                Err(self.protocol_error(text))
            }
        }
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

const SHOWN_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn crc64(values: &[&str]) -> Result<Option<u64>> {
        let mut headers = Headers::default();
        for value in values {
            headers.append_received("X-Oss-Hash-Crc64ecma", (*value).to_owned());
        }
        Response { status: 200, headers, body: Vec::new() }.crc64()
    }

    #[test]
    fn a_crc64_is_absent_or_a_decimal_number() {
        assert_eq!(crc64(&[]).unwrap(), None);
        assert_eq!(crc64(&["0"]).unwrap(), Some(0));
        assert_eq!(crc64(&[" 18446744073709551615 "]).unwrap(), Some(u64::MAX));
        assert_eq!(crc64(&["7", "7"]).unwrap(), Some(7));
        for bad in ["", "abc", "-5", "+5", "0x1", "1 2", "1,1", "18446744073709551616"] {
            let error = crc64(&[bad]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{bad:?}");
            assert!(error.to_string().contains(HASH_CRC64), "{error}");
        }
        assert!(crc64(&["7", "8"]).is_err());
    }
}
