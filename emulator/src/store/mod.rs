//! Buckets, objects and uploads on disk, with an in-memory index.
//!
//! The directory holds `blobs/` (contents), `buckets/NAME/` (a JSON file for the bucket and one per
//! key) and `uploads/ID/` (a JSON file for the upload and one per part). Records are replaced by
//! rename, so a crash leaves either the old or the new record; unreferenced blobs are removed at
//! the next start.

mod blob;
mod disk;
mod header_text;
mod objects;
mod record;
mod state;
mod uploads;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

pub(crate) use blob::{Blob, BlobWriter, Digests, SealedBlob, new_crc64, read_blobs};
pub(crate) use header_text::HeaderText;
pub(crate) use objects::PutOutcome;
pub(crate) use record::{
    Attributes, BlobRecord, BucketRecord, PartRecord, UploadRecord, VersionRecord, Versioning,
};
pub(crate) use state::{Part, Version};
pub(crate) use uploads::{AbortOutcome, FinishPartOutcome, InFlightPart, UploadSnapshot};

use crate::ids;
use crate::poison::ignore_poison;
use state::{Bucket, State};

/// Persistent store of the emulator.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
    state: Mutex<State>,
}

/// Result of deleting a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeleteBucketOutcome {
    Removed,
    Missing,
    NotEmpty,
}

impl Store {
    /// Opens or creates the directory and loads its contents.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        disk::create_folders(root)?;
        let state = disk::load(root)?;
        Ok(Self { root: root.to_owned(), state: Mutex::new(state) })
    }

    pub(crate) fn new_blob(&self) -> io::Result<BlobWriter> {
        let name = ids::hex32();
        BlobWriter::create(disk::blob_path(&self.root, &name), name)
    }

    pub(crate) fn bucket(&self, name: &str) -> Option<BucketRecord> {
        self.lock().buckets.get(name).map(|bucket| bucket.record.clone())
    }

    pub(crate) fn buckets(&self) -> Vec<(String, BucketRecord)> {
        let state = self.lock();
        state.buckets.iter().map(|(name, bucket)| (name.clone(), bucket.record.clone())).collect()
    }

    /// Creates a bucket or replaces its record.
    pub(crate) fn put_bucket(&self, name: &str, record: BucketRecord) -> io::Result<()> {
        let mut state = self.lock();
        disk::write_bucket(&self.root, name, &record)?;
        if let Some(bucket) = state.buckets.get_mut(name) {
            bucket.record = record;
        } else {
            state.buckets.insert(name.to_owned(), Bucket { record, objects: BTreeMap::new() });
        }
        Ok(())
    }

    /// Deletes an empty bucket.
    pub(crate) fn delete_bucket(&self, name: &str) -> io::Result<DeleteBucketOutcome> {
        let mut state = self.lock();
        let Some(bucket) = state.buckets.get(name) else { return Ok(DeleteBucketOutcome::Missing) };
        if !bucket.objects.is_empty() || state.uploads.values().any(|u| u.record.bucket == name) {
            return Ok(DeleteBucketOutcome::NotEmpty);
        }
        state.buckets.remove(name);
        disk::remove_bucket(&self.root, name)?;
        Ok(DeleteBucketOutcome::Removed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        ignore_poison(self.state.lock())
    }
}
