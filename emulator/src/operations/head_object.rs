//! HeadObject, and GetObjectMeta, its cheap form.

use super::conditions::{self, READ};
use super::object_headers::{cheap, describe, find};
use crate::call::Call;
use crate::error::RequestError;
use crate::response::OssResponse;

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    call.no_body().await?;
    let version = find(call)?;
    let response = if call.query.has("objectMeta") {
        cheap(call, &version)
    } else {
        conditions::check(call, READ, &version.record)?;
        describe(call, &version)
    };
    Ok(response.header("content-length", version.record.size.to_string()))
}
