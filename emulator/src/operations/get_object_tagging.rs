//! GetObjectTagging.

use super::object_headers::find;
use crate::error::{OssError, RequestError};
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    if request.options.deny_tagging {
        return Err(OssError::access_denied("You have no right to read tags.").into());
    }
    let version = find(request)?;
    let mut document = request.document("Tagging");
    document.open("TagSet");
    for (key, value) in &version.record.attributes.tags {
        document.open("Tag");
        document.element("Key", key);
        document.element("Value", value);
        document.close();
    }
    Ok(OssResponse::xml(document))
}
