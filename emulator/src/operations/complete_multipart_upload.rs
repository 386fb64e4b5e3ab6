//! CompleteMultipartUpload.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::attributes;
use super::callback::{self, Callback, Stored};
use super::checks::{no_such_upload, upload_id};
use super::part_list;
use crate::call::{Call, quoted, same_etag};
use crate::error::{OssError, Refusal};
use crate::escape;
use crate::reply::Reply;
use crate::store::{Part, Put, Snapshot, Sums, Version, VersionRecord, read_pieces};

const UNKNOWN_UPLOAD: &str = "0042-00000104";
/// Parts other than the last hold at least this many bytes.
const MIN_PART: u64 = 100 * 1024;

pub(super) async fn run(call: &mut Call) -> Result<Reply, Refusal> {
    let encode = call.encodes()?;
    let acl = attributes::acl(call)?;
    let forbid = call.flag("x-oss-forbid-overwrite")?;
    let all = complete_all(call)?;
    let callback = callback::parse(call)?;
    let id = upload_id(call)?.to_owned();
    let unknown = || unknown_upload(call, &id, forbid);
    let store = Arc::clone(call.store());
    let visible = store.upload(&call.bucket, &call.key, &id).ok_or_else(unknown)?;
    if visible.record.leftover {
        return Err(unknown().into());
    }
    let gate = store.gate(&call.bucket, &call.key, &id).ok_or_else(unknown)?;
    let body = call.body.document().await?;
    let held = gate.lock().await;
    // A Complete that ran before this one has used the upload up.
    let upload = store
        .upload(&call.bucket, &call.key, &id)
        .ok_or_else(|| unknown_upload(call, &id, forbid))?;
    let parts = if all { take_all(&upload, &body)? } else { select(call, &upload, &body)? };
    check_sizes(&parts)?;
    let forbid = forbid.unwrap_or(upload.record.forbid_overwrite);
    if forbid && !store.is_free(&call.bucket, &call.key) {
        return Err(OssError::file_already_exists().into());
    }
    if let Some(changed) = store.fix_list(&id, &parts) {
        return Err(invalid_part(changed, "", &id).into());
    }
    let version = match assemble(upload, parts, acl, call.now).await {
        Ok(version) => version,
        Err(error) => {
            store.reopen(&id);
            return Err(error.into());
        }
    };
    let record = version.record.clone();
    let version_id = match store.finish(&id, version, forbid) {
        Ok(Put::Stored(version_id)) => version_id,
        Ok(Put::NoBucket) => return Err(OssError::no_such_bucket(&call.bucket).into()),
        Ok(Put::Exists) => {
            store.reopen(&id);
            return Err(OssError::file_already_exists().into());
        }
        Err(error) => {
            store.reopen(&id);
            return Err(error.into());
        }
    };
    drop(held);
    let mut reply = Reply::xml(result(call, &record.etag, encode))
        .header("x-oss-hash-crc64ecma", record.crc64.to_string());
    record.attributes.encryption.iter().for_each(|(name, value)| reply.set(name, value));
    version_id.iter().for_each(|id| reply.set("x-oss-version-id", id));
    match callback {
        None => Ok(reply),
        Some(callback) => Ok(call_back(call, &callback, &record, reply).await?),
    }
}

async fn call_back(
    call: &Call,
    callback: &Callback,
    record: &VersionRecord,
    reply: Reply,
) -> Result<Reply, OssError> {
    let mime_type = record.attributes.content_type.as_deref().unwrap_or_default();
    let (size, crc64) = (record.size, record.crc64);
    callback.run(call, &Stored { etag: &record.etag, size, mime_type, crc64 }, reply).await
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

/// Makes the object's record; its CRC comes from reading all of its bytes.
async fn assemble(
    upload: Snapshot,
    parts: Vec<Part>,
    acl: Option<String>,
    now: i64,
) -> std::io::Result<Version> {
    let work = move || {
        let pieces: Vec<_> = parts.iter().map(|part| Arc::clone(&part.blob)).collect();
        let size = pieces.iter().map(|piece| piece.size).sum();
        let (md5, crc64) = if upload.record.sequential {
            let mut sums = Sums::new();
            read_pieces(&pieces, 0, size, |bytes| {
                sums.update(bytes);
                Ok(())
            })?;
            let (md5, crc64) = sums.finish();
            (Some(STANDARD.encode(md5)), crc64)
        } else {
            let mut crc64 = crc64fast::Digest::new();
            read_pieces(&pieces, 0, size, |bytes| {
                crc64.write(bytes);
                Ok(())
            })?;
            (None, crc64.sum64())
        };
        let mut attributes = upload.record.attributes;
        attributes.acl = acl;
        let record = VersionRecord {
            id: String::new(),
            is_marker: false,
            is_multipart: true,
            size,
            crc64,
            etag: object_etag(&parts),
            content_md5: md5,
            modified: now,
            attributes,
            pieces: parts.iter().map(|part| part.record.blob.clone()).collect(),
        };
        Ok(Version { record, pieces })
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Upper-case MD5 of the part ETags one after the other, a hyphen, and their number.
fn object_etag(parts: &[Part]) -> String {
    let mut md5 = Md5::new();
    parts.iter().for_each(|part| md5.update(&part.record.etag));
    format!("{}-{}", hex::encode_upper(md5.finalize()), parts.len())
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
