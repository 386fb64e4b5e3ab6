//! An authorized request, as passed to an operation.

use std::sync::Arc;

use hyper::{HeaderMap, Method};

use crate::error::{OssError, RequestError};
use crate::escape;
use crate::options::Options;
use crate::query::Query;
use crate::request_body::RequestBody;
use crate::service::Service;
use crate::store::{HeaderText, Store};
use crate::traffic_limit::TrafficLimit;
use crate::xml_writer::Document;

/// An authorized request with its service, body and options.
#[derive(Debug)]
pub(crate) struct OperationRequest {
    pub(crate) service: Arc<Service>,
    pub(crate) method: Method,
    pub(crate) host: String,
    /// Empty for service operations.
    pub(crate) bucket: String,
    /// Empty for service and bucket operations.
    pub(crate) key: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RequestBody,
    pub(crate) request_id: String,
    pub(crate) now: i64,
    pub(crate) options: Options,
    pub(crate) signed: bool,
    pub(crate) is_owner: bool,
    /// Set once the headers have been checked.
    pub(crate) traffic_limit: Option<TrafficLimit>,
}

impl OperationRequest {
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.service.store
    }

    /// Returns a header as text; invalid UTF-8 is replaced.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
    }

    /// Returns a header as sent, without surrounding white space.
    pub(crate) fn header_text(&self, name: &str) -> Option<HeaderText> {
        self.headers.get(name).map(|value| HeaderText::from(value.as_bytes().trim_ascii()))
    }

    /// Parses a header that is `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, OssError> {
        match self.header(name).as_deref() {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(value) => Err(OssError::argument(name, value, "The value must be true or false.")),
        }
    }

    /// Returns whether the client requested `encoding-type=url`.
    pub(crate) fn url_encoding(&self) -> Result<bool, OssError> {
        match self.query.value("encoding-type") {
            None => Ok(false),
            Some(kind) if kind.eq_ignore_ascii_case("url") => Ok(true),
            Some(kind) => {
                Err(OssError::argument("encoding-type", kind, "Invalid Encoding Method."))
            }
        }
    }

    /// Encodes a name for a response document.
    pub(crate) fn encoded(&self, name: &str, encode: bool) -> String {
        match (encode, self.options.plus_for_space) {
            (false, _) => name.to_owned(),
            (true, false) => escape::query(name),
            (true, true) => escape::query(name).replace("%20", "+"),
        }
    }

    pub(crate) fn document(&self, root: &'static str) -> Document {
        Document::new(root, self.options.xml_namespace)
    }

    /// Reads a body that should be empty, verifying `Content-MD5`.
    pub(crate) async fn discard_body(&mut self) -> Result<(), RequestError> {
        self.body.document().await.map(|_| ())
    }

    /// Parses a page size from 1 to `max`. Other numbers are rejected, or clamped by option.
    pub(crate) fn limit(
        &self,
        name: &'static str,
        default: u32,
        max: u32,
    ) -> Result<u32, OssError> {
        let Some(text) = self.query.value(name) else { return Ok(default) };
        match text.parse::<i64>() {
            Ok(number) if (1..=i64::from(max)).contains(&number) => {
                Ok(u32::try_from(number).unwrap_or(max))
            }
            Ok(number) if self.options.clamp_limits => {
                Ok(u32::try_from(number.clamp(1, i64::from(max))).unwrap_or(max))
            }
            _ => Err(OssError::argument(
                name,
                text,
                "Argument must be an integer between 1 and 1000.",
            )),
        }
    }
}

/// Compares an ETag from a condition: quotes optional, case-insensitive.
pub(crate) fn same_etag(sent: &str, etag: &str) -> bool {
    sent.trim().trim_matches('"').eq_ignore_ascii_case(etag)
}

/// Quotes an ETag.
pub(crate) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}
