//! AbortMultipartUpload.

use hyper::StatusCode;

use super::checks::{no_such_upload, upload_id};
use crate::error::RequestError;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::store::AbortOutcome;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let id = upload_id(request)?.to_owned();
    let unknown = || no_such_upload(&id, "0042-00000002");
    request.store().upload(&request.bucket, &request.key, &id).ok_or_else(unknown)?;
    request.discard_body().await?;
    // Wait for a CompleteMultipartUpload in progress.
    let complete_lock =
        request.store().complete_lock(&request.bucket, &request.key, &id).ok_or_else(unknown)?;
    let _guard = complete_lock.lock().await;
    match request.store().abort(&request.bucket, &request.key, &id, request.options.straggler)? {
        AbortOutcome::Aborted => Ok(OssResponse::new(StatusCode::NO_CONTENT)),
        AbortOutcome::NoUpload => Err(unknown().into()),
    }
}
