//! ListMultipartUploads.

use super::list_objects::prefixes;
use super::listing::{Listed, Query, page};
use crate::call::Call;
use crate::clock;
use crate::error::RequestError;
use crate::response::OssResponse;
use crate::store::Snapshot;

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    let encode = call.encodes()?;
    let max = call.limit("max-uploads", 1000, 1000)?;
    call.no_body().await?;
    let text = |name: &str| call.query.value(name).unwrap_or_default();
    let key_marker = text("key-marker");
    // Without a key the upload ID marks nothing.
    let id_marker = if key_marker.is_empty() { "" } else { text("upload-id-marker") };
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let after = |upload: &Snapshot| {
        let (key, id) = (upload.record.key.as_str(), upload.record.id.as_str());
        key > key_marker || (!id_marker.is_empty() && key == key_marker && id > id_marker)
    };
    let uploads = call.store().uploads(&call.bucket);
    let entries = uploads.iter().filter(|upload| after(upload));
    let entries = entries.map(|upload| (upload.record.key.as_str(), upload));
    let query = Query { prefix, delimiter, max };
    let page = page(entries, &query);
    let next = page.last;
    let mut document = call.document("ListMultipartUploadsResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Bucket", &call.bucket);
    document.element("KeyMarker", &call.encoded(key_marker, encode));
    document.element("UploadIdMarker", id_marker);
    let next_key = next.map(|upload| upload.record.key.as_str()).unwrap_or_default();
    document.element("NextKeyMarker", &call.encoded(next_key, encode));
    let next_id = next.map(|upload| upload.record.id.as_str()).unwrap_or_default();
    document.element("NextUploadIdMarker", next_id);
    document.element("Delimiter", &call.encoded(delimiter, encode));
    document.element("Prefix", &call.encoded(prefix, encode));
    document.element("MaxUploads", &max.to_string());
    document.element("IsTruncated", &page.truncated.to_string());
    for listed in &page.listed {
        if let Listed::Entry(upload) = listed {
            let class = upload.record.attributes.storage_class.as_deref().unwrap_or("Standard");
            document.open("Upload");
            document.element("Key", &call.encoded(&upload.record.key, encode));
            document.element("UploadId", &upload.record.id);
            document.element("StorageClass", class);
            document.element("Initiated", &clock::xml_date(upload.record.initiated));
            document.close();
        }
    }
    prefixes(&mut document, call, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}
