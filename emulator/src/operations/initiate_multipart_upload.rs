//! InitiateMultipartUpload.

use super::attributes;
use crate::call::Call;
use crate::error::{OssError, RequestError};
use crate::ids;
use crate::response::OssResponse;
use crate::store::UploadRecord;

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    let encode = call.encodes()?;
    let attributes = attributes::parse(call)?;
    let forbid_overwrite = call.flag("x-oss-forbid-overwrite")?.unwrap_or_default();
    call.no_body().await?;
    if forbid_overwrite && !call.store().is_free(&call.bucket, &call.key) {
        return Err(OssError::file_already_exists().into());
    }
    let mut id = ids::hex32();
    if call.options.odd_upload_ids {
        id.replace_range(..4, "+/=+");
    }
    let encryption = attributes.encryption.clone();
    call.store().initiate(UploadRecord {
        id: id.clone(),
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        initiated: call.now,
        attributes,
        sequential: call.query.has("sequential"),
        forbid_overwrite,
        leftover: false,
    })?;
    let mut document = call.document("InitiateMultipartUploadResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Bucket", &call.bucket);
    document.element("Key", &call.encoded(&call.key, encode));
    document.element("UploadId", &id);
    let mut response = OssResponse::xml(document);
    encryption.iter().for_each(|(name, value)| response.set(name, value));
    Ok(response)
}
