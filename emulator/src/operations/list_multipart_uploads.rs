//! ListMultipartUploads.

use super::list_objects::prefixes;
use super::listing::{ListParameters, Listed, page};
use crate::clock;
use crate::error::RequestError;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::store::UploadSnapshot;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let max = request.limit("max-uploads", 1000, 1000)?;
    request.discard_body().await?;
    let text = |name: &str| request.query.value(name).unwrap_or_default();
    let key_marker = text("key-marker");
    // `upload-id-marker` is ignored without `key-marker`.
    let id_marker = if key_marker.is_empty() { "" } else { text("upload-id-marker") };
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let after = |upload: &UploadSnapshot| {
        let (key, id) = (upload.record.key.as_str(), upload.record.id.as_str());
        key > key_marker || (!id_marker.is_empty() && key == key_marker && id > id_marker)
    };
    let uploads = request.store().uploads(&request.bucket);
    let entries = uploads.iter().filter(|upload| after(upload));
    let entries = entries.map(|upload| (upload.record.key.as_str(), upload));
    let parameters = ListParameters { prefix, delimiter, max };
    let page = page(entries, &parameters);
    let next = page.last;
    let mut document = request.document("ListMultipartUploadsResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Bucket", &request.bucket);
    document.element("KeyMarker", &request.encoded(key_marker, encode));
    document.element("UploadIdMarker", id_marker);
    let next_key = next.map(|upload| upload.record.key.as_str()).unwrap_or_default();
    document.element("NextKeyMarker", &request.encoded(next_key, encode));
    let next_id = next.map(|upload| upload.record.id.as_str()).unwrap_or_default();
    document.element("NextUploadIdMarker", next_id);
    document.element("Delimiter", &request.encoded(delimiter, encode));
    document.element("Prefix", &request.encoded(prefix, encode));
    document.element("MaxUploads", &max.to_string());
    document.element("IsTruncated", &page.truncated.to_string());
    for listed in &page.listed {
        if let Listed::Entry(upload) = listed {
            let class = upload.record.attributes.storage_class.as_deref().unwrap_or("Standard");
            document.open("Upload");
            document.element("Key", &request.encoded(&upload.record.key, encode));
            document.element("UploadId", &upload.record.id);
            document.element("StorageClass", class);
            document.element("Initiated", &clock::xml_date(upload.record.initiated));
            document.close();
        }
    }
    prefixes(&mut document, request, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}
