//! UploadPart: uploads one part.

use std::sync::Arc;

use super::memory_body::MemoryBody;
use super::response::{ResponseHeaders, ResponseReader, non_empty};
use super::{CONTENT_MD5, Operation, PART_NUMBER, RetrySafety, UPLOAD_ID, md5_text, request};
use crate::codec::md5::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, PartNumber, RequestKind, UploadId};
use crate::wire::{Body, Method, Request, Response, ServiceError};

/// Uploads a part. Replaces an existing part of that number, except in a sequential upload.
#[derive(Debug, Clone)]
pub struct UploadPart {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: UploadId,
    number: PartNumber,
    headers: ObjectHeaders,
    content_md5: Option<[u8; 16]>,
    body: Body,
}

/// The stored part.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadPartResult {
    /// The ETag to list in Complete: the MD5 of the part in hex.
    pub etag: ETag,
    /// The CRC-64 of the part, if OSS returned it.
    pub crc64: Option<u64>,
    /// The MD5 of the part in base64; `None` if OSS did not return it.
    pub content_md5: Option<String>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers.
    pub headers: ResponseHeaders,
}

impl UploadPart {
    /// Creates a request for an empty part; set the bytes with [`UploadPart::with_bytes`].
    pub fn new(
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        number: PartNumber,
    ) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            number,
            headers: ObjectHeaders::new(),
            content_md5: None,
            body: Body::Empty,
        }
    }

    /// Sets the bytes of the part.
    #[must_use]
    pub fn with_bytes(self, bytes: impl Into<Arc<[u8]>>) -> Self {
        self.with_body(MemoryBody::body(bytes.into()))
    }

    /// Sets the bytes of the part, from a source that can be read more than once.
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

    /// Sets the request payer and the traffic limit; OSS accepts no other header of the object
    /// here.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// The content type that was set. Only a presigned URL has one: for its signature.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.content_type()
    }

    /// Returns the MD5; reads the bytes unless it was set.
    fn md5(&self, check: &dyn Fn() -> Result<()>) -> Result<Digest> {
        if let Some(digest) = self.content_md5 {
            return Ok(Digest::from_bytes(digest));
        }
        let mut hasher = Hasher::new();
        self.body.read_through(|read| {
            hasher.update(read);
            check()
        })?;
        Ok(hasher.finish())
    }
}

impl Operation for UploadPart {
    const NAME: &'static str = "UploadPart";
    type Output = UploadPartResult;

    fn request(&self) -> Result<Request> {
        if self.body.length() > limits::PART_SIZE_MAX {
            return Err(Error::invalid("body", "a part has at most 5 GiB"));
        }
        let key = Some(&self.key);
        let mut request =
            request(Method::Put, &self.bucket, key, &self.headers, RequestKind::UploadPart)?
                .with_query(PART_NUMBER, self.number.to_string())
                .with_query(UPLOAD_ID, self.upload_id.as_str())
                .with_body(self.body.clone());
        if let Some(digest) = self.content_md5 {
            request = request.with_header(CONTENT_MD5, md5_text(digest))?;
        }
        Ok(request)
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        part_result(response)
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }

    /// A sequential upload refuses an existing part. If that part has the MD5 of these bytes, an
    /// attempt of this or an earlier call has stored it and its response was lost.
    fn result_of_earlier_attempt(
        &self,
        refusal: &ServiceError,
        _is_retry: bool,
        check: &dyn Fn() -> Result<()>,
    ) -> Option<Self::Output> {
        if refusal.code != "PartAlreadyExist" {
            return None;
        }
        let etag = ETag::parse(refusal.field("ETag")).ok()?;
        let is_same = etag.is_md5(&self.md5(check).ok()?.to_hex_upper());
        is_same.then(|| UploadPartResult {
            etag,
            crc64: None,
            content_md5: None,
            request_id: non_empty(refusal.request_id.as_str()),
            headers: ResponseHeaders::default(),
        })
    }

    fn part_number(&self) -> Option<PartNumber> {
        Some(self.number)
    }

    fn upload_id(&self) -> &str {
        self.upload_id.as_str()
    }
}

/// Parses the response to UploadPart.
pub(super) fn part_result(response: &Response) -> Result<UploadPartResult> {
    let reader = ResponseReader::new(response);
    Ok(UploadPartResult {
        etag: reader.etag_header()?,
        crc64: response.crc64()?,
        content_md5: non_empty(reader.header(CONTENT_MD5)),
        request_id: non_empty(response.request_id()),
        headers: reader.headers(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{body_of, bucket, key, query_of, response, upload};

    const MD5: [u8; 16] = [
        0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5,
        0x92,
    ];

    fn operation() -> UploadPart {
        let number = PartNumber::new(2).unwrap();
        UploadPart::new(&bucket(), &key(), &upload(), number).with_bytes(*b"hello")
    }

    #[test]
    fn the_request_has_the_bytes_and_no_content_type() {
        let mut headers = ObjectHeaders::new();
        headers
            .set_content_type("a/b")
            .unwrap()
            .set_traffic_limit(819_200)
            .unwrap()
            .set_request_payer(true);
        headers.set_server_side_encryption("AES256").unwrap();
        let operation = operation().with_headers(&headers);
        let request = operation.request().unwrap();
        assert_eq!(request.method, Method::Put);
        assert_eq!(query_of(&request), "partNumber=2&uploadId=0004B9894A22E5B1888A1E29F8236E2D");
        assert_eq!(body_of(&request), "hello");
        let sent: Vec<_> = request.headers.iter().collect();
        let expected = [("x-oss-traffic-limit", "819200"), ("x-oss-request-payer", "requester")];
        assert_eq!(sent, expected);
        let request = operation.with_content_md5(MD5).request().unwrap();
        assert_eq!(request.headers.get("Content-MD5"), Some("XUFAKrxLKna5cZ2REBfFkg=="));
    }

    #[test]
    fn the_result_is_read_from_the_headers() {
        let headers = [
            ("ETag", "\"5D41402ABC4B2A76B9719D911017C592\""),
            ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
            ("x-oss-hash-crc64ecma", "18446744073709551615"),
            ("x-oss-server-side-encryption", "AES256"),
        ];
        let result = operation().parse(&response(200, &headers, "")).unwrap();
        assert_eq!(result.etag.as_str(), headers[0].1);
        assert_eq!(result.crc64, Some(u64::MAX));
        assert_eq!(result.content_md5.as_deref(), Some(headers[1].1));
        assert_eq!(result.headers.value("X-Oss-Server-Side-Encryption"), Some("AES256"));
        let result = operation().parse(&response(200, &headers[..1], "")).unwrap();
        assert_eq!((result.crc64, result.content_md5), (None, None));
    }

    #[test]
    fn a_response_without_an_etag_is_refused() {
        let error = operation().parse(&response(200, &[], "")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains("the response has no ETag"), "{error}");
    }

    #[test]
    fn an_existing_part_is_accepted_only_with_the_same_md5() {
        let body = "<Error><Code>PartAlreadyExist</Code><PartNumber>2</PartNumber>\
            <ETag>\"5D41402ABC4B2A76B9719D911017C592\"</ETag></Error>";
        let refusal = ServiceError::read(&response(409, &[], body));
        assert!(
            operation()
                .with_bytes(*b"other")
                .result_of_earlier_attempt(&refusal, false, &|| Ok(()))
                .is_none()
        );
        assert!(
            operation()
                .with_content_md5([0; 16])
                .result_of_earlier_attempt(&refusal, false, &|| Ok(()))
                .is_none()
        );
        for same in [operation(), operation().with_content_md5(MD5)] {
            let result = same.result_of_earlier_attempt(&refusal, false, &|| Ok(())).unwrap();
            assert_eq!(result.etag.unquoted(), "5D41402ABC4B2A76B9719D911017C592");
        }
    }
}
