//! ListObjectsV2 and ListObjects.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::listing::{ListParameters, Listed, page};
use super::owner;
use crate::clock::xml_date;
use crate::error::{OssError, RequestError};
use crate::operation_request::{OperationRequest, quoted};
use crate::response::OssResponse;
use crate::store::Version;
use crate::xml_writer::Document;

const DEFAULT_KEYS: u32 = 100;

type Entry<'a> = (&'a str, &'a Arc<Version>);

/// ListObjectsV2, paginated by an opaque token.
pub(super) async fn version_two(
    request: &mut OperationRequest,
) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let max = request.limit("max-keys", DEFAULT_KEYS, 1000)?;
    let text = |name: &str| request.query.value(name);
    let token = text("continuation-token");
    let start_after = text("start-after");
    let marker = match token {
        Some(token) => read_token(token)?,
        None => start_after.unwrap_or_default().to_owned(),
    };
    let with_owner = text("fetch-owner") == Some("true");
    let (prefix, delimiter) =
        (short_parameter(request, "prefix")?, short_parameter(request, "delimiter")?);
    request.discard_body().await?;
    let objects = visible(request);
    let after = objects.iter().filter(|(key, _)| *key > marker);
    let entries = after.map(|(key, version)| (key.as_str(), (key.as_str(), version)));
    let page = page(entries, &ListParameters { prefix: &prefix, delimiter: &delimiter, max });
    let mut document = request.document("ListBucketResult");
    document.element("Name", &request.bucket);
    document.element("Prefix", &request.encoded(&prefix, encode));
    if let Some(name) = request.query.value("start-after") {
        document.element("StartAfter", &request.encoded(name, encode));
    }
    document.element("MaxKeys", &max.to_string());
    if !delimiter.is_empty() {
        document.element("Delimiter", &request.encoded(&delimiter, encode));
    }
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("IsTruncated", &page.truncated.to_string());
    if let Some(token) = request.query.value("continuation-token") {
        document.element("ContinuationToken", &request.encoded(token, encode));
    }
    if let Some((key, _)) = page.last.filter(|_| page.truncated) {
        document.element("NextContinuationToken", &request.encoded(&write_token(key), encode));
    }
    document.element("KeyCount", &page.listed.len().to_string());
    for listed in &page.listed {
        if let Listed::Entry(entry) = listed {
            contents(&mut document, request, entry, encode, with_owner);
        }
    }
    prefixes(&mut document, request, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}

/// ListObjects, paginated by key.
pub(super) async fn version_one(
    request: &mut OperationRequest,
) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let max = request.limit("max-keys", DEFAULT_KEYS, 1000)?;
    let marker = request.query.value("marker").unwrap_or_default().to_owned();
    let (prefix, delimiter) =
        (short_parameter(request, "prefix")?, short_parameter(request, "delimiter")?);
    request.discard_body().await?;
    let objects = visible(request);
    let after = objects.iter().filter(|(key, _)| *key > marker);
    let entries = after.map(|(key, version)| (key.as_str(), (key.as_str(), version)));
    let page = page(entries, &ListParameters { prefix: &prefix, delimiter: &delimiter, max });
    let mut document = request.document("ListBucketResult");
    document.element("Name", &request.bucket);
    document.element("Prefix", &request.encoded(&prefix, encode));
    document.element("Marker", &request.encoded(&marker, encode));
    document.element("MaxKeys", &max.to_string());
    document.element("Delimiter", &request.encoded(&delimiter, encode));
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("IsTruncated", &page.truncated.to_string());
    if let Some((key, _)) = page.last.filter(|_| page.truncated) {
        document.element("NextMarker", &request.encoded(key, encode));
    }
    for listed in &page.listed {
        if let Listed::Entry(entry) = listed {
            contents(&mut document, request, entry, encode, true);
        }
    }
    prefixes(&mut document, request, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}

/// Returns a parameter of at most 1023 bytes.
fn short_parameter(request: &OperationRequest, name: &'static str) -> Result<String, OssError> {
    let text = request.query.value(name).unwrap_or_default();
    if text.len() > 1023 {
        return Err(OssError::argument(
            name,
            text,
            "The parameter must be shorter than 1024 bytes.",
        ));
    }
    Ok(text.to_owned())
}

/// Returns the latest versions, without delete markers.
fn visible(request: &OperationRequest) -> Vec<(String, Arc<Version>)> {
    let newest = |(key, mut versions): (String, Vec<Arc<Version>>)| Some((key, versions.pop()?));
    let all = request.store().objects(&request.bucket).into_iter().filter_map(newest);
    all.filter(|(_, version)| !version.record.is_marker).collect()
}

fn contents(
    document: &mut Document,
    request: &OperationRequest,
    (key, version): &Entry<'_>,
    encode: bool,
    with_owner: bool,
) {
    document.open("Contents");
    document.element("Key", &request.encoded(key, encode));
    describe(document, version);
    if with_owner {
        owner::element(document);
    }
    document.close();
}

/// Writes the elements common to all lists of versions.
pub(super) fn describe(document: &mut Document, version: &Version) {
    let record = &version.record;
    let class = record.attributes.storage_class.as_deref().unwrap_or("Standard");
    document.element("LastModified", &xml_date(record.modified));
    document.element("ETag", &quoted(&record.etag));
    document.element("Type", if record.is_multipart { "Multipart" } else { "Normal" });
    document.element("Size", &record.size.to_string());
    document.element("StorageClass", class);
}

pub(super) fn prefixes(
    document: &mut Document,
    request: &OperationRequest,
    prefixes: &[&str],
    encode: bool,
) {
    for prefix in prefixes {
        document.open("CommonPrefixes");
        document.element("Prefix", &request.encoded(prefix, encode));
        document.close();
    }
}

/// Encodes a token as base64 with `-` for `=`, like OSS.
fn write_token(key: &str) -> String {
    STANDARD.encode(key).replace('=', "-")
}

fn read_token(token: &str) -> Result<String, OssError> {
    let bytes = STANDARD.decode(token.replace('-', "=")).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        OssError::argument("continuation-token", token, "The continuation token is not valid.")
    })
}
