//! HeadObject: what OSS says of an object.

use std::time::SystemTime;

use super::response::{Reply, ResponseHeaders, non_empty};
use super::{CONTENT_MD5, Operation, RetrySafety, request};
use crate::codec::date;
use crate::error::{Error, Result};
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, RequestKind, oss_header};
use crate::wire::{Method, Request, Response, ServiceError};

/// Asks for size, ETag, CRC-64, metadata and the rest of an object, but not its bytes.
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
    /// Bytes of the object.
    pub size: u64,
    /// For an object made in one request its MD5 in hex, else opaque.
    pub etag: ETag,
    /// The CRC-64 of the whole object; very old objects have none.
    pub crc64: Option<u64>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The MD5 of the object in base64; objects made of parts have none.
    pub content_md5: Option<String>,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub object_type: Option<String>,
    /// The version, `null` among them; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// `Standard` and so on.
    pub storage_class: Option<String>,
    /// When it was last changed, in whole seconds.
    pub last_modified: Option<SystemTime>,
    /// User metadata, by names without their prefix.
    pub metadata: Vec<(String, String)>,
    /// `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All headers.
    pub headers: ResponseHeaders,
}

impl HeadObject {
    /// Asks for the object of that key.
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            query: Vec::new(),
            conditions: Vec::new(),
            headers: ObjectHeaders::new(),
        }
    }

    /// Asks for a version other than the present one; `null` is a version as well.
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

    /// Fails unless the object was changed after this time.
    #[must_use]
    pub fn if_modified_since(self, time: SystemTime) -> Self {
        self.condition("if-modified-since", date::http_date(time))
    }

    /// Fails if the object was changed after this time.
    #[must_use]
    pub fn if_unmodified_since(self, time: SystemTime) -> Self {
        self.condition("if-unmodified-since", date::http_date(time))
    }

    /// Who pays; nothing else goes with this request.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// True if that error of this operation means that there is no such object. A missing bucket
    /// is something else, and so is a 404 without a request ID, which is not the service's. Older
    /// services send 404 without saying what is missing.
    pub(crate) fn says_absent(error: &Error) -> bool {
        let absent = ["NoSuchKey", ServiceError::NO_DOCUMENT];
        error.http_status() == Some(404)
            && error.oss_code().is_some_and(|code| absent.contains(&code))
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
        let reply = Reply::new(response);
        let text = |name| non_empty(reply.header(name));
        let size = reply.header("content-length").trim();
        let headers = reply.headers();
        Ok(HeadObjectResult {
            size: size.parse().map_err(|_| reply.refuse("Content-Length", size))?,
            etag: reply.etag_header()?,
            crc64: response.crc64(),
            content_type: text("content-type"),
            content_md5: text(CONTENT_MD5),
            object_type: text(oss_header::OBJECT_TYPE),
            version_id: text(oss_header::VERSION_ID),
            storage_class: text(oss_header::STORAGE_CLASS),
            last_modified: date::parse_http_date(reply.header("last-modified")),
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
    use crate::ops::tests::{bucket, key, query_of, reply};
    use std::time::{Duration, UNIX_EPOCH};

    fn operation() -> HeadObject {
        HeadObject::new(&bucket(), &key())
    }

    #[test]
    fn version_and_conditions_go_along() {
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
    fn the_object_is_in_the_headers() {
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
        let result = operation().parse(&reply(200, &headers, "")).unwrap();
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
            let error = operation().parse(&reply(200, headers, "")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
        }
    }

    #[test]
    fn an_absent_object_is_told_from_an_absent_bucket() {
        let error = |status, body: &str| ServiceError::read(&reply(status, &[], body)).into_error();
        let code = |code: &str| format!("<Error><Code>{code}</Code></Error>");
        assert!(HeadObject::says_absent(&error(404, "")));
        assert!(HeadObject::says_absent(&error(404, &code("NoSuchKey"))));
        assert!(!HeadObject::says_absent(&error(404, &code("NoSuchBucket"))));
        assert!(!HeadObject::says_absent(&error(403, "")));
    }
}
