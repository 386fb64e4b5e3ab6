//! In-memory index of buckets, objects and uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blob::Blob;
use super::record::{BucketRecord, PartRecord, UploadRecord, VersionRecord, Versioning};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) buckets: BTreeMap<String, Bucket>,
    /// By upload ID.
    pub(super) uploads: BTreeMap<String, Upload>,
}

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) record: BucketRecord,
    /// Versions of each key, oldest first; never empty.
    pub(super) objects: BTreeMap<String, Vec<Arc<Version>>>,
}

/// One version of an object, or a delete marker.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) record: VersionRecord,
    /// The content, in order.
    pub(crate) blobs: Vec<Arc<Blob>>,
}

/// An uploaded part.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) record: PartRecord,
    pub(crate) blob: Arc<Blob>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// The parts are fixed and being assembled.
    Completing,
    /// Hidden from clients; kept while parts are in flight.
    Aborted,
    /// Aborted, but a part was stored afterwards.
    Leftover,
}

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) record: UploadRecord,
    pub(super) parts: BTreeMap<u32, Part>,
    pub(super) stage: Stage,
    pub(super) in_flight: u32,
    /// Held during CompleteMultipartUpload and AbortMultipartUpload.
    pub(super) complete_lock: Arc<tokio::sync::Mutex<()>>,
}

impl Upload {
    pub(super) fn new(record: UploadRecord) -> Self {
        let stage = if record.leftover { Stage::Leftover } else { Stage::Open };
        Self { record, parts: BTreeMap::new(), stage, in_flight: 0, complete_lock: Arc::default() }
    }

    pub(super) fn is(&self, bucket: &str, key: &str) -> bool {
        self.record.bucket == bucket && self.record.key == key
    }
}

impl State {
    /// Returns whether an object can be created without overwriting. Versioned buckets never
    /// overwrite.
    pub(super) fn is_free(&self, bucket: &str, key: &str) -> bool {
        self.buckets.get(bucket).is_none_or(|entry| {
            entry.record.versioning != Versioning::Unset || !entry.objects.contains_key(key)
        })
    }
}
