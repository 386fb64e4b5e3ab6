//! CompleteMultipartUpload.

use std::sync::Arc;

use super::attributes;
use super::callback::{self, Callback, Stored};
use super::checks::{no_such_upload, upload_id};
use super::object_assembly::assemble;
use super::part_list;
use crate::error::{OssError, RequestError};
use crate::escape;
use crate::operation_request::{OperationRequest, quoted, same_etag};
use crate::response::OssResponse;
use crate::store::{HeaderText, Part, PutOutcome, UploadSnapshot, VersionRecord};

const UNKNOWN_UPLOAD: &str = "0042-00000104";
/// Minimum size of all parts but the last.
const MIN_PART: u64 = 100 * 1024;

/// Parameters of the request other than the part list.
#[derive(Debug)]
struct CompleteOptions {
    encode: bool,
    acl: Option<String>,
    forbid: Option<bool>,
    all: bool,
    callback: Option<Callback>,
}

/// The object record, and its version ID if the bucket is versioned.
type CompletedObject = (VersionRecord, Option<String>);

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let options = CompleteOptions {
        encode: request.url_encoding()?,
        acl: attributes::acl(request)?,
        forbid: request.flag("x-oss-forbid-overwrite")?,
        all: complete_all(request)?,
        callback: callback::parse(request)?,
    };
    let (record, version_id) = complete(request, &options).await?;
    // Two older official SDKs read the ETag from the header, not from the document.
    let mut response = OssResponse::xml(result(request, &record.etag, options.encode))
        .header("etag", quoted(&record.etag))
        .header("x-oss-hash-crc64ecma", record.crc64.to_string());
    record.attributes.encryption.iter().for_each(|(name, value)| response.set(name, value));
    version_id.iter().for_each(|id| response.set("x-oss-version-id", id));
    match &options.callback {
        None => Ok(response),
        Some(callback) => Ok(call_back(request, callback, &record, response).await?),
    }
}

/// Validates the request and creates the object. Completions of one upload are serialized.
async fn complete(
    request: &mut OperationRequest,
    options: &CompleteOptions,
) -> Result<CompletedObject, RequestError> {
    let id = upload_id(request)?.to_owned();
    let store = Arc::clone(request.store());
    let find = |request: &OperationRequest| {
        let upload = store.upload(&request.bucket, &request.key, &id);
        let upload = upload.filter(|upload| !upload.record.leftover);
        upload.ok_or_else(|| unknown_upload(request, &id, options.forbid))
    };
    find(request)?;
    let body = request.body.document().await?;
    let complete_lock = store.complete_lock(&request.bucket, &request.key, &id);
    let complete_lock =
        complete_lock.ok_or_else(|| unknown_upload(request, &id, options.forbid))?;
    let _guard = complete_lock.lock().await;
    // Another CompleteMultipartUpload may have finished while waiting for the lock.
    let upload = find(request)?;
    let parts = if options.all {
        all_parts(&upload, &body)?
    } else {
        listed_parts(request, &upload, &body)?
    };
    check_sizes(&parts)?;
    let forbid = options.forbid.unwrap_or(upload.record.forbid_overwrite);
    if forbid && !store.is_free(&request.bucket, &request.key) {
        return Err(OssError::file_already_exists().into());
    }
    if let Some(changed) = store.begin_complete(&id, &parts) {
        return Err(invalid_part(changed, "", &id).into());
    }
    let completed = match assemble(upload, parts, options.acl.clone(), request.now).await {
        Ok(version) => {
            let record = version.record.clone();
            store.commit_complete(&id, version, forbid).map(|put| (record, put))
        }
        Err(error) => Err(error),
    };
    match completed {
        Ok((record, PutOutcome::Stored(version_id))) => Ok((record, version_id)),
        Ok((_, PutOutcome::NoBucket)) => Err(OssError::no_such_bucket(&request.bucket).into()),
        Ok((_, PutOutcome::Exists)) => {
            store.revert_complete(&id);
            Err(OssError::file_already_exists().into())
        }
        Err(error) => {
            store.revert_complete(&id);
            Err(error.into())
        }
    }
}

async fn call_back(
    request: &OperationRequest,
    callback: &Callback,
    record: &VersionRecord,
    response: OssResponse,
) -> Result<OssResponse, OssError> {
    let mime_type = record.attributes.content_type.as_ref().map(HeaderText::to_text);
    let mime_type = mime_type.as_deref().unwrap_or_default();
    let (size, crc64) = (record.size, record.crc64);
    callback.run(request, &Stored { etag: &record.etag, size, mime_type, crc64 }, response).await
}

/// Returns NoSuchUpload; by option FileAlreadyExists, if the object exists and overwriting is
/// forbidden.
fn unknown_upload(request: &OperationRequest, id: &str, forbid: Option<bool>) -> OssError {
    let conflict = request.options.complete_again_conflict && forbid == Some(true);
    if conflict && !request.store().is_free(&request.bucket, &request.key) {
        return OssError::file_already_exists();
    }
    no_such_upload(id, UNKNOWN_UPLOAD)
}

fn complete_all(request: &OperationRequest) -> Result<bool, OssError> {
    match request.header("x-oss-complete-all").as_deref() {
        None => Ok(false),
        Some("yes") => Ok(true),
        Some(value) => {
            Err(OssError::argument("x-oss-complete-all", value, "The only valid value is yes."))
        }
    }
}

fn all_parts(upload: &UploadSnapshot, body: &[u8]) -> Result<Vec<Part>, OssError> {
    if !body.is_empty() {
        return Err(OssError::argument(
            "x-oss-complete-all",
            "yes",
            "Should not speficy both complete all header and http body.",
        )
        .ec("0042-00000216"));
    }
    check_gapless(upload, upload.parts.len())?;
    Ok(upload.parts.values().cloned().collect())
}

/// Returns the parts listed by the client, which must be in ascending order.
fn listed_parts(
    request: &OperationRequest,
    upload: &UploadSnapshot,
    body: &[u8],
) -> Result<Vec<Part>, OssError> {
    let listed = part_list::parse(body).ok_or_else(OssError::malformed_xml)?;
    let mut last = 0;
    for part in &listed {
        if !(1..=10_000).contains(&part.number) || part.number <= last {
            return Err(disorder());
        }
        last = part.number;
    }
    let mut parts = Vec::with_capacity(listed.len());
    for wanted in &listed {
        let number = u32::try_from(wanted.number).unwrap_or_default();
        let equal = |part: &&Part| {
            part.record.etag == wanted.etag
                || (request.options.etag_any_case && same_etag(&wanted.etag, &part.record.etag))
        };
        let part = upload.parts.get(&number).filter(equal);
        let part = part.ok_or_else(|| invalid_part(number, &wanted.etag, &upload.record.id))?;
        parts.push(part.clone());
    }
    check_gapless(upload, parts.len())?;
    Ok(parts)
}

/// Checks that a sequential upload is completed with all of its parts.
fn check_gapless(upload: &UploadSnapshot, count: usize) -> Result<(), OssError> {
    if upload.record.sequential && count != upload.parts.len() { Err(disorder()) } else { Ok(()) }
}

fn invalid_part(number: u32, etag: &str, upload_id: &str) -> OssError {
    OssError::bad_request(
        "InvalidPart",
        "One or more of the specified parts could not be found or the specified entity tag might \
         not have matched the part's entity tag.",
    )
    .with("ETag", etag)
    .with("PartNumber", number.to_string())
    .with("UploadId", upload_id)
}

fn disorder() -> OssError {
    OssError::bad_request(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts list must be specified in order by \
         part number.",
    )
    .ec("0042-00000209")
}

fn check_sizes(parts: &[Part]) -> Result<(), OssError> {
    let Some((_, all_but_last)) = parts.split_last() else { return Ok(()) };
    match all_but_last.iter().find(|part| part.blob.size < MIN_PART) {
        None => Ok(()),
        Some(part) => Err(OssError::bad_request(
            "EntityTooSmall",
            "Your proposed upload smaller than the minimum allowed size.",
        )
        .ec("0042-00000213")
        .with("ETag", quoted(&part.record.etag))
        .with("MinSizeAllowed", MIN_PART.to_string())
        .with("ProposedSize", part.blob.size.to_string())
        .with("PartNumber", part.record.number.to_string())),
    }
}

fn result(request: &OperationRequest, etag: &str, encode: bool) -> crate::xml_writer::Document {
    let mut document = request.document("CompleteMultipartUploadResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Location", &location(request));
    document.element("Bucket", &request.bucket);
    document.element("Key", &request.encoded(&request.key, encode));
    document.element("ETag", &quoted(etag));
    document
}

/// Returns the URL of the object, in the addressing style of the request.
fn location(request: &OperationRequest) -> String {
    let key = escape::path(&request.key);
    if request.host.starts_with(&format!("{}.", request.bucket)) {
        format!("http://{}/{key}", request.host)
    } else {
        format!("http://{}/{}/{key}", request.host, request.bucket)
    }
}
