//! AbortMultipartUpload: removes an upload and its parts.

use super::response::{ResponseHeaders, ResponseReader, non_empty};
use super::{Operation, RetrySafety, UPLOAD_ID, request};
use crate::error::Result;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, RequestKind, UploadId};
use crate::wire::{Method, Request, Response, ServiceError};

/// Removes an upload and its parts.
///
/// A part that is being uploaded at the same time may remain: abort again once that has ended.
#[derive(Debug, Clone)]
pub struct AbortMultipartUpload {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: UploadId,
    headers: ObjectHeaders,
}

/// The response to an abort.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AbortMultipartUploadResult {
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers.
    pub headers: ResponseHeaders,
    /// A retry found no upload; whether an earlier attempt aborted it is unknown.
    pub(crate) is_retry_without_upload: bool,
}

impl AbortMultipartUpload {
    /// Creates a request for that upload.
    pub fn new(bucket: &BucketName, key: &ObjectKey, upload_id: &UploadId) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            headers: ObjectHeaders::new(),
        }
    }

    /// Sets the request payer; OSS accepts no other header of the object here.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// The content type that was set. Only a presigned URL has one: for its signature.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.content_type()
    }
}

impl Operation for AbortMultipartUpload {
    const NAME: &'static str = "AbortMultipartUpload";
    type Output = AbortMultipartUploadResult;

    fn request(&self) -> Result<Request> {
        let key = Some(&self.key);
        let request =
            request(Method::Delete, &self.bucket, key, &self.headers, RequestKind::Abort)?;
        Ok(request.with_query(UPLOAD_ID, self.upload_id.as_str()))
    }

    /// Only 204 says that the upload is gone: an error document may come with status 200.
    fn parse(&self, response: &Response) -> Result<Self::Output> {
        if response.status != 204 {
            let text = format!("the response to Abort has status {}, not 204", response.status);
            return Err(response.protocol_error(text));
        }
        Ok(AbortMultipartUploadResult {
            request_id: non_empty(response.request_id()),
            headers: ResponseReader::new(response).headers(),
            is_retry_without_upload: false,
        })
    }

    /// An earlier attempt has ended the upload.
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        refusal.status == 404
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }

    fn result_of_earlier_attempt(
        &self,
        refusal: &ServiceError,
        is_retry: bool,
        _check: &dyn Fn() -> Result<()>,
    ) -> Option<Self::Output> {
        let is_own = is_retry && !refusal.request_id.is_empty();
        (is_own && refusal.code == "NoSuchUpload").then(|| AbortMultipartUploadResult {
            request_id: non_empty(refusal.request_id.as_str()),
            headers: ResponseHeaders::default(),
            is_retry_without_upload: true,
        })
    }

    fn upload_id(&self) -> &str {
        self.upload_id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::{bucket, key, query_of, response, upload};

    fn operation() -> AbortMultipartUpload {
        AbortMultipartUpload::new(&bucket(), &key(), &upload())
    }

    #[test]
    fn the_request_has_the_upload_id_and_the_payer_only() {
        let mut headers = ObjectHeaders::new();
        headers.set_request_payer(true).set_acl("private").unwrap();
        let request = operation().with_headers(&headers).request().unwrap();
        assert_eq!(request.method, Method::Delete);
        assert_eq!(query_of(&request), "uploadId=0004B9894A22E5B1888A1E29F8236E2D");
        let sent: Vec<_> = request.headers.iter().collect();
        assert_eq!(sent, [("x-oss-request-payer", "requester")]);
        let result = operation().parse(&response(204, &[], "")).unwrap();
        assert_eq!(result.request_id.as_deref(), Some("5C3D9175B6FC201293AD4890"));
    }

    #[test]
    fn a_retry_that_finds_no_upload_has_succeeded() {
        let refused = |code: &str| {
            let body = format!("<Error><Code>{code}</Code></Error>");
            ServiceError::read(&response(404, &[], &body))
        };
        let has_succeeded = |code: &str, is_retry| {
            let refused = refused(code);
            operation().result_of_earlier_attempt(&refused, is_retry, &|| Ok(())).is_some()
        };
        assert!(has_succeeded("NoSuchUpload", true));
        assert!(!has_succeeded("NoSuchUpload", false));
        assert!(!has_succeeded("NoSuchBucket", true));
    }
}
