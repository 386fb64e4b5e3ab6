//! ListObjectsV2, the older ListObjects, and ListObjectVersions.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::listing::{Listed, Query, page};
use super::owner;
use crate::call::{Call, quoted};
use crate::clock::xml_date;
use crate::error::{OssError, RequestError};
use crate::response::OssResponse;
use crate::store::Version;
use crate::xml::Document;

const DEFAULT_KEYS: u32 = 100;

type Entry<'a> = (&'a str, &'a Arc<Version>);

/// ListObjectsV2: pages by an opaque token.
pub(super) async fn version_two(call: &mut Call) -> Result<OssResponse, RequestError> {
    let encode = call.encodes()?;
    let max = call.limit("max-keys", DEFAULT_KEYS, 1000)?;
    let text = |name: &str| call.query.value(name);
    let token = text("continuation-token");
    let start_after = text("start-after");
    let marker = match token {
        Some(token) => read_token(token)?,
        None => start_after.unwrap_or_default().to_owned(),
    };
    let with_owner = text("fetch-owner") == Some("true");
    let (prefix, delimiter) = (short(call, "prefix")?, short(call, "delimiter")?);
    call.no_body().await?;
    let objects = visible(call);
    let after = objects.iter().filter(|(key, _)| *key > marker);
    let entries = after.map(|(key, version)| (key.as_str(), (key.as_str(), version)));
    let page = page(entries, &Query { prefix: &prefix, delimiter: &delimiter, max });
    let mut document = call.document("ListBucketResult");
    document.element("Name", &call.bucket);
    document.element("Prefix", &call.encoded(&prefix, encode));
    if let Some(name) = call.query.value("start-after") {
        document.element("StartAfter", &call.encoded(name, encode));
    }
    document.element("MaxKeys", &max.to_string());
    if !delimiter.is_empty() {
        document.element("Delimiter", &call.encoded(&delimiter, encode));
    }
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("IsTruncated", &page.truncated.to_string());
    if let Some(token) = call.query.value("continuation-token") {
        document.element("ContinuationToken", &call.encoded(token, encode));
    }
    if let Some((key, _)) = page.last.filter(|_| page.truncated) {
        document.element("NextContinuationToken", &call.encoded(&write_token(key), encode));
    }
    document.element("KeyCount", &page.listed.len().to_string());
    for listed in &page.listed {
        if let Listed::Entry(entry) = listed {
            contents(&mut document, call, entry, encode, with_owner);
        }
    }
    prefixes(&mut document, call, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}

/// ListObjects: pages by the last key.
pub(super) async fn version_one(call: &mut Call) -> Result<OssResponse, RequestError> {
    let encode = call.encodes()?;
    let max = call.limit("max-keys", DEFAULT_KEYS, 1000)?;
    let marker = call.query.value("marker").unwrap_or_default().to_owned();
    let (prefix, delimiter) = (short(call, "prefix")?, short(call, "delimiter")?);
    call.no_body().await?;
    let objects = visible(call);
    let after = objects.iter().filter(|(key, _)| *key > marker);
    let entries = after.map(|(key, version)| (key.as_str(), (key.as_str(), version)));
    let page = page(entries, &Query { prefix: &prefix, delimiter: &delimiter, max });
    let mut document = call.document("ListBucketResult");
    document.element("Name", &call.bucket);
    document.element("Prefix", &call.encoded(&prefix, encode));
    document.element("Marker", &call.encoded(&marker, encode));
    document.element("MaxKeys", &max.to_string());
    document.element("Delimiter", &call.encoded(&delimiter, encode));
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("IsTruncated", &page.truncated.to_string());
    if let Some((key, _)) = page.last.filter(|_| page.truncated) {
        document.element("NextMarker", &call.encoded(key, encode));
    }
    for listed in &page.listed {
        if let Listed::Entry(entry) = listed {
            contents(&mut document, call, entry, encode, true);
        }
    }
    prefixes(&mut document, call, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}

/// Up to 1023 bytes.
fn short(call: &Call, name: &'static str) -> Result<String, OssError> {
    let text = call.query.value(name).unwrap_or_default();
    if text.len() > 1023 {
        return Err(OssError::argument(name, text, "It must be shorter than 1024 bytes."));
    }
    Ok(text.to_owned())
}

/// The newest versions that are objects.
fn visible(call: &Call) -> Vec<(String, Arc<Version>)> {
    let newest = |(key, mut versions): (String, Vec<Arc<Version>>)| Some((key, versions.pop()?));
    let all = call.store().objects(&call.bucket).into_iter().filter_map(newest);
    all.filter(|(_, version)| !version.record.is_marker).collect()
}

fn contents(
    document: &mut Document,
    call: &Call,
    (key, version): &Entry<'_>,
    encode: bool,
    with_owner: bool,
) {
    document.open("Contents");
    document.element("Key", &call.encoded(key, encode));
    describe(document, version);
    if with_owner {
        owner::element(document);
    }
    document.close();
}

/// The elements that every list shows of a version.
pub(super) fn describe(document: &mut Document, version: &Version) {
    let record = &version.record;
    let class = record.attributes.storage_class.as_deref().unwrap_or("Standard");
    document.element("LastModified", &xml_date(record.modified));
    document.element("ETag", &quoted(&record.etag));
    document.element("Type", if record.is_multipart { "Multipart" } else { "Normal" });
    document.element("Size", &record.size.to_string());
    document.element("StorageClass", class);
}

pub(super) fn prefixes(document: &mut Document, call: &Call, prefixes: &[&str], encode: bool) {
    for prefix in prefixes {
        document.open("CommonPrefixes");
        document.element("Prefix", &call.encoded(prefix, encode));
        document.close();
    }
}

/// Base64 with a hyphen for the equals sign, as the service writes it.
fn write_token(key: &str) -> String {
    STANDARD.encode(key).replace('=', "-")
}

fn read_token(token: &str) -> Result<String, OssError> {
    let bytes = STANDARD.decode(token.replace('-', "=")).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        OssError::argument("continuation-token", token, "The continuation token is not valid.")
    })
}
