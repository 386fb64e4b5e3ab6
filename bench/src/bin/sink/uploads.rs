//! State of the uploads: checksums for the response to Complete, sizes for the response to HEAD.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crc_fast::{CrcAlgorithm, checksum_combine};

#[derive(Default)]
pub struct Uploads(Mutex<State>);

#[derive(Default)]
struct State {
    last_id: u64,
    unfinished: HashMap<String, BTreeMap<u32, Part>>,
    /// Size of each object that was uploaded in parts.
    objects: HashMap<String, u64>,
}

/// A part; without a CRC-64 if its body was discarded.
pub struct Part {
    pub length: u64,
    pub crc64: Option<u64>,
}

impl Uploads {
    /// Starts an upload and returns its ID.
    pub fn initiate(&self) -> String {
        let mut state = self.lock();
        state.last_id += 1;
        format!("{:032X}", state.last_id)
    }

    pub fn add(&self, upload_id: &str, number: u32, part: Part) {
        self.lock().unfinished.entry(upload_id.to_owned()).or_default().insert(number, part);
    }

    /// Completes an upload and returns the CRC-64 of the object, if its parts were read.
    pub fn complete(&self, upload_id: &str, path: &str) -> Option<u64> {
        let mut state = self.lock();
        let parts = state.unfinished.remove(upload_id)?;
        let size = parts.values().map(|part| part.length).sum();
        state.objects.insert(path.to_owned(), size);
        parts.into_values().try_fold(0, |whole, part| {
            Some(checksum_combine(CrcAlgorithm::Crc64Xz, whole, part.crc64?, part.length))
        })
    }

    pub fn abort(&self, upload_id: &str) {
        self.lock().unfinished.remove(upload_id);
    }

    pub fn object_size(&self, path: &str) -> Option<u64> {
        self.lock().objects.get(path).copied()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
