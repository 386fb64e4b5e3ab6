//! UploadPart.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;

use super::attributes::ENCRYPTION;
use super::checks::{MAX_BODY, no_such_upload, part_number, upload_id};
use crate::error::{OssError, RequestError};
use crate::operation_request::{OperationRequest, quoted};
use crate::request_body::Limit;
use crate::response::OssResponse;
use crate::store::{BlobRecord, FinishPartOutcome, InFlightPart, Part, PartRecord, SealedBlob};

const UNKNOWN_UPLOAD: &str = "0042-00000104";

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let number = part_number(request)?;
    if let Some(value) = request.header(ENCRYPTION) {
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
    if request.body.content_length().is_some_and(|length| length > limit.bytes) {
        return Err(limit.error.into());
    }
    let id = upload_id(request)?.to_owned();
    let in_flight_part = request
        .store()
        .begin_part(&request.bucket, &request.key, &id)
        .ok_or_else(|| no_such_upload(&id, UNKNOWN_UPLOAD))?;
    let writer = request.store().new_blob()?;
    let sealed = request.body.store(writer, &limit).await?;
    let mut response = OssResponse::ok()
        .header("etag", quoted(&part_etag(request, &sealed)))
        .header("content-md5", STANDARD.encode(sealed.md5))
        .header("x-oss-hash-crc64ecma", sealed.crc64.to_string());
    request.body.delayed().into_iter().for_each(|delay| response.set_delay(delay));
    finish_part(request, &in_flight_part, number, sealed, UNKNOWN_UPLOAD)?;
    Ok(in_flight_part
        .record
        .attributes
        .encryption
        .iter()
        .fold(response, |r, (n, v)| r.header(n, v)))
}

/// Returns the ETag of a part without quotes.
pub(super) fn part_etag(request: &OperationRequest, sealed: &SealedBlob) -> String {
    if request.options.opaque_part_etags {
        let opaque: Vec<u8> = sealed.md5.iter().map(|byte| !byte).collect();
        return hex::encode_upper(opaque);
    }
    etag(sealed)
}

/// Returns the ETag of an object without quotes.
pub(super) fn etag(sealed: &SealedBlob) -> String {
    hex::encode_upper(sealed.md5)
}

/// Adds the part to its upload.
pub(super) fn finish_part(
    request: &OperationRequest,
    in_flight_part: &InFlightPart,
    number: u32,
    sealed: SealedBlob,
    unknown: &'static str,
) -> Result<(), RequestError> {
    let record = PartRecord {
        number,
        etag: part_etag(request, &sealed),
        crc64: sealed.crc64,
        modified: request.now,
        blob: BlobRecord { name: sealed.blob.name.clone(), size: sealed.blob.size },
    };
    let part = Part { record, blob: sealed.blob };
    let id = &in_flight_part.record.id;
    match request.store().finish_part(in_flight_part, part)? {
        FinishPartOutcome::Stored => Ok(()),
        FinishPartOutcome::NoUpload => Err(no_such_upload(id, unknown).into()),
        FinishPartOutcome::NotNext => Err(OssError::bad_request(
            "PartNotSequential",
            "The part number is not the next one of this sequential upload.",
        )
        .with("PartNumber", number.to_string())
        .with("UploadId", id)
        .into()),
        FinishPartOutcome::Exists(old) => Err(OssError::new(
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
