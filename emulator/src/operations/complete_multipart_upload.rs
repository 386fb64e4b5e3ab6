//! CompleteMultipartUpload.

use std::sync::Arc;

use super::assembly::assemble;
use super::attributes;
use super::callback::{self, Callback, Stored};
use super::checks::{no_such_upload, upload_id};
use super::part_list;
use crate::call::{Call, quoted, same_etag};
use crate::error::{OssError, RequestError};
use crate::escape;
use crate::response::OssResponse;
use crate::store::{Part, Put, Snapshot, VersionRecord};

const UNKNOWN_UPLOAD: &str = "0042-00000104";
/// Parts other than the last hold at least this many bytes.
const MIN_PART: u64 = 100 * 1024;

/// What the client wants besides the list.
#[derive(Debug)]
struct Terms {
    encode: bool,
    acl: Option<String>,
    forbid: Option<bool>,
    all: bool,
    callback: Option<Callback>,
}

/// The object, and its version ID if the bucket has versions.
type Made = (VersionRecord, Option<String>);

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    let terms = Terms {
        encode: call.encodes()?,
        acl: attributes::acl(call)?,
        forbid: call.flag("x-oss-forbid-overwrite")?,
        all: complete_all(call)?,
        callback: callback::parse(call)?,
    };
    let (record, version_id) = make(call, &terms).await?;
    // The two older official SDKs read the ETag here, not in the document.
    let mut response = OssResponse::xml(result(call, &record.etag, terms.encode))
        .header("etag", quoted(&record.etag))
        .header("x-oss-hash-crc64ecma", record.crc64.to_string());
    record.attributes.encryption.iter().for_each(|(name, value)| response.set(name, value));
    version_id.iter().for_each(|id| response.set("x-oss-version-id", id));
    match &terms.callback {
        None => Ok(response),
        Some(callback) => Ok(call_back(call, callback, &record, response).await?),
    }
}

/// Checks everything and makes the object. Completes of one upload come one after the other.
async fn make(call: &mut Call, terms: &Terms) -> Result<Made, RequestError> {
    let id = upload_id(call)?.to_owned();
    let store = Arc::clone(call.store());
    let find = |call: &Call| {
        let upload = store.upload(&call.bucket, &call.key, &id);
        let upload = upload.filter(|upload| !upload.record.leftover);
        upload.ok_or_else(|| unknown_upload(call, &id, terms.forbid))
    };
    find(call)?;
    let body = call.body.document().await?;
    let gate = store.gate(&call.bucket, &call.key, &id);
    let gate = gate.ok_or_else(|| unknown_upload(call, &id, terms.forbid))?;
    let _held = gate.lock().await;
    // A Complete that ran before this one has used the upload up.
    let upload = find(call)?;
    let parts = if terms.all { take_all(&upload, &body)? } else { select(call, &upload, &body)? };
    check_sizes(&parts)?;
    let forbid = terms.forbid.unwrap_or(upload.record.forbid_overwrite);
    if forbid && !store.is_free(&call.bucket, &call.key) {
        return Err(OssError::file_already_exists().into());
    }
    if let Some(changed) = store.fix_list(&id, &parts) {
        return Err(invalid_part(changed, "", &id).into());
    }
    let made = match assemble(upload, parts, terms.acl.clone(), call.now).await {
        Ok(version) => {
            let record = version.record.clone();
            store.finish(&id, version, forbid).map(|put| (record, put))
        }
        Err(error) => Err(error),
    };
    match made {
        Ok((record, Put::Stored(version_id))) => Ok((record, version_id)),
        Ok((_, Put::NoBucket)) => Err(OssError::no_such_bucket(&call.bucket).into()),
        Ok((_, Put::Exists)) => {
            store.reopen(&id);
            Err(OssError::file_already_exists().into())
        }
        Err(error) => {
            store.reopen(&id);
            Err(error.into())
        }
    }
}

async fn call_back(
    call: &Call,
    callback: &Callback,
    record: &VersionRecord,
    response: OssResponse,
) -> Result<OssResponse, OssError> {
    let mime_type = record.attributes.content_type.as_deref().unwrap_or_default();
    let (size, crc64) = (record.size, record.crc64);
    callback.run(call, &Stored { etag: &record.etag, size, mime_type, crc64 }, response).await
}

/// The upload is unknown; by option, one that has become a protected object says so.
fn unknown_upload(call: &Call, id: &str, forbid: Option<bool>) -> OssError {
    let conflict = call.options.complete_again_conflict && forbid == Some(true);
    if conflict && !call.store().is_free(&call.bucket, &call.key) {
        return OssError::file_already_exists();
    }
    no_such_upload(id, UNKNOWN_UPLOAD)
}

fn complete_all(call: &Call) -> Result<bool, OssError> {
    match call.header("x-oss-complete-all").as_deref() {
        None => Ok(false),
        Some("yes") => Ok(true),
        Some(value) => {
            Err(OssError::argument("x-oss-complete-all", value, "The only value is yes."))
        }
    }
}

fn take_all(upload: &Snapshot, body: &[u8]) -> Result<Vec<Part>, OssError> {
    if !body.is_empty() {
        return Err(OssError::argument(
            "x-oss-complete-all",
            "yes",
            "The body must be empty when all parts are to be taken.",
        )
        .ec("0042-00000216"));
    }
    check_gapless(upload, upload.parts.len())?;
    Ok(upload.parts.values().cloned().collect())
}

/// The parts the client lists, in its order, which must be ascending.
fn select(call: &Call, upload: &Snapshot, body: &[u8]) -> Result<Vec<Part>, OssError> {
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
                || (call.options.etag_any_case && same_etag(&wanted.etag, &part.record.etag))
        };
        let part = upload.parts.get(&number).filter(equal);
        let part = part.ok_or_else(|| invalid_part(number, &wanted.etag, &upload.record.id))?;
        parts.push(part.clone());
    }
    check_gapless(upload, parts.len())?;
    Ok(parts)
}

/// A sequential upload is completed from all of its parts.
fn check_gapless(upload: &Snapshot, count: usize) -> Result<(), OssError> {
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

fn result(call: &Call, etag: &str, encode: bool) -> crate::xml::Document {
    let mut document = call.document("CompleteMultipartUploadResult");
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("Location", &location(call));
    document.element("Bucket", &call.bucket);
    document.element("Key", &call.encoded(&call.key, encode));
    document.element("ETag", &quoted(etag));
    document
}

/// The object's address, by the host the client used.
fn location(call: &Call) -> String {
    let key = escape::path(&call.key);
    if call.host.starts_with(&format!("{}.", call.bucket)) {
        format!("http://{}/{key}", call.host)
    } else {
        format!("http://{}/{}/{key}", call.host, call.bucket)
    }
}
