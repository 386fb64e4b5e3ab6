//! Views of the store for tests.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::store::{Blob, HeaderText, UploadSnapshot, Version, read_blobs};

/// The latest version of an object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ObjectView {
    /// Size in bytes.
    pub size: u64,
    /// CRC-64 of the content.
    pub crc64: u64,
    /// ETag without quotes.
    pub etag: String,
    /// Base64 MD5 of the content; `None` for non-sequential multipart objects.
    pub content_md5: Option<String>,
    /// `Content-Type` as sent by the client.
    pub content_type: Option<String>,
    /// User metadata; names without `x-oss-meta-`, invalid UTF-8 replaced.
    pub metadata: BTreeMap<String, String>,
    /// Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Expires and encryption
    /// headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Tags in the order they were sent.
    pub tags: Vec<(String, String)>,
    /// Object ACL, if set.
    pub acl: Option<String>,
    /// Storage class.
    pub storage_class: Option<String>,
    /// Whether the object was created by CompleteMultipartUpload.
    pub is_multipart: bool,
    /// Version ID; `null` in an unversioned bucket.
    pub version_id: String,
    blobs: Vec<Arc<Blob>>,
}

impl ObjectView {
    pub(crate) fn of(version: &Version) -> Self {
        let record = &version.record;
        let attributes = record.attributes.clone();
        let texts = |values: BTreeMap<String, HeaderText>| -> BTreeMap<String, String> {
            values.into_iter().map(|(name, value)| (name, value.to_text().into_owned())).collect()
        };
        let mut headers = texts(attributes.headers);
        headers.extend(attributes.encryption);
        Self {
            size: record.size,
            crc64: record.crc64,
            etag: record.etag.clone(),
            content_md5: record.content_md5.clone(),
            content_type: attributes.content_type.map(|value| value.to_text().into_owned()),
            metadata: texts(attributes.meta),
            headers,
            tags: attributes.tags,
            acl: attributes.acl,
            storage_class: attributes.storage_class,
            is_multipart: record.is_multipart,
            version_id: record.id.clone(),
            blobs: version.blobs.clone(),
        }
    }

    /// Returns the content, even if the object has since been replaced or deleted.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        read_blobs(&self.blobs, 0, self.size, |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(content)
    }
}

/// An incomplete multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadView {
    /// Key of the object to create.
    pub key: String,
    /// Upload ID.
    pub upload_id: String,
    /// Parts in ascending order of part number.
    pub parts: Vec<PartView>,
}

/// An uploaded part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartView {
    /// Part number, 1 to 10000.
    pub number: u32,
    /// Size in bytes.
    pub size: u64,
    /// CRC-64.
    pub crc64: u64,
    /// ETag without quotes.
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
