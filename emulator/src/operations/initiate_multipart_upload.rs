//! InitiateMultipartUpload.

use super::attributes;
use crate::error::{OssError, RequestError};
use crate::ids;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::store::UploadRecord;

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let attributes = attributes::parse(request)?;
    let forbid_overwrite = request.flag("x-oss-forbid-overwrite")?.unwrap_or_default();
    request.discard_body().await?;
    if forbid_overwrite && !request.store().is_free(&request.bucket, &request.key) {
        return Err(OssError::file_already_exists().into());
    }
    let mut id = ids::hex32();
    if request.options.odd_upload_ids {
        id.replace_range(..4, "+/=+");
    }
    let encryption = attributes.encryption.clone();
    request.store().initiate(UploadRecord {
        id: id.clone(),
        bucket: request.bucket.clone(),
        key: request.key.clone(),
        initiated: request.now,
        attributes,
        sequential: request.query.has("sequential"),
        forbid_overwrite,
        leftover: false,
    })?;
    let mut document = request.document("InitiateMultipartUploadResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Bucket", &request.bucket);
    document.element("Key", &request.encoded(&request.key, encode));
    document.element("UploadId", &id);
    let mut response = OssResponse::xml(document);
    encryption.iter().for_each(|(name, value)| response.set(name, value));
    Ok(response)
}
