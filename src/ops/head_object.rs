//! HeadObject: reads the metadata of an object.

use std::time::SystemTime;

use super::response::{ResponseHeaders, ResponseReader, non_empty};
use super::{CONTENT_MD5, Operation, RetrySafety, request};
use crate::codec::date;
use crate::error::{Error, Result};
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, RequestKind, oss_header};
use crate::wire::{Method, Request, Response, ServiceError};

/// Reads size, ETag, CRC-64, metadata and other headers of an object, without its bytes.
#[derive(Debug, Clone)]
pub struct HeadObject {
    bucket: BucketName,
    key: ObjectKey,
    query: Vec<(&'static str, String)>,
    conditions: Vec<(&'static str, String)>,
    headers: ObjectHeaders,
}

/// The headers of an object; `None` where OSS did not return one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HeadObjectResult {
    /// The size in bytes.
    pub size: u64,
    /// The MD5 in hex for an object uploaded in one request, otherwise opaque.
    pub etag: ETag,
    /// The CRC-64 of the whole object; very old objects have none.
    pub crc64: Option<u64>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The MD5 of the object in base64; empty for multipart objects.
    pub content_md5: Option<String>,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub object_type: Option<String>,
    /// The version ID, which may be `null`; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// The storage class, for example `Standard`.
    pub storage_class: Option<String>,
    /// When the object was last modified, in whole seconds.
    pub last_modified: Option<SystemTime>,
    /// User metadata; names without `x-oss-meta-`.
    pub metadata: Vec<(String, String)>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers.
    pub headers: ResponseHeaders,
}

impl HeadObject {
    /// Creates a request for that object.
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            query: Vec::new(),
            conditions: Vec::new(),
            headers: ObjectHeaders::new(),
        }
    }

    /// Selects a version; `null` is a valid version ID.
    #[must_use]
    pub fn with_version(mut self, version_id: &str) -> Self {
        self.query.push(("versionId", version_id.to_owned()));
        self
    }

    /// Sets whether only size, ETag, last-modified time, version and CRC-64 are requested
    /// (GetObjectMeta); the default is false.
    #[must_use]
    pub fn with_meta_only(mut self, on: bool) -> Self {
        self.query.retain(|(name, _)| *name != "objectMeta");
        if on {
            self.query.push(("objectMeta", String::new()));
        }
        self
    }

    /// Fails unless the object has this ETag.
    #[must_use]
    pub fn if_match(self, etag: &ETag) -> Self {
        self.condition("if-match", etag.as_str().to_owned())
    }

    /// Fails if the object has this ETag.
    #[must_use]
    pub fn if_none_match(self, etag: &ETag) -> Self {
        self.condition("if-none-match", etag.as_str().to_owned())
    }

    /// Fails unless the object was modified after this time.
    #[must_use]
    pub fn if_modified_since(self, time: SystemTime) -> Self {
        self.condition("if-modified-since", date::http_date(time))
    }

    /// Fails if the object was modified after this time.
    #[must_use]
    pub fn if_unmodified_since(self, time: SystemTime) -> Self {
        self.condition("if-unmodified-since", date::http_date(time))
    }

    /// Sets the request payer; OSS accepts no other header of the object here.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// Returns true if an error of this operation means that the object does not exist. A missing
    /// bucket is a different error, and so is a 404 without a request ID, which OSS did not send.
    /// Some servers send 404 without an error code.
    pub(crate) fn is_not_found(error: &Error) -> bool {
        let not_found = ["NoSuchKey", ServiceError::NO_DOCUMENT];
        error.http_status() == Some(404)
            && error.oss_code().is_some_and(|code| not_found.contains(&code))
            && error.request_id().is_some()
    }

    fn condition(mut self, name: &'static str, value: String) -> Self {
        self.conditions.push((name, value));
        self
    }
}

impl Operation for HeadObject {
    const NAME: &'static str = "HeadObject";
    type Output = HeadObjectResult;

    fn request(&self) -> Result<Request> {
        let key = Some(&self.key);
        let mut request =
            request(Method::Head, &self.bucket, key, &self.headers, RequestKind::HeadObject)?;
        for (name, value) in &self.query {
            request = request.with_query(name, value.as_str());
        }
        for (name, value) in &self.conditions {
            request = request.with_header(name, value.as_str())?;
        }
        Ok(request)
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let text = |name| non_empty(reader.header(name));
        let size = reader.header("content-length").trim();
        let headers = reader.headers();
        Ok(HeadObjectResult {
            size: size.parse().map_err(|_| reader.refuse("Content-Length", size))?,
            etag: reader.etag_header()?,
            crc64: response.crc64()?,
            content_type: text("content-type"),
            content_md5: text(CONTENT_MD5),
            object_type: text(oss_header::OBJECT_TYPE),
            version_id: text(oss_header::VERSION_ID),
            storage_class: text(oss_header::STORAGE_CLASS),
            last_modified: date::parse_http_date(reader.header("last-modified")),
            metadata: metadata(&headers),
            request_id: non_empty(response.request_id()),
            headers,
        })
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }
}

fn metadata(headers: &ResponseHeaders) -> Vec<(String, String)> {
    let named = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let metadata = named.filter_map(|(name, value)| {
        let name = name.strip_prefix(oss_header::METADATA_PREFIX)?;
        Some((name.to_owned(), value.to_owned()))
    });
    metadata.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{bucket, key, query_of, response};
    use std::time::{Duration, UNIX_EPOCH};

    fn operation() -> HeadObject {
        HeadObject::new(&bucket(), &key())
    }

    #[test]
    fn version_and_conditions_are_sent() {
        let etag = ETag::parse("AB").unwrap();
        let operation = operation().with_version("null").with_meta_only(true).if_match(&etag);
        let operation = operation.if_none_match(&etag).if_modified_since(UNIX_EPOCH);
        let request = operation.if_unmodified_since(UNIX_EPOCH).request().unwrap();
        assert_eq!(request.method, Method::Head);
        assert_eq!(query_of(&request), "versionId=null&objectMeta");
        let sent: Vec<_> = request.headers.iter().collect();
        let expected = [
            ("if-match", "\"AB\""),
            ("if-none-match", "\"AB\""),
            ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn the_metadata_is_read_from_the_headers() {
        let headers = [
            ("Content-Length", "344606"),
            ("ETag", "\"fba9dede5f27731c9771645a39863328-2\""),
            ("Last-Modified", "Sat, 16 Dec 2023 16:20:57 GMT"),
            ("Content-Type", "image/jpg"),
            ("X-Oss-Meta-Line", "4"),
            ("x-oss-object-type", "Multipart"),
            ("x-oss-hash-crc64ecma", "9148054618041573014"),
            ("x-oss-storage-class", "Standard"),
            ("x-oss-tagging-count", "2"),
        ];
        let result = operation().parse(&response(200, &headers, "")).unwrap();
        assert_eq!((result.size, result.crc64), (344_606, Some(9_148_054_618_041_573_014)));
        assert_eq!(result.last_modified, Some(UNIX_EPOCH + Duration::from_secs(1_702_743_657)));
        assert_eq!(result.object_type.as_deref(), Some("Multipart"));
        assert_eq!(result.metadata, [("line".to_owned(), "4".to_owned())]);
        assert_eq!(result.headers.value("X-Oss-Tagging-Count"), Some("2"));
        assert_eq!((result.version_id, result.content_md5), (None, None));
    }

    #[test]
    fn an_object_without_size_or_etag_is_refused() {
        for headers in [
            &[("ETag", "\"A\"")][..],
            &[("Content-Length", "-1"), ("ETag", "\"A\"")][..],
            &[("Content-Length", "1")][..],
        ] {
            let error = operation().parse(&response(200, headers, "")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
        }
    }

    #[test]
    fn a_missing_object_differs_from_a_missing_bucket() {
        let error =
            |status, body: &str| ServiceError::read(&response(status, &[], body)).into_error();
        let code = |code: &str| format!("<Error><Code>{code}</Code></Error>");
        assert!(HeadObject::is_not_found(&error(404, "")));
        assert!(HeadObject::is_not_found(&error(404, &code("NoSuchKey"))));
        assert!(!HeadObject::is_not_found(&error(404, &code("NoSuchBucket"))));
        assert!(!HeadObject::is_not_found(&error(403, "")));
    }
}
