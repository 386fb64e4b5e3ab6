//! The headers that describe an object, for GET and HEAD, and the search for the version meant.

use std::sync::Arc;

use hyper::StatusCode;

use crate::call::{Call, quoted};
use crate::clock::http_date;
use crate::error::OssError;
use crate::reply::Reply;
use crate::store::{Version, Versioning};

/// The version the request names, or the newest.
pub(super) fn find(call: &Call) -> Result<Arc<Version>, OssError> {
    let asked = call.query.value("versionId");
    let found = match asked {
        Some(id) => call.store().version(&call.bucket, &call.key, id),
        None => call.store().current(&call.bucket, &call.key),
    };
    match (found, asked) {
        (Some(version), _) if !version.record.is_marker => Ok(version),
        (Some(marker), None) => Err(OssError::no_such_key(&call.key)
            .header("x-oss-delete-marker", "true")
            .header("x-oss-version-id", marker.record.id.clone())),
        (Some(marker), Some(_)) => {
            Err(OssError::method_not_allowed(call.method.as_str(), "DeleteMarker", "DELETE")
                .header("x-oss-delete-marker", "true")
                .header("x-oss-version-id", marker.record.id.clone()))
        }
        (None, Some(id)) => Err(OssError::no_such_version(&call.key, id)),
        (None, None) => Err(OssError::no_such_key(&call.key)),
    }
}

/// Everything HEAD says but the length.
pub(super) fn describe(call: &Call, version: &Version) -> Reply {
    let record = &version.record;
    let attributes = &record.attributes;
    let mut reply = cheap(call, version)
        .header("accept-ranges", "bytes")
        .header(
            "content-type",
            attributes.content_type.as_deref().unwrap_or("application/octet-stream"),
        )
        .header("x-oss-object-type", if record.is_multipart { "Multipart" } else { "Normal" })
        .header("x-oss-storage-class", attributes.storage_class.as_deref().unwrap_or("Standard"));
    if let Some(md5) = &record.content_md5 {
        reply.set("content-md5", md5);
    }
    for (name, value) in attributes.headers.iter().chain(&attributes.encryption) {
        reply.set(name, value);
    }
    for (name, value) in &attributes.meta {
        reply.set(&format!("x-oss-meta-{name}"), value);
    }
    if !attributes.tags.is_empty() {
        reply.set("x-oss-tagging-count", &attributes.tags.len().to_string());
    }
    reply
}

/// The headers of GetObjectMeta, again without the length.
pub(super) fn cheap(call: &Call, version: &Version) -> Reply {
    let record = &version.record;
    let reply = Reply::new(StatusCode::OK)
        .header("last-modified", http_date(record.modified))
        .header("etag", quoted(&record.etag))
        .header("x-oss-hash-crc64ecma", record.crc64.to_string());
    let versioning = call.store().bucket(&call.bucket).map(|bucket| bucket.versioning);
    if versioning.is_none_or(|state| state == Versioning::Unset) {
        return reply;
    }
    reply.header("x-oss-version-id", &record.id)
}
