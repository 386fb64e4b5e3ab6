//! Unfinished uploads and their parts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::record::{PartRecord, UploadRecord};
use super::{Blob, Put, Store, Version, disk, objects};

/// An uploaded part.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) record: PartRecord,
    pub(crate) blob: Arc<Blob>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// The list of parts is fixed; only the bytes are still being read.
    Completing,
    /// Gone for clients, remembered while parts are in flight that shall be kept.
    Aborted,
    /// Aborted, and a part has landed since.
    Leftover,
}

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) record: UploadRecord,
    pub(super) parts: BTreeMap<u32, Part>,
    stage: Stage,
    in_flight: u32,
    /// Held by the one Complete that runs.
    gate: Arc<tokio::sync::Mutex<()>>,
}

impl Upload {
    pub(super) fn new(record: UploadRecord) -> Self {
        let stage = if record.leftover { Stage::Leftover } else { Stage::Open };
        Self { record, parts: BTreeMap::new(), stage, in_flight: 0, gate: Arc::default() }
    }

    fn is(&self, bucket: &str, key: &str) -> bool {
        self.record.bucket == bucket && self.record.key == key
    }
}

/// An upload as it was at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) record: UploadRecord,
    pub(crate) parts: BTreeMap<u32, Part>,
}

/// A part on its way; the upload knows of it until this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    store: Arc<Store>,
    pub(crate) record: UploadRecord,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.store.lock();
        let Some(upload) = state.uploads.get_mut(&self.record.id) else { return };
        upload.in_flight = upload.in_flight.saturating_sub(1);
        if upload.stage == Stage::Aborted && upload.in_flight == 0 {
            state.uploads.remove(&self.record.id);
        }
    }
}

/// What became of a part whose bytes have arrived.
#[derive(Debug)]
pub(crate) enum Landed {
    Stored,
    NoUpload,
    /// Sequential uploads: not the next number, or a number that is there already.
    NotNext,
    Exists(Box<Part>),
}

/// What Abort found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Aborted {
    Done,
    NoUpload,
}

impl Store {
    pub(crate) fn initiate(&self, record: UploadRecord) -> io::Result<()> {
        let mut state = self.lock();
        disk::write_upload(&self.root, &record)?;
        state.uploads.insert(record.id.clone(), Upload::new(record));
        Ok(())
    }

    /// The upload with its parts, if clients can see it.
    pub(crate) fn upload(&self, bucket: &str, key: &str, id: &str) -> Option<Snapshot> {
        let state = self.lock();
        let upload = state.uploads.get(id).filter(|upload| upload.is(bucket, key))?;
        (upload.stage != Stage::Aborted)
            .then(|| Snapshot { record: upload.record.clone(), parts: upload.parts.clone() })
    }

    /// The bucket's uploads in the order of key and ID.
    pub(crate) fn uploads(&self, bucket: &str) -> Vec<Snapshot> {
        let state = self.lock();
        let mut found: Vec<Snapshot> = state
            .uploads
            .values()
            .filter(|upload| upload.record.bucket == bucket && upload.stage != Stage::Aborted)
            .map(|upload| Snapshot { record: upload.record.clone(), parts: upload.parts.clone() })
            .collect();
        found.sort_by(|a, b| (&a.record.key, &a.record.id).cmp(&(&b.record.key, &b.record.id)));
        found
    }

    /// Announces a part; `None` if the upload takes no more.
    pub(crate) fn begin_part(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Option<InFlight> {
        let mut state = self.lock();
        let upload = state.uploads.get_mut(id).filter(|upload| upload.is(bucket, key))?;
        if upload.stage != Stage::Open {
            return None;
        }
        upload.in_flight += 1;
        Some(InFlight { store: Arc::clone(self), record: upload.record.clone() })
    }

    /// Keeps a part whose bytes are complete. The last to land under a number wins.
    pub(crate) fn land_part(&self, flight: &InFlight, part: Part) -> io::Result<Landed> {
        let mut state = self.lock();
        let id = &flight.record.id;
        let Some(upload) = state.uploads.get_mut(id) else { return Ok(Landed::NoUpload) };
        match upload.stage {
            Stage::Completing => return Ok(Landed::NoUpload),
            Stage::Aborted => {
                upload.record.leftover = true;
                upload.stage = Stage::Leftover;
                disk::write_upload(&self.root, &upload.record)?;
            }
            Stage::Open | Stage::Leftover => {}
        }
        if upload.record.sequential {
            if let Some(old) = upload.parts.get(&part.record.number) {
                return Ok(Landed::Exists(Box::new(old.clone())));
            }
            let last = upload.parts.keys().next_back().copied().unwrap_or_default();
            if part.record.number != last + 1 {
                return Ok(Landed::NotNext);
            }
        }
        disk::write_part(&self.root, id, &part.record)?;
        part.blob.keep();
        if let Some(old) = upload.parts.insert(part.record.number, part) {
            old.blob.give_up();
        }
        Ok(Landed::Stored)
    }

    /// Frees all parts. `keep_stragglers`: what is in flight will be kept when it lands.
    pub(crate) fn abort(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        keep_stragglers: bool,
    ) -> io::Result<Aborted> {
        let mut state = self.lock();
        let Some(upload) = state.uploads.get_mut(id).filter(|upload| upload.is(bucket, key)) else {
            return Ok(Aborted::NoUpload);
        };
        if matches!(upload.stage, Stage::Aborted | Stage::Completing) {
            return Ok(Aborted::NoUpload);
        }
        disk::remove_upload(&self.root, id)?;
        upload.parts.values().for_each(|part| part.blob.give_up());
        upload.parts.clear();
        upload.stage = Stage::Aborted;
        if upload.in_flight == 0 || !keep_stragglers {
            state.uploads.remove(id);
        }
        Ok(Aborted::Done)
    }

    /// The gate a Complete has to hold; a second one waits for the first.
    pub(crate) fn gate(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let state = self.lock();
        let upload = state.uploads.get(id).filter(|upload| upload.is(bucket, key))?;
        Some(Arc::clone(&upload.gate))
    }

    /// From now on no part is taken, unless a listed one has been replaced meanwhile: then its number
    /// is returned. The caller holds the gate, so the upload is open.
    pub(crate) fn fix_list(&self, id: &str, listed: &[Part]) -> Option<u32> {
        let mut state = self.lock();
        let upload = state.uploads.get_mut(id)?;
        let replaced = listed.iter().find(|part| {
            let now = upload.parts.get(&part.record.number);
            now.is_none_or(|now| !Arc::ptr_eq(&now.blob, &part.blob))
        });
        match replaced {
            Some(part) => Some(part.record.number),
            None => {
                upload.stage = Stage::Completing;
                None
            }
        }
    }

    /// Undoes [`Store::fix_list`].
    pub(crate) fn reopen(&self, id: &str) {
        if let Some(upload) = self.lock().uploads.get_mut(id) {
            upload.stage = Stage::Open;
        }
    }

    /// Makes the object out of the fixed list and forgets the upload, as one step.
    pub(crate) fn finish(&self, id: &str, version: Version, forbid: bool) -> io::Result<Put> {
        let mut state = self.lock();
        let Some(upload) = state.uploads.get(id) else { return Ok(Put::NoBucket) };
        let (bucket, key) = (upload.record.bucket.clone(), upload.record.key.clone());
        if forbid && !objects::is_free(&state, &bucket, &key) {
            return Ok(Put::Exists);
        }
        let used: BTreeSet<String> =
            version.pieces.iter().map(|piece| piece.name.clone()).collect();
        let put = self.insert(&mut state, &bucket, &key, version)?;
        if let Some(upload) = state.uploads.remove(id) {
            let unused = upload.parts.values().filter(|part| !used.contains(&part.blob.name));
            unused.for_each(|part| part.blob.give_up());
            disk::remove_upload(&self.root, id)?;
        }
        Ok(put)
    }
}
