//! DeleteObject: 204 whether or not there was something to delete.

use hyper::StatusCode;

use crate::call::Call;
use crate::error::RequestError;
use crate::response::OssResponse;

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    call.no_body().await?;
    let version_id = call.query.value("versionId");
    let deleted = call.store().delete(&call.bucket, &call.key, version_id, call.now)?;
    let mut response = OssResponse::new(StatusCode::NO_CONTENT);
    if deleted.is_marker {
        response.set("x-oss-delete-marker", "true");
    }
    if let Some(id) = deleted.version_id {
        response.set("x-oss-version-id", &id);
    }
    Ok(response)
}
