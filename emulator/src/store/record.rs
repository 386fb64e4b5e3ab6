//! The JSON records of the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::header_text::HeaderText;

/// Versioning state of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Versioning {
    #[default]
    Unset,
    Enabled,
    Suspended,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) created: i64,
    pub(crate) acl: String,
    pub(crate) storage_class: String,
    pub(crate) redundancy: String,
    pub(crate) versioning: Versioning,
    pub(crate) requester_pays: bool,
}

impl BucketRecord {
    pub(crate) fn new(created: i64) -> Self {
        Self {
            created,
            acl: "private".into(),
            storage_class: "Standard".into(),
            redundancy: "LRS".into(),
            versioning: Versioning::Unset,
            requester_pays: false,
        }
    }
}

/// Headers, metadata, tags and ACL of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) content_type: Option<HeaderText>,
    /// Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Expires; lower-case
    /// names.
    pub(crate) headers: BTreeMap<String, HeaderText>,
    /// Names without the `x-oss-meta-` prefix, lower-case.
    pub(crate) meta: BTreeMap<String, HeaderText>,
    /// That of the bucket, if the client did not name one.
    pub(crate) storage_class: Option<String>,
    /// Encryption headers by full name.
    pub(crate) encryption: BTreeMap<String, String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) acl: Option<String>,
}

/// A file in the blob directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BlobRecord {
    pub(crate) name: String,
    pub(crate) size: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VersionRecord {
    /// `null` unless versioning was enabled when it was created.
    pub(crate) id: String,
    pub(crate) is_marker: bool,
    pub(crate) is_multipart: bool,
    pub(crate) size: u64,
    pub(crate) crc64: u64,
    /// Without quotes.
    pub(crate) etag: String,
    /// Base64; present for ordinary objects and sequential uploads.
    pub(crate) content_md5: Option<String>,
    pub(crate) modified: i64,
    pub(crate) attributes: Attributes,
    pub(crate) blobs: Vec<BlobRecord>,
}

/// All versions of one key, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) key: String,
    pub(crate) versions: Vec<VersionRecord>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) initiated: i64,
    pub(crate) attributes: Attributes,
    pub(crate) sequential: bool,
    pub(crate) forbid_overwrite: bool,
    /// Aborted, but a part that was in flight has been stored since.
    pub(crate) leftover: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) number: u32,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) crc64: u64,
    pub(crate) modified: i64,
    pub(crate) blob: BlobRecord,
}
