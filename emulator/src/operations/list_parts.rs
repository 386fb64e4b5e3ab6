//! ListParts.

use super::checks::{no_such_upload, upload_id};
use crate::clock;
use crate::error::{OssError, RequestError};
use crate::operation_request::{OperationRequest, quoted};
use crate::response::OssResponse;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let max = request.limit("max-parts", 1000, 1000)?;
    let marker = marker(request)?;
    let id = upload_id(request)?.to_owned();
    let upload = request
        .store()
        .upload(&request.bucket, &request.key, &id)
        .ok_or_else(|| no_such_upload(&id, "0042-00000002"))?;
    request.discard_body().await?;
    let mut document = request.document("ListPartsResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Bucket", &request.bucket);
    document.element("Key", &request.encoded(&request.key, encode));
    document.element("UploadId", &id);
    let class = upload.record.attributes.storage_class.as_deref().unwrap_or("Standard");
    document.element("StorageClass", class);
    document.element("PartNumberMarker", &marker.to_string());
    let after = || upload.parts.values().filter(|part| u64::from(part.record.number) > marker);
    let page: Vec<_> = after().take(usize::try_from(max).unwrap_or_default()).collect();
    let truncated = after().count() > page.len();
    let last = page.last().map(|part| part.record.number.to_string()).unwrap_or_default();
    let hidden = request.options.empty_last_marker && !truncated;
    document.element("NextPartNumberMarker", if hidden { "" } else { &last });
    document.element("MaxParts", &max.to_string());
    document.element("IsTruncated", &truncated.to_string());
    for part in page {
        document.open("Part");
        document.element("PartNumber", &part.record.number.to_string());
        document.element("LastModified", &clock::xml_date(part.record.modified));
        document.element("ETag", &quoted(&part.record.etag));
        document.element("HashCrc64ecma", &part.record.crc64.to_string());
        document.element("Size", &part.record.blob.size.to_string());
        document.close();
    }
    Ok(OssResponse::xml(document))
}

/// Parses the marker; defaults to 0. A marker past the last part gives an empty page.
fn marker(request: &OperationRequest) -> Result<u64, OssError> {
    let Some(text) = request.query.value("part-number-marker") else { return Ok(0) };
    text.parse().map_err(|_| {
        OssError::argument("part-number-marker", text, "Argument must be a non-negative integer.")
    })
}
