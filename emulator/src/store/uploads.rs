//! Incomplete uploads and their parts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::objects::PutOutcome;
use super::record::UploadRecord;
use super::state::{Part, Stage, Upload, Version};
use super::{Store, disk};

/// A copy of an upload and its parts.
#[derive(Debug, Clone)]
pub(crate) struct UploadSnapshot {
    pub(crate) record: UploadRecord,
    pub(crate) parts: BTreeMap<u32, Part>,
}

/// A part being received; counted in its upload until dropped.
#[derive(Debug)]
pub(crate) struct InFlightPart {
    store: Arc<Store>,
    pub(crate) record: UploadRecord,
}

impl Drop for InFlightPart {
    fn drop(&mut self) {
        let mut state = self.store.lock();
        let Some(upload) = state.uploads.get_mut(&self.record.id) else { return };
        upload.in_flight = upload.in_flight.saturating_sub(1);
        if upload.stage == Stage::Aborted && upload.in_flight == 0 {
            state.uploads.remove(&self.record.id);
        }
    }
}

/// Result of storing a part.
#[derive(Debug)]
pub(crate) enum FinishPartOutcome {
    Stored,
    NoUpload,
    /// Sequential uploads: not the next part number.
    NotNext,
    Exists(Box<Part>),
}

/// Result of an abort.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AbortOutcome {
    Aborted,
    NoUpload,
}

impl Store {
    pub(crate) fn initiate(&self, record: UploadRecord) -> io::Result<()> {
        let mut state = self.lock();
        disk::write_upload(&self.root, &record)?;
        state.uploads.insert(record.id.clone(), Upload::new(record));
        Ok(())
    }

    /// Returns the upload and its parts, if visible to clients.
    pub(crate) fn upload(&self, bucket: &str, key: &str, id: &str) -> Option<UploadSnapshot> {
        let state = self.lock();
        let upload = state.uploads.get(id).filter(|upload| upload.is(bucket, key))?;
        (upload.stage != Stage::Aborted)
            .then(|| UploadSnapshot { record: upload.record.clone(), parts: upload.parts.clone() })
    }

    /// Returns the uploads of a bucket, ordered by key and upload ID.
    pub(crate) fn uploads(&self, bucket: &str) -> Vec<UploadSnapshot> {
        let state = self.lock();
        let mut found: Vec<UploadSnapshot> = state
            .uploads
            .values()
            .filter(|upload| upload.record.bucket == bucket && upload.stage != Stage::Aborted)
            .map(|upload| UploadSnapshot {
                record: upload.record.clone(),
                parts: upload.parts.clone(),
            })
            .collect();
        found.sort_by(|a, b| (&a.record.key, &a.record.id).cmp(&(&b.record.key, &b.record.id)));
        found
    }

    /// Registers a part that is being received; `None` if the upload does not exist or is not open.
    pub(crate) fn begin_part(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Option<InFlightPart> {
        let mut state = self.lock();
        let upload = state.uploads.get_mut(id).filter(|upload| upload.is(bucket, key))?;
        if upload.stage != Stage::Open {
            return None;
        }
        upload.in_flight += 1;
        Some(InFlightPart { store: Arc::clone(self), record: upload.record.clone() })
    }

    /// Stores a received part. The last one received for a part number wins.
    pub(crate) fn finish_part(
        &self,
        in_flight_part: &InFlightPart,
        part: Part,
    ) -> io::Result<FinishPartOutcome> {
        let mut state = self.lock();
        let id = &in_flight_part.record.id;
        let Some(upload) = state.uploads.get_mut(id) else {
            return Ok(FinishPartOutcome::NoUpload);
        };
        match upload.stage {
            Stage::Completing => return Ok(FinishPartOutcome::NoUpload),
            Stage::Aborted => {
                upload.record.leftover = true;
                upload.stage = Stage::Leftover;
                disk::write_upload(&self.root, &upload.record)?;
            }
            Stage::Open | Stage::Leftover => {}
        }
        if upload.record.sequential {
            if let Some(old) = upload.parts.get(&part.record.number) {
                return Ok(FinishPartOutcome::Exists(Box::new(old.clone())));
            }
            let last = upload.parts.keys().next_back().copied().unwrap_or_default();
            if part.record.number != last + 1 {
                return Ok(FinishPartOutcome::NotNext);
            }
        }
        disk::write_part(&self.root, id, &part.record)?;
        part.blob.keep();
        if let Some(old) = upload.parts.insert(part.record.number, part) {
            old.blob.delete_on_drop();
        }
        Ok(FinishPartOutcome::Stored)
    }

    /// Deletes all parts. With `keep_stragglers`, parts in flight are stored when they arrive.
    pub(crate) fn abort(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        keep_stragglers: bool,
    ) -> io::Result<AbortOutcome> {
        let mut state = self.lock();
        let Some(upload) = state.uploads.get_mut(id).filter(|upload| upload.is(bucket, key)) else {
            return Ok(AbortOutcome::NoUpload);
        };
        if matches!(upload.stage, Stage::Aborted | Stage::Completing) {
            return Ok(AbortOutcome::NoUpload);
        }
        disk::remove_upload(&self.root, id)?;
        upload.parts.values().for_each(|part| part.blob.delete_on_drop());
        upload.parts.clear();
        upload.stage = Stage::Aborted;
        if upload.in_flight == 0 || !keep_stragglers {
            state.uploads.remove(id);
        }
        Ok(AbortOutcome::Aborted)
    }

    /// Returns the lock that serializes completion and abort of an upload.
    pub(crate) fn complete_lock(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let state = self.lock();
        let upload = state.uploads.get(id).filter(|upload| upload.is(bucket, key))?;
        Some(Arc::clone(&upload.complete_lock))
    }

    /// Stops accepting parts. Returns the number of a listed part that has been replaced, in which
    /// case the upload stays open. The caller holds the complete lock.
    pub(crate) fn begin_complete(&self, id: &str, listed: &[Part]) -> Option<u32> {
        let mut state = self.lock();
        let upload = state.uploads.get_mut(id)?;
        let replaced = listed.iter().find(|part| {
            let current = upload.parts.get(&part.record.number);
            current.is_none_or(|current| !Arc::ptr_eq(&current.blob, &part.blob))
        });
        match replaced {
            Some(part) => Some(part.record.number),
            None => {
                upload.stage = Stage::Completing;
                None
            }
        }
    }

    /// Reverts [`Store::begin_complete`].
    pub(crate) fn revert_complete(&self, id: &str) {
        if let Some(upload) = self.lock().uploads.get_mut(id) {
            upload.stage = Stage::Open;
        }
    }

    /// Creates the object from the listed parts and removes the upload, atomically.
    pub(crate) fn commit_complete(
        &self,
        id: &str,
        version: Version,
        forbid: bool,
    ) -> io::Result<PutOutcome> {
        let mut state = self.lock();
        let Some(upload) = state.uploads.get(id) else { return Ok(PutOutcome::NoBucket) };
        let (bucket, key) = (upload.record.bucket.clone(), upload.record.key.clone());
        if forbid && !state.is_free(&bucket, &key) {
            return Ok(PutOutcome::Exists);
        }
        let used: BTreeSet<String> = version.blobs.iter().map(|blob| blob.name.clone()).collect();
        let put = self.insert(&mut state, &bucket, &key, version)?;
        if let Some(upload) = state.uploads.remove(id) {
            let unused = upload.parts.values().filter(|part| !used.contains(&part.blob.name));
            unused.for_each(|part| part.blob.delete_on_drop());
            disk::remove_upload(&self.root, id)?;
        }
        Ok(put)
    }
}
