//! Finds the requested version of an object, and builds the headers that describe it.

use std::sync::Arc;

use hyper::StatusCode;

use crate::clock::http_date;
use crate::error::OssError;
use crate::operation_request::{OperationRequest, quoted};
use crate::response::OssResponse;
use crate::store::{Version, Versioning};

/// Returns the requested version, or the latest.
pub(super) fn find(request: &OperationRequest) -> Result<Arc<Version>, OssError> {
    let requested = request.query.value("versionId");
    let found = match requested {
        Some(id) => request.store().version(&request.bucket, &request.key, id),
        None => request.store().current(&request.bucket, &request.key),
    };
    match (found, requested) {
        (Some(version), _) if !version.record.is_marker => Ok(version),
        (Some(marker), None) => Err(OssError::no_such_key(&request.key)
            .header("x-oss-delete-marker", "true")
            .header("x-oss-version-id", marker.record.id.clone())),
        (Some(marker), Some(_)) => {
            Err(OssError::method_not_allowed(request.method.as_str(), "DeleteMarker", "DELETE")
                .header("x-oss-delete-marker", "true")
                .header("x-oss-version-id", marker.record.id.clone()))
        }
        (None, Some(id)) => Err(OssError::no_such_version(&request.key, id)),
        (None, None) => Err(OssError::no_such_key(&request.key)),
    }
}

/// Returns all headers of HeadObject except `Content-Length`.
pub(super) fn describe(request: &OperationRequest, version: &Version) -> OssResponse {
    let record = &version.record;
    let attributes = &record.attributes;
    let mut response = meta_headers(request, version)
        .header("accept-ranges", "bytes")
        .header("content-type", "application/octet-stream")
        .header("x-oss-object-type", if record.is_multipart { "Multipart" } else { "Normal" })
        .header("x-oss-storage-class", attributes.storage_class.as_deref().unwrap_or("Standard"));
    if let Some(md5) = &record.content_md5 {
        response.set("content-md5", md5);
    }
    if let Some(content_type) = &attributes.content_type {
        response.set_bytes("content-type", content_type.as_bytes());
    }
    for (name, value) in &attributes.headers {
        response.set_bytes(name, value.as_bytes());
    }
    for (name, value) in &attributes.encryption {
        response.set(name, value);
    }
    for (name, value) in &attributes.meta {
        response.set_bytes(&format!("x-oss-meta-{name}"), value.as_bytes());
    }
    if !attributes.tags.is_empty() && !request.options.deny_tagging {
        response.set("x-oss-tagging-count", &attributes.tags.len().to_string());
    }
    response
}

/// Returns the headers of GetObjectMeta except `Content-Length`.
pub(super) fn meta_headers(request: &OperationRequest, version: &Version) -> OssResponse {
    let record = &version.record;
    let response = OssResponse::new(StatusCode::OK)
        .header("last-modified", http_date(record.modified))
        .header("etag", quoted(&record.etag))
        .header("x-oss-hash-crc64ecma", record.crc64.to_string());
    let versioning = request.store().bucket(&request.bucket).map(|bucket| bucket.versioning);
    if versioning.is_none_or(|state| state == Versioning::Unset) {
        return response;
    }
    response.header("x-oss-version-id", &record.id)
}
