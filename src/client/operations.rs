//! One function for each operation of OSS, with all its parameters and the whole response.

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
use crate::service::{Evidence, OperationContext};

/// Single operations of OSS, with the names that its manual gives them.
///
/// Each blocks the calling thread and retries as the client is configured. All fail with `Invalid`,
/// before anything is sent; `Credentials`; `Canceled`; `Service`, when OSS refuses the request; or
/// the kinds of a failed exchange: `Resolve`, `Connect`, `Tls`, `Timeout`, `Network`, `Protocol`.
impl Client {
    /// Sends InitiateMultipartUpload.
    /// [`MultipartUpload::initiate`](crate::MultipartUpload::initiate) returns a handle instead of
    /// a response.
    ///
    /// # Errors
    ///
    /// As above. `upload_may_exist` is true if the response, and with it the upload ID, was lost.
    pub fn initiate_multipart_upload(
        &self,
        request: &InitiateMultipartUpload,
        cancel: &Cancel,
    ) -> Result<InitiateMultipartUploadResult> {
        self.operate(request, cancel)
    }

    /// Sends UploadPart, and compares the CRC-64 of the response with that of the bytes sent.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn upload_part(&self, request: &UploadPart, cancel: &Cancel) -> Result<UploadPartResult> {
        self.operate(request, cancel)
    }

    /// Sends UploadPartCopy.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn upload_part_copy(
        &self,
        request: &UploadPartCopy,
        cancel: &Cancel,
    ) -> Result<UploadPartCopyResult> {
        self.operate(request, cancel)
    }

    /// Sends CompleteMultipartUpload. It is not retried when its response is lost;
    /// [`MultipartUpload::complete`](crate::MultipartUpload::complete) determines the outcome.
    ///
    /// # Errors
    ///
    /// As above; `Unknown`, when the object may exist.
    pub fn complete_multipart_upload(
        &self,
        request: &CompleteMultipartUpload,
        cancel: &Cancel,
    ) -> Result<CompleteMultipartUploadResult> {
        match self.service().execute(request, &OperationContext::new(cancel)) {
            Ok(outcome) => Ok(outcome.output),
            Err(failed) if failed.evidence == Evidence::Uncertain => {
                Err(failed.error.into_unknown())
            }
            Err(failed) => Err(failed.error),
        }
    }

    /// Sends AbortMultipartUpload. Parts that are still being sent may stay; abort again after they
    /// have ended.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn abort_multipart_upload(
        &self,
        request: &AbortMultipartUpload,
        cancel: &Cancel,
    ) -> Result<AbortMultipartUploadResult> {
        self.operate(request, cancel)
    }

    /// Sends ListParts, for one page. [`Client::parts_iter`] iterates over all pages.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn list_parts(&self, request: &ListParts, cancel: &Cancel) -> Result<ListPartsResult> {
        self.operate(request, cancel)
    }

    /// Sends ListMultipartUploads, for one page. [`Client::uploads_iter`] iterates over all pages.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn list_multipart_uploads(
        &self,
        request: &ListMultipartUploads,
        cancel: &Cancel,
    ) -> Result<ListMultipartUploadsResult> {
        self.operate(request, cancel)
    }

    /// Sends PutObject, and compares the CRC-64 of the response with that of the bytes sent.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn put_object(&self, request: &PutObject, cancel: &Cancel) -> Result<PutObjectResult> {
        self.operate(request, cancel)
    }

    /// Sends HeadObject.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn head_object(&self, request: &HeadObject, cancel: &Cancel) -> Result<HeadObjectResult> {
        self.operate(request, cancel)
    }

    pub(crate) fn operate<O: Operation>(&self, request: &O, cancel: &Cancel) -> Result<O::Output> {
        let outcome = self.service().execute(request, &OperationContext::new(cancel))?;
        Ok(outcome.output)
    }
}
