//! Entry points for the targets in `fuzz/`; only fuzzing builds have this module.
//!
//! Each function passes untrusted input to a parser and asserts properties that hold for any input.

use std::time::SystemTime;

use crate::codec::date;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{
    BucketName, ETag, Endpoint, ObjectHeaders, ObjectKey, PartNumber, Region, RequestKind, UploadId,
};
use crate::ops::{
    AbortMultipartUpload, CompleteMultipartUpload, CopySource, HeadObject, InitiateMultipartUpload,
    ListMultipartUploads, ListParts, Operation, PartUrl, PutObject, UploadPart, UploadPartCopy,
};
use crate::retry;
use crate::wire::{Headers, Response, ServiceError, encode_query};

pub use crate::credentials::fuzz as credential_documents;
pub use crate::upload::fuzz_checkpoint as checkpoint;

/// Parses an endpoint and prints it.
pub fn endpoint(text: &str) -> Result<String> {
    Endpoint::parse(text).map(|endpoint| endpoint.to_string())
}

/// Parses a region and prints it.
pub fn region(text: &str) -> Result<String> {
    Region::parse(text).map(|region| region.to_string())
}

/// A response with arbitrary content.
#[derive(Debug)]
pub struct FuzzResponse(Response);

impl FuzzResponse {
    pub fn new(status: u16, received: Vec<(String, String)>, body: &[u8]) -> Self {
        let mut headers = Headers::default();
        for (name, value) in received {
            headers.append_received(&name, value);
        }
        Self(Response { status, headers, body: body.to_vec() })
    }

    /// Parses the response to each operation. Returns `None` if an operation cannot be built.
    pub fn parse_as_every_operation(&self) -> Option<()> {
        let bucket = BucketName::parse("bucket").ok()?;
        let key = ObjectKey::parse("key").ok()?;
        let id = UploadId::parse("upload").ok()?;
        let number = PartNumber::new(1).ok()?;
        let source = CopySource::new(&bucket, &key);
        let mut with_callback = ObjectHeaders::new();
        with_callback.set_callback(r#"{"callbackUrl":"http://localhost"}"#).ok()?;

        self.parse(&InitiateMultipartUpload::new(&bucket, &key));
        self.parse(&UploadPart::new(&bucket, &key, &id, number));
        self.parse(&UploadPartCopy::new(&bucket, &key, &id, number, &source));
        self.parse(&AbortMultipartUpload::new(&bucket, &key, &id));
        self.parse(&HeadObject::new(&bucket, &key));
        self.parse(&PutObject::new(&bucket, &key));
        self.parse(&PutObject::new(&bucket, &key).with_headers(&with_callback));
        let complete = CompleteMultipartUpload::all(&bucket, &key, &id);
        self.parse(&complete);
        self.parse(&complete.with_headers(&with_callback));
        let parts = ListParts::new(&bucket, &key, &id);
        if let Some(page) = self.parse(&parts) {
            check(parts.next_page(&page));
        }
        let uploads = ListMultipartUploads::new(&bucket);
        if let Some(page) = self.parse(&uploads) {
            check(uploads.next_page(&page));
        }
        Some(())
    }

    /// Parses the response as an error of the service.
    pub fn parse_as_error(&self) {
        let error = ServiceError::read(&self.0);
        assert!(!error.code.is_empty());
        check_error(&error.into_error());
    }

    fn parse<O: Operation>(&self, operation: &O) -> Option<O::Output> {
        check(operation.parse(&self.0))
    }
}

/// Parses a response header, and sets it as a request header.
pub fn header(name: &str, value: &str) {
    if let Some(time) = date::parse_http_date(value) {
        assert_eq!(date::parse_http_date(&date::http_date(time)), Some(time));
    }
    if let Some(time) = date::parse_rfc3339(value)
        && time >= SystemTime::UNIX_EPOCH
    {
        assert_eq!(date::parse_rfc3339(&date::rfc3339(time)), Some(time));
    }
    let retry_after = retry::parse_retry_after(value, SystemTime::UNIX_EPOCH);
    assert!(retry::delay(1, 1.0, retry_after) <= limits::RETRY_AFTER_MAX);
    if let Some(etag) = check(ETag::parse(value)) {
        assert_eq!(ETag::parse(etag.as_str()).ok(), Some(etag));
    }

    let mut headers = Headers::default();
    if check(headers.set(name, value)).is_some() {
        assert!(headers.iter().all(|(name, value)| is_one_line(name) && is_one_line(value)));
    }
    let mut object_headers = ObjectHeaders::new();
    check(object_headers.set_header(name, value).map(|_| ()));
    check(object_headers.set_metadata(name, value).map(|_| ()));
    check(object_headers.set_tag(name, value).map(|_| ()));
    for kind in [
        RequestKind::Initiate,
        RequestKind::PutObject,
        RequestKind::Complete,
        RequestKind::UploadPartCopy,
    ] {
        for (name, value) in check(object_headers.for_request(kind, None)).unwrap_or_default() {
            assert!(headers.set(&name, value).is_ok(), "{name} was accepted and cannot be sent");
        }
    }
}

/// Parses a presigned URL, rebuilds it from its parts, and asserts that both are equal.
pub fn part_url(url: &str) {
    let Some(parsed) = check(PartUrl::parse(url)) else { return };
    let (Some(target), Ok(request)) = (parsed.presigned_target(), parsed.request()) else {
        return;
    };
    let query = encode_query(&request.query);
    let reparsed = PartUrl::parse(&format!("{target}?{query}"));
    let reparsed = check(reparsed).and_then(|url| Some((url.request().ok()?.query, url)));
    let same = reparsed.is_some_and(|(query, url)| {
        query == request.query
            && url.presigned_target() == Some(target)
            && url.number() == parsed.number()
    });
    assert!(same, "{url:?} became {query:?}");
}

fn check<T>(outcome: Result<T, Error>) -> Option<T> {
    outcome.inspect_err(check_error).ok()
}

/// Asserts that the error is one line, and not an internal one: invalid input is not a bug.
pub fn check_error(error: &Error) {
    assert_ne!(error.kind(), ErrorKind::Internal, "{error:?}");
    assert!(is_one_line(&error.to_string()), "{error:?}");
}

fn is_one_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}
