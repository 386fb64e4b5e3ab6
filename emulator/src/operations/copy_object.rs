//! CopyObject.

use std::sync::Arc;

use super::attributes;
use super::checks::MAX_BODY;
use super::conditions::{self, COPY};
use super::upload_part_copy::{check_not_archived, copy, find, parse_source};
use crate::clock;
use crate::error::{OssError, RequestError};
use crate::operation_request::{OperationRequest, quoted};
use crate::response::OssResponse;
use crate::store::{Attributes, BlobRecord, PutOutcome, Version, VersionRecord, Versioning};

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let source = parse_source(&request.header("x-oss-copy-source").unwrap_or_default())?;
    let forbid = request.flag("x-oss-forbid-overwrite")?.unwrap_or_default();
    let sent = attributes::parse(request)?;
    let acl = attributes::acl(request)?;
    let keeps_metadata = keeps(request, "x-oss-metadata-directive")?;
    let keeps_tags = keeps(request, "x-oss-tagging-directive")?;
    request.discard_body().await?;
    let (version, versioning) = find(request, &source)?;
    let found = version.record.clone();
    conditions::check(request, COPY, &found)?;
    check_not_archived(&version)?;
    if found.size > MAX_BODY {
        let text = "The object is too large to be copied by CopyObject.";
        return Err(OssError::bad_request("EntityTooLarge", text).into());
    }
    let sealed = copy(request.store().new_blob()?, Arc::clone(&version), 0, found.size).await?;
    let of_source = found.attributes;
    // Of an object that is copied onto itself, the metadata of the source is ignored.
    let is_itself = source.bucket == request.bucket && source.key == request.key;
    let keeps_metadata = keeps_metadata && !(is_itself && versioning != Versioning::Enabled);
    let content = if keeps_metadata { &of_source } else { &sent };
    let record = VersionRecord {
        id: String::new(),
        modified: request.now,
        attributes: Attributes {
            content_type: content.content_type.clone(),
            headers: content.headers.clone(),
            meta: content.meta.clone(),
            tags: if keeps_tags { of_source.tags } else { sent.tags },
            storage_class: sent.storage_class,
            encryption: sent.encryption,
            acl,
        },
        blobs: vec![BlobRecord { name: sealed.blob.name.clone(), size: sealed.blob.size }],
        ..version.record.clone()
    };
    let mut document = request.document("CopyObjectResult");
    document.element("LastModified", &clock::xml_date(request.now));
    document.element("ETag", &quoted(&record.etag));
    let mut response = OssResponse::xml(document);
    if versioning != Versioning::Unset {
        response.set("x-oss-copy-source-version-id", &version.record.id);
    }
    if request.options.copy_crc {
        response.set("x-oss-hash-crc64ecma", &record.crc64.to_string());
    }
    let copied = Version { record, blobs: vec![sealed.blob] };
    match request.store().put_version(&request.bucket, &request.key, copied, forbid)? {
        PutOutcome::Stored(version_id) => {
            if let Some(id) = version_id {
                response.set("x-oss-version-id", &id);
            }
            Ok(response)
        }
        PutOutcome::Exists => Err(OssError::file_already_exists().into()),
        PutOutcome::NoBucket => Err(OssError::no_such_bucket(&request.bucket).into()),
    }
}

/// Returns whether the directive, in any case, is COPY, which is the default, or REPLACE.
fn keeps(request: &OperationRequest, name: &str) -> Result<bool, OssError> {
    match request.header(name) {
        None => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("COPY") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("REPLACE") => Ok(false),
        Some(value) => Err(OssError::argument(name, &value, "The directive is not valid.")),
    }
}
