//! HeadObject and GetObjectMeta.

use super::conditions::{self, READ};
use super::object_headers::{describe, find, meta_headers};
use crate::error::RequestError;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    let version = find(request)?;
    let response = if request.query.has("objectMeta") {
        meta_headers(request, &version)
    } else {
        conditions::check(request, READ, &version.record)?;
        describe(request, &version)
    };
    Ok(response.header("content-length", version.record.size.to_string()))
}
