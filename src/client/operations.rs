//! One call for each operation of the service, with all of its parameters and all of its reply.

use crate::client::Client;
use crate::error::Result;
use crate::ops::{
    AbortMultipartUpload, AbortMultipartUploadResult, CompleteMultipartUpload,
    CompleteMultipartUploadResult, HeadObject, HeadObjectResult, InitiateMultipartUpload,
    InitiateMultipartUploadResult, ListMultipartUploads, ListMultipartUploadsResult, ListParts,
    ListPartsResult, Operation, PutObject, PutObjectResult, UploadPart, UploadPartCopy,
    UploadPartCopyResult, UploadPartResult,
};
use crate::runtime::Cancel;
use crate::service::{CallContext, Evidence};

/// Single operations. Each blocks, is retried as the client is configured, and fails with what its
/// request fails with: `Invalid` before anything is sent, a transport's error, or `Service`.
impl Client {
    /// InitiateMultipartUpload.
    ///
    /// # Errors
    ///
    /// As said above; `upload_may_exist` says that the answer, and so the ID, was lost.
    pub fn initiate_multipart_upload(
        &self,
        request: &InitiateMultipartUpload,
        cancel: &Cancel,
    ) -> Result<InitiateMultipartUploadResult> {
        self.operate(request, cancel)
    }

    /// UploadPart. The CRC-64 in the reply is compared with that of the bytes sent.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn upload_part(&self, request: &UploadPart, cancel: &Cancel) -> Result<UploadPartResult> {
        self.operate(request, cancel)
    }

    /// UploadPartCopy.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn upload_part_copy(
        &self,
        request: &UploadPartCopy,
        cancel: &Cancel,
    ) -> Result<UploadPartCopyResult> {
        self.operate(request, cancel)
    }

    /// CompleteMultipartUpload. It is not repeated when its answer is lost; use
    /// [`MultipartUpload::complete`](super::MultipartUpload::complete) to have that resolved.
    ///
    /// # Errors
    ///
    /// As said above; kind `Unknown` says that the object may exist.
    pub fn complete_multipart_upload(
        &self,
        request: &CompleteMultipartUpload,
        cancel: &Cancel,
    ) -> Result<CompleteMultipartUploadResult> {
        match self.service().call(request, &CallContext::new(cancel)) {
            Ok(outcome) => Ok(outcome.output),
            Err(failed) if failed.evidence == Evidence::Uncertain => {
                Err(failed.error.into_indeterminate())
            }
            Err(failed) => Err(failed.error),
        }
    }

    /// AbortMultipartUpload. Parts that are still arriving stay behind and need another.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn abort_multipart_upload(
        &self,
        request: &AbortMultipartUpload,
        cancel: &Cancel,
    ) -> Result<AbortMultipartUploadResult> {
        self.operate(request, cancel)
    }

    /// ListParts: one page. [`Client::parts`] fetches all of them.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn list_parts(&self, request: &ListParts, cancel: &Cancel) -> Result<ListPartsResult> {
        self.operate(request, cancel)
    }

    /// ListMultipartUploads: one page. [`Client::uploads`] fetches all of them.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn list_multipart_uploads(
        &self,
        request: &ListMultipartUploads,
        cancel: &Cancel,
    ) -> Result<ListMultipartUploadsResult> {
        self.operate(request, cancel)
    }

    /// PutObject. The CRC-64 in the reply is compared with that of the bytes sent.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn put_object(&self, request: &PutObject, cancel: &Cancel) -> Result<PutObjectResult> {
        self.operate(request, cancel)
    }

    /// HeadObject.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn head_object(&self, request: &HeadObject, cancel: &Cancel) -> Result<HeadObjectResult> {
        self.operate(request, cancel)
    }

    pub(crate) fn operate<O: Operation>(&self, request: &O, cancel: &Cancel) -> Result<O::Output> {
        let outcome = self.service().call(request, &CallContext::new(cancel))?;
        Ok(outcome.output)
    }
}
