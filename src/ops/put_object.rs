//! PutObject: uploads an object in one request.

use std::sync::Arc;

use super::memory_body::MemoryBody;
use super::response::{ResponseHeaders, ResponseReader, non_empty};
use super::{CALLBACK_FAILED, CONTENT_MD5, Effect, Operation, RetrySafety, md5_text, request};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, RequestKind, oss_header};
use crate::wire::{Body, Method, Request, Response, ServiceError};

/// Uploads an object. Replaces an existing one of that key unless forbid-overwrite is set.
#[derive(Debug, Clone)]
pub struct PutObject {
    bucket: BucketName,
    key: ObjectKey,
    headers: ObjectHeaders,
    content_md5: Option<[u8; 16]>,
    body: Body,
}

/// The stored object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PutObjectResult {
    /// The MD5 of the object in hex; may be `None` only with a callback.
    pub etag: Option<ETag>,
    /// The CRC-64 of the object, if OSS returned it.
    pub crc64: Option<u64>,
    /// The MD5 of the object in base64; `None` if OSS did not return it.
    pub content_md5: Option<String>,
    /// The version ID of the object; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// The body that the callback server returned; `None` without a callback.
    pub callback_body: Option<String>,
    /// Why the callback failed, if it did. The object is stored nevertheless.
    pub callback_error: Option<Error>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers, including those of server-side encryption.
    pub headers: ResponseHeaders,
}

impl PutObject {
    /// Creates a request for an empty object; set the bytes with [`PutObject::with_bytes`].
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            headers: ObjectHeaders::new(),
            content_md5: None,
            body: Body::Empty,
        }
    }

    /// Sets the bytes of the object.
    #[must_use]
    pub fn with_bytes(self, bytes: impl Into<Arc<[u8]>>) -> Self {
        self.with_body(MemoryBody::body(bytes.into()))
    }

    /// Sets the bytes of the object, from a source that can be read more than once.
    #[must_use]
    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sets the MD5 of the bytes, which OSS then verifies.
    #[must_use]
    pub fn with_content_md5(mut self, digest: [u8; 16]) -> Self {
        self.content_md5 = Some(digest);
        self
    }

    /// Sets all headers that OSS accepts with PutObject.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// Leaves the content type out if none was set.
    pub(crate) fn without_guessed_content_type(mut self) -> Self {
        self.headers.set_content_type_guess(false);
        self
    }
}

impl PutObjectResult {
    /// Reads the headers of a successful response.
    fn from_headers(response: &Response) -> Result<Self> {
        let reader = ResponseReader::new(response);
        let version = response.headers.get(oss_header::VERSION_ID);
        Ok(Self {
            etag: reader.etag_header().ok(),
            crc64: response.crc64()?,
            content_md5: non_empty(reader.header(CONTENT_MD5)),
            version_id: version.map(str::to_owned),
            callback_body: None,
            callback_error: None,
            request_id: non_empty(response.request_id()),
            headers: reader.headers(),
        })
    }
}

impl Operation for PutObject {
    const NAME: &'static str = "PutObject";
    const EFFECT: Effect = Effect::CreatesObject;
    type Output = PutObjectResult;

    fn request(&self) -> Result<Request> {
        if self.body.length() > limits::PUT_OBJECT_MAX {
            return Err(Error::invalid("body", "a PutObject has at most 5 GiB"));
        }
        let key = Some(&self.key);
        let request =
            request(Method::Put, &self.bucket, key, &self.headers, RequestKind::PutObject)?
                .with_body(self.body.clone());
        match self.content_md5 {
            Some(digest) => request.with_header(CONTENT_MD5, md5_text(digest)),
            None => Ok(request),
        }
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let result = PutObjectResult::from_headers(response)?;
        let with_callback = self.headers.has_callback();
        if with_callback && response.status == CALLBACK_FAILED {
            let callback_error = Some(reader.callback_error()?);
            return Ok(PutObjectResult { callback_error, ..result });
        }
        if with_callback {
            let callback_body = Some(reader.callback_body()?);
            return Ok(PutObjectResult { callback_body, ..result });
        }
        reader.etag_header()?;
        Ok(result)
    }

    /// The object exists then, which the request or a rule of the bucket may forbid replacing.
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        matches!(refusal.status, 409 | 412)
    }

    /// A retry replaces the object with the same bytes. With forbid-overwrite, a retry fails if the
    /// first attempt succeeded and its response was lost.
    fn retry_safety(&self) -> RetrySafety {
        if self.headers.forbids_overwrite() {
            RetrySafety::UnsafeAfterEffect
        } else {
            RetrySafety::AlwaysSafe
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{body_of, bucket, key, query_of, response};
    use crate::wire::Headers;

    fn operation() -> PutObject {
        PutObject::new(&bucket(), &key()).with_bytes(b"hello".to_vec())
    }

    #[test]
    fn the_request_has_headers_and_body_only() {
        let mut headers = ObjectHeaders::new();
        headers.set_acl("private").unwrap().set_metadata("a", "b").unwrap();
        let operation = operation().with_headers(&headers).with_content_md5([0; 16]);
        let request = operation.request().unwrap();
        assert_eq!((request.method, query_of(&request).as_str()), (Method::Put, ""));
        assert_eq!(body_of(&request), "hello");
        let sent: Vec<_> = request.headers.iter().collect();
        let expected = [
            ("x-oss-object-acl", "private"),
            ("content-type", "application/octet-stream"),
            ("x-oss-meta-a", "b"),
            ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn the_result_is_read_from_the_headers() {
        let headers = [
            ("ETag", "\"5D41402ABC4B2A76B9719D911017C592\""),
            ("x-oss-hash-crc64ecma", "0"),
            ("x-oss-version-id", "null"),
        ];
        let result = operation().parse(&response(200, &headers, "")).unwrap();
        assert!(result.etag.unwrap().is_md5("5d41402abc4b2a76b9719d911017c592"));
        assert_eq!((result.crc64, result.version_id.as_deref()), (Some(0), Some("null")));
        assert_eq!(result.callback_body, None);
        let error = operation().parse(&response(200, &[], "")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }

    #[test]
    fn the_callback_result_is_the_body() {
        let mut headers = ObjectHeaders::new();
        headers.set_callback("{}").unwrap();
        let operation = operation().with_headers(&headers);
        let result = operation.parse(&response(200, &[], "{\"a\":1}")).unwrap();
        assert_eq!(result.callback_body.as_deref(), Some("{\"a\":1}"));
        let body = "<Error><Code>CallbackFailed</Code></Error>";
        let result = operation.parse(&response(203, &[], body)).unwrap();
        assert_eq!(result.callback_error.unwrap().oss_code(), Some("CallbackFailed"));
    }

    #[test]
    fn the_page_of_a_proxy_is_not_a_callback_result() {
        let mut headers = ObjectHeaders::new();
        headers.set_callback("{}").unwrap();
        let operation = operation().with_headers(&headers);
        for status in [200, 203] {
            let mut page = response(status, &[], "Sign in to the hotel network");
            page.headers = Headers::default();
            let error = operation.parse(&page).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        }
    }

    #[test]
    fn forbid_overwrite_makes_retries_unsafe() {
        let mut headers = ObjectHeaders::new();
        assert_eq!(operation().with_headers(&headers).retry_safety(), RetrySafety::AlwaysSafe);
        headers.set_forbid_overwrite(true);
        assert_eq!(
            operation().with_headers(&headers).retry_safety(),
            RetrySafety::UnsafeAfterEffect
        );
    }
}
