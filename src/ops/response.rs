//! Reads the parts that the responses of all operations share.

use std::str::FromStr;
use std::time::SystemTime;

use crate::codec::{crc64, date, percent};
use crate::error::{Error, Result};
use crate::model::{ETag, PartNumber};
use crate::wire::{Element, Headers, Response, ServiceError};

/// All headers of a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseHeaders(Headers);

impl ResponseHeaders {
    /// Returns the value of a header; the name is case-insensitive.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// Returns the header `Date`: the time of the server when it responded. Times that OSS returns
    /// are compared with it, because the local clock may be wrong.
    pub fn date(&self) -> Option<SystemTime> {
        self.value("date").and_then(date::parse_http_date)
    }

    /// Returns all headers, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter()
    }
}

/// Reads headers and body of a response; errors name the bad header or element.
#[derive(Clone, Copy)]
pub(super) struct ResponseReader<'a>(&'a Response);

impl<'a> ResponseReader<'a> {
    pub(super) fn new(response: &'a Response) -> Self {
        Self(response)
    }

    pub(super) fn headers(self) -> ResponseHeaders {
        ResponseHeaders(self.0.headers.clone())
    }

    /// Returns the value of a header, or "" if it is missing.
    pub(super) fn header(self, name: &str) -> &'a str {
        self.0.headers.get(name).unwrap_or_default()
    }

    pub(super) fn etag_header(self) -> Result<ETag> {
        self.etag(self.header("etag"))
    }

    pub(super) fn etag(self, text: &str) -> Result<ETag> {
        ETag::parse(text).map_err(|_| self.refuse("ETag", text))
    }

    /// Parses an XML document with that root element. An error document is a service error even
    /// with status 200.
    pub(super) fn document(self, root: &str) -> Result<XmlDocument<'a>> {
        let element = Element::parse(&self.0.body)
            .map_err(|error| self.0.protocol_error(error.to_string()))?;
        if element.name() == "Error" {
            return Err(ServiceError::read(self.0).into_error());
        }
        if element.name() != root {
            let text = format!("the response is a {} instead of a {root}", element.name());
            return Err(self.0.protocol_error(text));
        }
        let encoded = element.text_of("EncodingType").trim().eq_ignore_ascii_case("url");
        Ok(XmlDocument { reader: self, root: element, encoded })
    }

    /// Returns the body that a callback server returned. It may be anything, so only the request
    /// ID shows that OSS sent the response, and not a proxy a page.
    pub(super) fn callback_body(self) -> Result<String> {
        if self.0.request_id().is_empty() {
            return Err(self.0.protocol_error("the response has no request ID of OSS"));
        }
        Ok(String::from_utf8_lossy(&self.0.body).into_owned())
    }

    /// Returns why a callback failed. A proxy that changes a response sends the same status.
    pub(super) fn callback_error(self) -> Result<Error> {
        let refused = ServiceError::read(self.0);
        if refused.is_foreign() {
            return Err(self.0.protocol_error("the response does not say why the callback failed"));
        }
        Ok(refused.into_error())
    }

    /// Creates a `Protocol` error that names the element or header.
    pub(super) fn refuse(self, name: &str, text: &str) -> Error {
        let text = if text.trim().is_empty() {
            format!("the response has no {name}")
        } else {
            let shown: String = text.chars().take(SHOWN_MAX).collect();
            format!("the response has a bad {name}: {shown:?}")
        };
        self.0.protocol_error(text)
    }
}

/// The XML document of a response.
pub(super) struct XmlDocument<'a> {
    reader: ResponseReader<'a>,
    pub(super) root: Element,
    encoded: bool,
}

impl XmlDocument<'_> {
    /// Reads a name, for example a key, and decodes it if the document declares an encoding.
    pub(super) fn name(&self, parent: &Element, child: &str) -> Result<String> {
        self.decode(child, parent.text_of(child))
    }

    /// Decodes the text of an element if the document declares an encoding.
    pub(super) fn decode(&self, name: &str, text: &str) -> Result<String> {
        if !self.encoded {
            return Ok(text.to_owned());
        }
        percent::unescape(text).ok_or_else(|| self.reader.refuse(name, text))
    }

    /// Reads text that is never encoded.
    pub(super) fn text(&self, name: &str) -> String {
        self.root.text_of(name).trim().to_owned()
    }

    /// Reads a number; `None` if the element is empty or missing.
    pub(super) fn number<N: FromStr>(&self, parent: &Element, child: &str) -> Result<Option<N>> {
        let text = parent.text_of(child).trim();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.reader.refuse(child, text))
    }

    /// Reads the CRC-64 of a part; `None` if the element is empty or missing.
    pub(super) fn crc64(&self, parent: &Element) -> Result<Option<u64>> {
        let text = parent.text_of(CRC64).trim();
        if text.is_empty() {
            return Ok(None);
        }
        crc64::parse(text).map(Some).ok_or_else(|| self.reader.refuse(CRC64, text))
    }

    pub(super) fn part_number(&self, parent: &Element) -> Result<PartNumber> {
        let number = self.number::<i64>(parent, "PartNumber")?.unwrap_or(0);
        PartNumber::try_from(number)
            .map_err(|_| self.reader.refuse("PartNumber", &number.to_string()))
    }

    pub(super) fn etag(&self, parent: &Element) -> Result<ETag> {
        self.reader.etag(parent.text_of("ETag"))
    }

    /// Returns whether there are more pages; an empty or missing element means no.
    pub(super) fn is_truncated(&self) -> Result<bool> {
        let text = self.text("IsTruncated");
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            _ => Err(self.reader.refuse("IsTruncated", &text)),
        }
    }
}

/// Reads a time; `None` if it is missing or malformed.
pub(super) fn time(parent: &Element, child: &str) -> Option<SystemTime> {
    date::parse_rfc3339(parent.text_of(child).trim())
}

/// A text that is empty where OSS returned none.
pub(super) fn non_empty(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}

const CRC64: &str = "HashCrc64ecma";
const SHOWN_MAX: usize = 64;
