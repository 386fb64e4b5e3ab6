//! UploadPart.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;

use super::attributes::ENCRYPTION;
use super::checks::{MAX_BODY, no_such_upload, part_number, upload_id};
use crate::body::Limit;
use crate::call::{Call, quoted};
use crate::error::{OssError, RequestError};
use crate::response::OssResponse;
use crate::store::{BlobRecord, InFlight, Landed, Part, PartRecord, Sealed};

const UNKNOWN_UPLOAD: &str = "0042-00000104";

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    let number = part_number(call)?;
    if let Some(value) = call.header(ENCRYPTION) {
        return Err(OssError::argument(
            ENCRYPTION,
            &value,
            "Encryption is set when the upload is initiated.",
        )
        .into());
    }
    let limit = Limit {
        bytes: MAX_BODY,
        error: OssError::bad_request(
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size.",
        ),
    };
    if call.body.announced().is_some_and(|length| length > limit.bytes) {
        return Err(limit.error.into());
    }
    let id = upload_id(call)?.to_owned();
    let flight = call
        .store()
        .begin_part(&call.bucket, &call.key, &id)
        .ok_or_else(|| no_such_upload(&id, UNKNOWN_UPLOAD))?;
    let writer = call.store().new_blob()?;
    let sealed = call.body.store(writer, &limit).await?;
    let response = OssResponse::ok()
        .header("etag", quoted(&etag(&sealed)))
        .header("content-md5", STANDARD.encode(sealed.md5))
        .header("x-oss-hash-crc64ecma", sealed.crc64.to_string());
    land(call, &flight, number, sealed, UNKNOWN_UPLOAD)?;
    Ok(flight.record.attributes.encryption.iter().fold(response, |r, (n, v)| r.header(n, v)))
}

/// Without quotes.
pub(super) fn etag(sealed: &Sealed) -> String {
    hex::encode_upper(sealed.md5)
}

/// Adds the part to its upload, or says why it cannot be.
pub(super) fn land(
    call: &Call,
    flight: &InFlight,
    number: u32,
    sealed: Sealed,
    unknown: &'static str,
) -> Result<(), RequestError> {
    let record = PartRecord {
        number,
        etag: etag(&sealed),
        crc64: sealed.crc64,
        modified: call.now,
        blob: BlobRecord { name: sealed.blob.name.clone(), size: sealed.blob.size },
    };
    let part = Part { record, blob: sealed.blob };
    let id = &flight.record.id;
    match call.store().land_part(flight, part)? {
        Landed::Stored => Ok(()),
        Landed::NoUpload => Err(no_such_upload(id, unknown).into()),
        Landed::NotNext => Err(OssError::bad_request(
            "PartNotSequential",
            "The part number is not the next one of this sequential upload.",
        )
        .with("PartNumber", number.to_string())
        .with("UploadId", id)
        .into()),
        Landed::Exists(old) => Err(OssError::new(
            StatusCode::CONFLICT,
            "PartAlreadyExist",
            "For sequential multipart upload, you can't overwrite the existed parts.",
        )
        .ec("0042-00000108")
        .with("ETag", quoted(&old.record.etag))
        .with("PartNumber", number.to_string())
        .with("UploadId", id)
        .into()),
    }
}
