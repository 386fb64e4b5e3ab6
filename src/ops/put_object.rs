//! PutObject: a whole object in one request.

use std::sync::Arc;

use super::bytes::Bytes;
use super::response::{Reply, ResponseHeaders, non_empty};
use super::{CALLBACK_FAILED, CONTENT_MD5, Effect, Operation, RetrySafety, md5_text, request};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, RequestKind, oss_header};
use crate::wire::{Body, Method, Request, Response, ServiceError};

/// Stores an object, in place of the one of that key unless that is forbidden.
#[derive(Debug, Clone)]
pub struct PutObject {
    bucket: BucketName,
    key: ObjectKey,
    headers: ObjectHeaders,
    content_md5: Option<[u8; 16]>,
    body: Body,
}

/// The object as the service has stored it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PutObjectResult {
    /// The MD5 of the object in hex; it may be missing only if there was a callback.
    pub etag: Option<ETag>,
    /// The CRC-64 of the object, if the service said it.
    pub crc64: Option<u64>,
    /// The MD5 of the object in base64; `None` if OSS did not return it.
    pub content_md5: Option<String>,
    /// The version that was made; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// What the callback's server answered; `None` if there was no callback.
    pub callback_body: Option<String>,
    /// Why the callback failed, if it did. The object is stored all the same.
    pub callback_error: Option<Error>,
    /// `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All headers, those of the encryption among them.
    pub headers: ResponseHeaders,
}

impl PutObject {
    /// Stores an empty object, until it is given bytes.
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            headers: ObjectHeaders::new(),
            content_md5: None,
            body: Body::Empty,
        }
    }

    /// The bytes of the object.
    #[must_use]
    pub fn with_bytes(self, bytes: impl Into<Arc<[u8]>>) -> Self {
        self.with_body(Bytes::body(bytes.into()))
    }

    /// The bytes of the object, from any source that can be read again.
    #[must_use]
    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The MD5 of the bytes, which the service then verifies.
    #[must_use]
    pub fn with_content_md5(mut self, digest: [u8; 16]) -> Self {
        self.content_md5 = Some(digest);
        self
    }

    /// What the object shall be, its ACL and callback, and how it is sent.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }
}

impl PutObjectResult {
    /// What the headers say of an object that was stored.
    fn of_headers(response: &Response) -> Self {
        let reply = Reply::new(response);
        let version = response.headers.get(oss_header::VERSION_ID);
        Self {
            etag: reply.etag_header().ok(),
            crc64: response.crc64(),
            content_md5: non_empty(reply.header(CONTENT_MD5)),
            version_id: version.map(str::to_owned),
            callback_body: None,
            callback_error: None,
            request_id: non_empty(response.request_id()),
            headers: reply.headers(),
        }
    }
}

impl Operation for PutObject {
    const NAME: &'static str = "PutObject";
    const EFFECT: Effect = Effect::MakesObject;
    type Output = PutObjectResult;

    fn request(&self) -> Result<Request> {
        if self.body.length() > limits::PUT_OBJECT_MAX {
            return Err(Error::invalid("body", "one PutObject carries at most 5 GiB"));
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
        let result = PutObjectResult::of_headers(response);
        let with_callback = self.headers.has_callback();
        if with_callback && response.status == CALLBACK_FAILED {
            let error = ServiceError::read(response).into_error();
            return Ok(PutObjectResult { callback_error: Some(error), ..result });
        }
        if with_callback {
            let body = String::from_utf8_lossy(&response.body).into_owned();
            return Ok(PutObjectResult { callback_body: Some(body), ..result });
        }
        Reply::new(response).etag_header()?;
        Ok(result)
    }

    /// The object exists then, which the request or a rule of the bucket may forbid to replace.
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        matches!(refusal.status, 409 | 412)
    }

    /// The same bytes replace themselves. Where that is forbidden, the repeat of a success that
    /// was not heard of is refused.
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
    use crate::ops::tests::{body_of, bucket, key, query_of, reply};

    fn operation() -> PutObject {
        PutObject::new(&bucket(), &key()).with_bytes(b"hello".to_vec())
    }

    #[test]
    fn the_request_is_all_in_headers_and_body() {
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
    fn the_reply_is_in_the_headers() {
        let headers = [
            ("ETag", "\"5D41402ABC4B2A76B9719D911017C592\""),
            ("x-oss-hash-crc64ecma", "0"),
            ("x-oss-version-id", "null"),
        ];
        let result = operation().parse(&reply(200, &headers, "")).unwrap();
        assert!(result.etag.unwrap().is_md5("5d41402abc4b2a76b9719d911017c592"));
        assert_eq!((result.crc64, result.version_id.as_deref()), (Some(0), Some("null")));
        assert_eq!(result.callback_body, None);
        let error = operation().parse(&reply(200, &[], "")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }

    #[test]
    fn a_callback_answers_in_the_body() {
        let mut headers = ObjectHeaders::new();
        headers.set_callback("{}").unwrap();
        let operation = operation().with_headers(&headers);
        let result = operation.parse(&reply(200, &[], "{\"a\":1}")).unwrap();
        assert_eq!(result.callback_body.as_deref(), Some("{\"a\":1}"));
        let body = "<Error><Code>CallbackFailed</Code></Error>";
        let result = operation.parse(&reply(203, &[], body)).unwrap();
        assert_eq!(result.callback_error.unwrap().oss_code(), Some("CallbackFailed"));
    }

    #[test]
    fn only_an_object_that_may_be_replaced_is_sent_freely_again() {
        let mut headers = ObjectHeaders::new();
        assert_eq!(operation().with_headers(&headers).retry_safety(), RetrySafety::AlwaysSafe);
        headers.set_forbid_overwrite(true);
        assert_eq!(
            operation().with_headers(&headers).retry_safety(),
            RetrySafety::UnsafeAfterEffect
        );
    }
}
