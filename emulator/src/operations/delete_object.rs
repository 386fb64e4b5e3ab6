//! DeleteObject. Responds with 204 even if the object does not exist.

use hyper::StatusCode;

use crate::error::RequestError;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    let version_id = request.query.value("versionId");
    let deleted = request.store().delete(&request.bucket, &request.key, version_id, request.now)?;
    let mut response = OssResponse::new(StatusCode::NO_CONTENT);
    if deleted.is_marker {
        response.set("x-oss-delete-marker", "true");
    }
    if let Some(id) = deleted.version_id {
        response.set("x-oss-version-id", &id);
    }
    Ok(response)
}
