//! UploadPartCopy.

use std::sync::Arc;

use tokio::time::sleep;

use super::checks::{MAX_BODY, no_such_upload, part_number, upload_id};
use super::conditions::{self, COPY};
use super::range::{Selected, of_copy};
use super::upload_part::{finish_part, part_etag};
use crate::access::{self, Requester};
use crate::clock;
use crate::error::{OssError, RequestError};
use crate::escape;
use crate::operation_request::{OperationRequest, quoted};
use crate::response::OssResponse;
use crate::route::Operation;
use crate::store::{BlobWriter, SealedBlob, Version, Versioning, read_blobs};

const UNKNOWN_UPLOAD: &str = "0042-00000311";

/// The object to copy from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) bucket: String,
    pub(super) key: String,
    version_id: Option<String>,
}

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let number = part_number(request)?;
    let source = parse_source(&request.header("x-oss-copy-source").unwrap_or_default())?;
    let id = upload_id(request)?.to_owned();
    let in_flight_part = request
        .store()
        .begin_part(&request.bucket, &request.key, &id)
        .ok_or_else(|| no_such_upload(&id, UNKNOWN_UPLOAD))?;
    request.discard_body().await?;
    let (version, versioning) = find(request, &source)?;
    conditions::check(request, COPY, &version.record)?;
    check_not_archived(&version)?;
    let size = version.record.size;
    let selected = request
        .header("x-oss-copy-source-range")
        .map_or(Selected::Whole, |header| of_copy(&header, size));
    let (start, length) = match selected {
        Selected::Slice(start, length) => (start, length),
        Selected::Whole | Selected::Unsatisfiable => (0, size),
    };
    if length > MAX_BODY {
        return Err(OssError::bad_request(
            "EntityTooLarge",
            "The copied part exceeds the maximum allowed size.",
        )
        .into());
    }
    let sealed = copy(request.store().new_blob()?, Arc::clone(&version), start, length).await?;
    let delay = request.traffic_limit.map(|limit| limit.time_for(length));
    sleep(delay.unwrap_or_default()).await;
    let etag = quoted(&part_etag(request, &sealed));
    let crc64 = sealed.crc64;
    finish_part(request, &in_flight_part, number, sealed, UNKNOWN_UPLOAD)?;
    let mut document = request.document("CopyPartResult");
    document.element("LastModified", &clock::xml_date(request.now));
    document.element("ETag", &etag);
    // Two older official SDKs read the ETag from the header, not from the document.
    let mut response = OssResponse::xml(document).header("etag", etag);
    delay.into_iter().for_each(|delay| response.set_delay(delay));
    if selected != Selected::Whole {
        let last = start + length - 1;
        response.set("content-range", &format!("bytes {start}-{last}/{size}"));
    }
    if versioning != Versioning::Unset {
        response.set("x-oss-copy-source-version-id", &version.record.id);
    }
    if request.options.copy_crc {
        response.set("x-oss-hash-crc64ecma", &crc64.to_string());
    }
    Ok(response)
}

/// Parses `/bucket/escaped-key` with an optional `?versionId=`; a plus sign is a space.
pub(super) fn parse_source(header: &str) -> Result<Source, OssError> {
    let invalid = |ec| {
        OssError::argument("x-oss-copy-source", header, "The copy source is not valid.").ec(ec)
    };
    if header.is_empty() {
        return Err(invalid("0042-00000302"));
    }
    let path = header.strip_prefix('/').ok_or_else(|| invalid("0042-00000301"))?;
    let (path, version_id) = match path.rsplit_once("?versionId=") {
        Some((path, id)) => (path, Some(id.to_owned())),
        None => (path, None),
    };
    let path = escape::decode(path);
    let parts = path.as_deref().and_then(|path| path.split_once('/'));
    match parts.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()) {
        Some((bucket, key)) => {
            Ok(Source { bucket: bucket.to_owned(), key: key.to_owned(), version_id })
        }
        None => Err(invalid("0042-00000301")),
    }
}

/// Returns the version to copy and the versioning state of its bucket.
pub(super) fn find(
    request: &OperationRequest,
    source: &Source,
) -> Result<(Arc<Version>, Versioning), OssError> {
    let record = request
        .store()
        .bucket(&source.bucket)
        .ok_or_else(|| OssError::no_such_bucket(&source.bucket))?;
    let requester = Requester {
        signed: request.signed,
        is_owner: request.is_owner,
        pays: request.header("x-oss-request-payer").as_deref() == Some("requester"),
    };
    let bucket = Some((source.bucket.as_str(), &record));
    access::check_access(requester, Operation::GetObject, request.store(), bucket, &source.key)?;
    let Some(id) = &source.version_id else {
        let version = request.store().current(&source.bucket, &source.key);
        return version
            .filter(|version| !version.record.is_marker)
            .map(|version| (version, record.versioning))
            .ok_or_else(|| OssError::no_such_key(&source.key));
    };
    let version = request
        .store()
        .version(&source.bucket, &source.key, id)
        .ok_or_else(|| OssError::no_such_version(&source.key, id))?;
    if version.record.is_marker {
        return Err(OssError::argument(
            "x-oss-copy-source",
            id,
            "The source of a copy cannot be a delete marker.",
        ));
    }
    Ok((version, record.versioning))
}

/// An archived object has to be restored first, which the emulator does not offer.
pub(super) fn check_not_archived(version: &Version) -> Result<(), OssError> {
    let class = version.record.attributes.storage_class.as_deref().unwrap_or_default();
    if class.contains("Archive") {
        let text = "The operation is not valid for the object's state.";
        return Err(OssError::forbidden("InvalidObjectState", text));
    }
    Ok(())
}

pub(super) async fn copy(
    mut writer: BlobWriter,
    version: Arc<Version>,
    start: u64,
    length: u64,
) -> std::io::Result<SealedBlob> {
    let work = move || {
        read_blobs(&version.blobs, start, length, |bytes| writer.write(bytes))?;
        Ok(writer.seal())
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_path_with_an_optional_version() {
        let source = parse_source("/b/a%20b/c+d%3F?versionId=v").unwrap();
        assert_eq!((source.bucket.as_str(), source.key.as_str()), ("b", "a b/c d?"));
        assert_eq!(source.version_id.as_deref(), Some("v"));
        assert_eq!(parse_source("").unwrap_err().ec, Some("0042-00000302"));
        for bad in ["b/k", "/b", "/b/", "//k"] {
            assert_eq!(parse_source(bad).unwrap_err().ec, Some("0042-00000301"), "{bad}");
        }
    }
}
