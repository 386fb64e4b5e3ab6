//! PutObject.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::attributes;
use super::callback::{self, Stored};
use super::checks::MAX_BODY;
use super::upload_part::etag;
use crate::error::{OssError, RequestError};
use crate::operation_request::{OperationRequest, quoted};
use crate::request_body::Limit;
use crate::response::OssResponse;
use crate::store::{BlobRecord, PutOutcome, Version, VersionRecord};

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let mut attributes = attributes::parse(request)?;
    attributes.acl = attributes::acl(request)?;
    let forbid = request.flag("x-oss-forbid-overwrite")?.unwrap_or_default();
    let callback = callback::parse(request)?;
    let content_length = request.body.content_length().unwrap_or_default();
    let limit = Limit {
        bytes: MAX_BODY,
        error: OssError::argument(
            "Content-Length",
            &content_length.to_string(),
            "An object uploaded in one request can have at most 5 GB.",
        ),
    };
    if content_length > limit.bytes {
        return Err(limit.error.into());
    }
    let writer = request.store().new_blob()?;
    let sealed = request.body.store(writer, &limit).await?;
    let encryption = attributes.encryption.clone();
    let record = VersionRecord {
        id: String::new(),
        is_marker: false,
        is_multipart: false,
        size: sealed.blob.size,
        crc64: sealed.crc64,
        etag: etag(&sealed),
        content_md5: Some(STANDARD.encode(sealed.md5)),
        modified: request.now,
        attributes,
        blobs: vec![BlobRecord { name: sealed.blob.name.clone(), size: sealed.blob.size }],
    };
    let mut response = OssResponse::ok()
        .header("etag", quoted(&record.etag))
        .header("content-md5", STANDARD.encode(sealed.md5))
        .header("x-oss-hash-crc64ecma", record.crc64.to_string());
    request.body.delayed().into_iter().for_each(|delay| response.set_delay(delay));
    encryption.iter().for_each(|(name, value)| response.set(name, value));
    let content_type = record.attributes.content_type.as_ref();
    let mime_type = content_type.map(|value| value.to_text().into_owned()).unwrap_or_default();
    let (tag, size, crc64) = (record.etag.clone(), record.size, record.crc64);
    let version = Version { record, blobs: vec![sealed.blob] };
    match request.store().put_version(&request.bucket, &request.key, version, forbid)? {
        PutOutcome::Stored(version_id) => {
            if let Some(id) = version_id {
                response.set("x-oss-version-id", &id);
            }
        }
        PutOutcome::Exists => return Err(OssError::file_already_exists().into()),
        PutOutcome::NoBucket => return Err(OssError::no_such_bucket(&request.bucket).into()),
    }
    let stored = Stored { etag: &tag, size, mime_type: &mime_type, crc64 };
    match callback {
        None => Ok(response),
        Some(callback) => Ok(callback.run(request, &stored, response).await?),
    }
}
