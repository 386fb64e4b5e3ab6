//! Assembles an object from parts.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::store::{Digests, Part, UploadSnapshot, Version, VersionRecord, new_crc64, read_blobs};

/// Creates the object version; its CRC-64 is computed from the content.
pub(super) async fn assemble(
    upload: UploadSnapshot,
    parts: Vec<Part>,
    acl: Option<String>,
    now: i64,
) -> std::io::Result<Version> {
    let work = move || {
        let blobs: Vec<_> = parts.iter().map(|part| Arc::clone(&part.blob)).collect();
        let size = blobs.iter().map(|blob| blob.size).sum();
        let (md5, crc64) = if upload.record.sequential {
            let mut digests = Digests::new();
            read_blobs(&blobs, 0, size, |bytes| {
                digests.update(bytes);
                Ok(())
            })?;
            let (md5, crc64) = digests.finish();
            (Some(STANDARD.encode(md5)), crc64)
        } else {
            let mut crc64 = new_crc64();
            read_blobs(&blobs, 0, size, |bytes| {
                crc64.update(bytes);
                Ok(())
            })?;
            (None, crc64.finalize())
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
            blobs: parts.iter().map(|part| part.record.blob.clone()).collect(),
        };
        Ok(Version { record, blobs })
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Returns the upper-case MD5 of the concatenated part ETags, a hyphen, and the number of parts.
fn object_etag(parts: &[Part]) -> String {
    let mut md5 = Md5::new();
    parts.iter().for_each(|part| md5.update(&part.record.etag));
    format!("{}-{}", hex::encode_upper(md5.finalize()), parts.len())
}
