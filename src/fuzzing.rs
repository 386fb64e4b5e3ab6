//! Doors for the targets of `fuzz/` to what is read from outside; no other build has this module.
//!
//! Each takes what may come, in any shape, and asserts what holds whatever it is.

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

/// What a server may answer.
#[derive(Debug)]
pub struct Reply(Response);

impl Reply {
    /// Takes it as it was received.
    pub fn new(status: u16, received: Vec<(String, String)>, body: &[u8]) -> Self {
        let mut headers = Headers::default();
        for (name, value) in received {
            headers.append_received(&name, value);
        }
        Self(Response { status, headers, body: body.to_vec() })
    }

    /// Reads it as the answer to each operation.
    pub fn read_as_every_operation(&self) -> Option<()> {
        let bucket = BucketName::parse("bucket").ok()?;
        let key = ObjectKey::parse("key").ok()?;
        let id = UploadId::parse("upload").ok()?;
        let number = PartNumber::new(1).ok()?;
        let source = CopySource::new(&bucket, &key);
        let mut calls_back = ObjectHeaders::new();
        calls_back.set_callback(r#"{"callbackUrl":"http://localhost"}"#).ok()?;

        self.read(&InitiateMultipartUpload::new(&bucket, &key));
        self.read(&UploadPart::new(&bucket, &key, &id, number));
        self.read(&UploadPartCopy::new(&bucket, &key, &id, number, &source));
        self.read(&AbortMultipartUpload::new(&bucket, &key, &id));
        self.read(&HeadObject::new(&bucket, &key));
        self.read(&PutObject::new(&bucket, &key));
        self.read(&PutObject::new(&bucket, &key).with_headers(&calls_back));
        let complete = CompleteMultipartUpload::all(&bucket, &key, &id);
        self.read(&complete);
        self.read(&complete.with_headers(&calls_back));
        let parts = ListParts::new(&bucket, &key, &id);
        if let Some(page) = self.read(&parts) {
            check(parts.next_page(&page));
        }
        let uploads = ListMultipartUploads::new(&bucket);
        if let Some(page) = self.read(&uploads) {
            check(uploads.next_page(&page));
        }
        Some(())
    }

    /// Reads it as a refusal.
    pub fn read_as_refusal(&self) {
        let refusal = ServiceError::read(&self.0);
        assert!(!refusal.code.is_empty());
        check_error(&refusal.into_error());
    }

    fn read<O: Operation>(&self, operation: &O) -> Option<O::Output> {
        check(operation.parse(&self.0))
    }
}

/// Reads a header of a reply, and takes one for a request.
pub fn header(name: &str, value: &str) {
    if let Some(time) = date::parse_http_date(value) {
        assert_eq!(date::parse_http_date(&date::http_date(time)), Some(time));
    }
    if let Some(time) = date::parse_rfc3339(value)
        && time >= SystemTime::UNIX_EPOCH
    {
        assert_eq!(date::parse_rfc3339(&date::rfc3339(time)), Some(time));
    }
    let asked = retry::retry_after(value, SystemTime::UNIX_EPOCH);
    assert!(retry::delay(1, 1.0, asked) <= limits::RETRY_AFTER_MAX);
    if let Some(etag) = check(ETag::parse(value)) {
        assert_eq!(ETag::parse(etag.as_str()).ok(), Some(etag));
    }

    let mut headers = Headers::default();
    if check(headers.set(name, value)).is_some() {
        assert!(headers.iter().all(|(name, value)| is_one_line(name) && is_one_line(value)));
    }
    let mut wanted = ObjectHeaders::new();
    check(wanted.set_header(name, value).map(|_| ()));
    check(wanted.set_metadata(name, value).map(|_| ()));
    check(wanted.set_tag(name, value).map(|_| ()));
    for takes in [
        RequestKind::Initiate,
        RequestKind::PutObject,
        RequestKind::Complete,
        RequestKind::UploadPartCopy,
    ] {
        for (name, value) in check(wanted.for_request(takes, None)).unwrap_or_default() {
            assert!(headers.set(&name, value).is_ok(), "{name} was taken and cannot be sent");
        }
    }
}

/// Takes a presigned URL apart; put together it is the same again.
pub fn part_url(url: &str) {
    let Some(parsed) = check(PartUrl::parse(url)) else { return };
    let (Some(target), Ok(request)) = (parsed.signed_for(), parsed.request()) else {
        return;
    };
    let scheme = if target.https { "https" } else { "http" };
    let query = encode_query(&request.query);
    let again = PartUrl::parse(&format!("{scheme}://{}{}?{query}", target.host, target.path));
    let again = check(again).and_then(|url| Some((url.request().ok()?.query, url)));
    let same = again.is_some_and(|(query, url)| {
        query == request.query
            && url.signed_for() == Some(target)
            && url.number() == parsed.number()
    });
    assert!(same, "{url:?} became {query:?}");
}

fn check<T>(outcome: Result<T, Error>) -> Option<T> {
    outcome.inspect_err(check_error).ok()
}

/// An error is one line for a log, and what comes from outside is no bug of ours.
pub fn check_error(error: &Error) {
    assert_ne!(error.kind(), ErrorKind::Internal, "{error:?}");
    assert!(is_one_line(&error.to_string()), "{error:?}");
}

fn is_one_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}
