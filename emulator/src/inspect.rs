//! What tests can see of the emulator's store.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::store::{Blob, UploadSnapshot, Version, read_blobs};

/// The newest version of an object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ObjectView {
    /// Bytes.
    pub size: u64,
    /// CRC-64 of the whole content.
    pub crc64: u64,
    /// Without quotes.
    pub etag: String,
    /// Base64 MD5 of the content; absent for ordinary multipart objects.
    pub content_md5: Option<String>,
    /// As the client sent it.
    pub content_type: Option<String>,
    /// User metadata, names without `x-oss-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// Cache-Control and the like, and the encryption headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Tags in the order sent.
    pub tags: Vec<(String, String)>,
    /// Object ACL, if one was set.
    pub acl: Option<String>,
    /// Storage class, if one was set.
    pub storage_class: Option<String>,
    /// Made by CompleteMultipartUpload.
    pub is_multipart: bool,
    /// `null` in a bucket without versions.
    pub version_id: String,
    blobs: Vec<Arc<Blob>>,
}

impl ObjectView {
    pub(crate) fn of(version: &Version) -> Self {
        let record = &version.record;
        let attributes = record.attributes.clone();
        let mut headers = attributes.headers;
        headers.extend(attributes.encryption);
        Self {
            size: record.size,
            crc64: record.crc64,
            etag: record.etag.clone(),
            content_md5: record.content_md5.clone(),
            content_type: attributes.content_type,
            metadata: attributes.meta,
            headers,
            tags: attributes.tags,
            acl: attributes.acl,
            storage_class: attributes.storage_class,
            is_multipart: record.is_multipart,
            version_id: record.id.clone(),
            blobs: version.blobs.clone(),
        }
    }

    /// The content, also after the object was replaced or deleted meanwhile.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        read_blobs(&self.blobs, 0, self.size, |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(content)
    }
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadView {
    /// Target key.
    pub key: String,
    /// Upload ID.
    pub upload_id: String,
    /// Ascending by number.
    pub parts: Vec<PartView>,
}

/// An uploaded part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartView {
    /// 1 to 10000.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// CRC-64.
    pub crc64: u64,
    /// Without quotes.
    pub etag: String,
}

impl UploadView {
    pub(crate) fn of(snapshot: &UploadSnapshot) -> Self {
        let parts = snapshot.parts.values().map(|part| PartView {
            number: part.record.number,
            size: part.record.blob.size,
            crc64: part.record.crc64,
            etag: part.record.etag.clone(),
        });
        Self {
            key: snapshot.record.key.clone(),
            upload_id: snapshot.record.id.clone(),
            parts: parts.collect(),
        }
    }
}
