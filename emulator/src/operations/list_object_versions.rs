//! ListObjectVersions.

use std::sync::Arc;

use super::list_objects::{describe, prefixes};
use super::listing::{ListParameters, Listed, page};
use super::owner;
use crate::clock::xml_date;
use crate::error::RequestError;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::store::Version;

/// A version with its key; the latest version of a key comes first.
#[derive(Debug)]
struct ListedVersion {
    key: String,
    version: Arc<Version>,
    is_latest: bool,
}

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let encode = request.url_encoding()?;
    let max = request.limit("max-keys", 100, 1000)?;
    request.discard_body().await?;
    let text = |name: &str| request.query.value(name).unwrap_or_default();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let key_marker = text("key-marker");
    let id_marker = if key_marker.is_empty() { "" } else { text("version-id-marker") };
    let versions = after(listed_versions(request), key_marker, id_marker);
    let entries = versions.iter().map(|listed| (listed.key.as_str(), listed));
    let page = page(entries, &ListParameters { prefix, delimiter, max });
    let mut document = request.document("ListVersionsResult");
    document.element("Name", &request.bucket);
    document.element("Prefix", &request.encoded(prefix, encode));
    document.element("KeyMarker", &request.encoded(key_marker, encode));
    document.element("VersionIdMarker", id_marker);
    document.element("MaxKeys", &max.to_string());
    document.element("Delimiter", &request.encoded(delimiter, encode));
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("IsTruncated", &page.truncated.to_string());
    if let Some(last) = page.last.filter(|_| page.truncated) {
        document.element("NextKeyMarker", &request.encoded(&last.key, encode));
        document.element("NextVersionIdMarker", &last.version.record.id);
    }
    for listed in &page.listed {
        let Listed::Entry(entry) = listed else { continue };
        let is_marker = entry.version.record.is_marker;
        document.open(if is_marker { "DeleteMarker" } else { "Version" });
        document.element("Key", &request.encoded(&entry.key, encode));
        document.element("VersionId", &entry.version.record.id);
        document.element("IsLatest", &entry.is_latest.to_string());
        if is_marker {
            document.element("LastModified", &xml_date(entry.version.record.modified));
        } else {
            describe(&mut document, &entry.version);
        }
        owner::element(&mut document);
        document.close();
    }
    prefixes(&mut document, request, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}

fn listed_versions(request: &OperationRequest) -> Vec<ListedVersion> {
    let mut listed = Vec::new();
    for (key, versions) in request.store().objects(&request.bucket) {
        for (age, version) in versions.into_iter().rev().enumerate() {
            listed.push(ListedVersion { key: key.clone(), version, is_latest: age == 0 });
        }
    }
    listed
}

fn after(mut versions: Vec<ListedVersion>, key: &str, id: &str) -> Vec<ListedVersion> {
    let is_marker = |listed: &ListedVersion| listed.key == key && listed.version.record.id == id;
    let skip = match versions.iter().position(is_marker) {
        Some(index) => index + 1,
        None => versions.partition_point(|listed| listed.key.as_str() <= key),
    };
    versions.drain(..skip);
    versions
}
