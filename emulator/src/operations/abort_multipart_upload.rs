//! AbortMultipartUpload.

use hyper::StatusCode;

use super::checks::{no_such_upload, upload_id};
use crate::call::Call;
use crate::error::RequestError;
use crate::response::OssResponse;
use crate::store::Aborted;

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    let id = upload_id(call)?.to_owned();
    let unknown = || no_such_upload(&id, "0042-00000002");
    call.store().upload(&call.bucket, &call.key, &id).ok_or_else(unknown)?;
    call.no_body().await?;
    // A Complete that has begun comes first.
    let gate = call.store().gate(&call.bucket, &call.key, &id).ok_or_else(unknown)?;
    let _held = gate.lock().await;
    match call.store().abort(&call.bucket, &call.key, &id, call.options.straggler)? {
        Aborted::Done => Ok(OssResponse::new(StatusCode::NO_CONTENT)),
        Aborted::NoUpload => Err(unknown().into()),
    }
}
