//! ListObjectVersions.

use std::sync::Arc;

use super::list_objects::{describe, prefixes};
use super::listing::{Listed, Query, page};
use super::owner;
use crate::call::Call;
use crate::clock::xml_date;
use crate::error::RequestError;
use crate::response::OssResponse;
use crate::store::Version;

/// A version in its place: newest first within its key.
#[derive(Debug)]
struct Placed {
    key: String,
    version: Arc<Version>,
    is_latest: bool,
}

pub(super) async fn run(call: &mut Call) -> Result<OssResponse, RequestError> {
    let encode = call.encodes()?;
    let max = call.limit("max-keys", 100, 1000)?;
    call.no_body().await?;
    let text = |name: &str| call.query.value(name).unwrap_or_default();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let key_marker = text("key-marker");
    let id_marker = if key_marker.is_empty() { "" } else { text("version-id-marker") };
    let placed = after(place(call), key_marker, id_marker);
    let entries = placed.iter().map(|placed| (placed.key.as_str(), placed));
    let page = page(entries, &Query { prefix, delimiter, max });
    let mut document = call.document("ListVersionsResult");
    document.element("Name", &call.bucket);
    document.element("Prefix", &call.encoded(prefix, encode));
    document.element("KeyMarker", &call.encoded(key_marker, encode));
    document.element("VersionIdMarker", id_marker);
    document.element("MaxKeys", &max.to_string());
    document.element("Delimiter", &call.encoded(delimiter, encode));
    if encode {
        document.element("EncodingType", "url");
    }
    document.element("IsTruncated", &page.truncated.to_string());
    if let Some(last) = page.last.filter(|_| page.truncated) {
        document.element("NextKeyMarker", &call.encoded(&last.key, encode));
        document.element("NextVersionIdMarker", &last.version.record.id);
    }
    for listed in &page.listed {
        let Listed::Entry(placed) = listed else { continue };
        let is_marker = placed.version.record.is_marker;
        document.open(if is_marker { "DeleteMarker" } else { "Version" });
        document.element("Key", &call.encoded(&placed.key, encode));
        document.element("VersionId", &placed.version.record.id);
        document.element("IsLatest", &placed.is_latest.to_string());
        if is_marker {
            document.element("LastModified", &xml_date(placed.version.record.modified));
        } else {
            describe(&mut document, &placed.version);
        }
        owner::element(&mut document);
        document.close();
    }
    prefixes(&mut document, call, &page.prefixes(), encode);
    Ok(OssResponse::xml(document))
}

fn place(call: &Call) -> Vec<Placed> {
    let mut placed = Vec::new();
    for (key, versions) in call.store().objects(&call.bucket) {
        for (age, version) in versions.into_iter().rev().enumerate() {
            placed.push(Placed { key: key.clone(), version, is_latest: age == 0 });
        }
    }
    placed
}

fn after(mut placed: Vec<Placed>, key: &str, id: &str) -> Vec<Placed> {
    let named = |placed: &Placed| placed.key == key && placed.version.record.id == id;
    let skip = match placed.iter().position(named) {
        Some(index) => index + 1,
        None => placed.partition_point(|placed| placed.key.as_str() <= key),
    };
    placed.drain(..skip);
    placed
}
