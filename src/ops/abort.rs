//! AbortMultipartUpload: removes an upload and its parts.

use super::response::{Reply, ResponseHeaders, non_empty};
use super::{Operation, RetrySafety, UPLOAD_ID, request};
use crate::error::Result;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, RequestKind, UploadId};
use crate::wire::{Method, Request, Response, ServiceError};

/// Removes an upload and the parts it has.
///
/// A part that is on its way meanwhile may stay: abort again after it has ended.
#[derive(Debug, Clone)]
pub struct AbortMultipartUpload {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: UploadId,
    headers: ObjectHeaders,
}

/// The upload is gone.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AbortMultipartUploadResult {
    /// `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All headers.
    pub headers: ResponseHeaders,
    /// Another attempt after an uncertain one found no upload: it is not known what removed it.
    pub(crate) is_retry_without_upload: bool,
}

impl AbortMultipartUpload {
    /// Aborts that upload.
    pub fn new(bucket: &BucketName, key: &ObjectKey, upload_id: &UploadId) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            headers: ObjectHeaders::new(),
        }
    }

    /// Who pays; nothing else goes with this request.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
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

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        Ok(AbortMultipartUploadResult {
            request_id: non_empty(response.request_id()),
            headers: Reply::new(response).headers(),
            is_retry_without_upload: false,
        })
    }

    /// The upload is gone then.
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        refusal.status == 404
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }

    fn recover_from(&self, refusal: &ServiceError) -> Option<Self::Output> {
        (refusal.code == "NoSuchUpload").then(|| AbortMultipartUploadResult {
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
    use crate::ops::tests::{bucket, key, query_of, reply, upload};

    fn operation() -> AbortMultipartUpload {
        AbortMultipartUpload::new(&bucket(), &key(), &upload())
    }

    #[test]
    fn the_request_names_the_upload_and_nothing_else() {
        let mut headers = ObjectHeaders::new();
        headers.set_request_payer(true).set_acl("private").unwrap();
        let request = operation().with_headers(&headers).request().unwrap();
        assert_eq!(request.method, Method::Delete);
        assert_eq!(query_of(&request), "uploadId=0004B9894A22E5B1888A1E29F8236E2D");
        let sent: Vec<_> = request.headers.iter().collect();
        assert_eq!(sent, [("x-oss-request-payer", "requester")]);
        let result = operation().parse(&reply(204, &[], "")).unwrap();
        assert_eq!(result.request_id.as_deref(), Some("5C3D9175B6FC201293AD4890"));
    }

    #[test]
    fn a_repeat_that_finds_no_upload_has_succeeded() {
        let refused = |code: &str| {
            let body = format!("<Error><Code>{code}</Code></Error>");
            ServiceError::read(&reply(404, &[], &body))
        };
        assert!(operation().recover_from(&refused("NoSuchUpload")).is_some());
        assert!(operation().recover_from(&refused("NoSuchBucket")).is_none());
    }
}
