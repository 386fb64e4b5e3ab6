//! DeleteObject: 204 whether or not there was something to delete.

use hyper::StatusCode;

use crate::call::Call;
use crate::error::Refusal;
use crate::reply::Reply;

pub(super) async fn run(call: &mut Call) -> Result<Reply, Refusal> {
    call.no_body().await?;
    let version_id = call.query.value("versionId");
    let deleted = call.store().delete(&call.bucket, &call.key, version_id, call.now)?;
    let mut reply = Reply::new(StatusCode::NO_CONTENT);
    if deleted.is_marker {
        reply.set("x-oss-delete-marker", "true");
    }
    if let Some(id) = deleted.version_id {
        reply.set("x-oss-version-id", &id);
    }
    Ok(reply)
}
