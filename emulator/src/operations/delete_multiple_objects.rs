//! DeleteMultipleObjects.

use crate::error::{OssError, RequestError};
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::target::is_object_name;
use crate::xml_tree::Element;

const MAX_OBJECTS: usize = 1000;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let body = request.body.document().await?;
    let list = Element::parse(&body, "Delete").ok_or_else(OssError::malformed_xml)?;
    let is_quiet = list.first("Quiet").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let objects: Vec<&Element> = list.all("Object").collect();
    let named = |object: &&Element| key(object).is_some_and(is_object_name);
    if objects.is_empty() || objects.len() > MAX_OBJECTS || !objects.iter().all(named) {
        return Err(OssError::malformed_xml().into());
    }
    let mut document = request.document("DeleteResult");
    if encode {
        document.element("EncodingType", "url");
    }
    for object in objects {
        let name = key(object).unwrap_or_default();
        let version_id = object.first("VersionId").filter(|id| !id.is_empty());
        let deleted = request.store().delete(&request.bucket, name, version_id, request.now)?;
        if is_quiet {
            continue;
        }
        document.open("Deleted");
        document.element("Key", &request.encoded(name, encode));
        if let (Some(_), Some(id)) = (version_id, &deleted.version_id) {
            document.element("VersionId", id);
        }
        if deleted.is_marker {
            document.element("DeleteMarker", "true");
            document.element("DeleteMarkerVersionId", &deleted.version_id.unwrap_or_default());
        }
        document.close();
    }
    Ok(if is_quiet { OssResponse::ok() } else { OssResponse::xml(document) })
}

/// Returns the key untrimmed: it can begin or end with white space.
fn key(object: &Element) -> Option<&str> {
    object.all("Key").next().map(|key| key.text.as_str())
}
