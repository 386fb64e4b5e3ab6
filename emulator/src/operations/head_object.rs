//! HeadObject, and GetObjectMeta, its cheap form.

use super::conditions::{self, READ};
use super::object_headers::{cheap, describe, find};
use crate::call::Call;
use crate::error::Refusal;
use crate::reply::Reply;

pub(super) async fn run(call: &mut Call) -> Result<Reply, Refusal> {
    call.no_body().await?;
    let version = find(call)?;
    let reply = if call.query.has("objectMeta") {
        cheap(call, &version)
    } else {
        conditions::check(call, READ, &version.record)?;
        describe(call, &version)
    };
    Ok(reply.header("content-length", version.record.size.to_string()))
}
