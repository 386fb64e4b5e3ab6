//! State of the uploads: checksums for the response to Complete, sizes for the response to HEAD, and
//! what copies of parts are made from.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crc_fast::{CrcAlgorithm, checksum_combine};

#[derive(Default)]
pub struct Uploads(Mutex<State>);

#[derive(Default)]
struct State {
    last_id: u64,
    unfinished: HashMap<String, BTreeMap<u32, Part>>,
    /// The parts of each object that was uploaded in parts.
    objects: HashMap<String, Vec<Part>>,
}

/// A part; without checksums if its body was discarded.
#[derive(Clone)]
pub struct Part {
    pub length: u64,
    pub checksums: Option<PartChecksums>,
}

#[derive(Clone)]
pub struct PartChecksums {
    pub md5: [u8; 16],
    pub crc64: u64,
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
        let parts: Vec<Part> = state.unfinished.remove(upload_id)?.into_values().collect();
        let crc64 = parts.iter().try_fold(0, |whole, part| {
            let crc64 = part.checksums.as_ref()?.crc64;
            Some(checksum_combine(CrcAlgorithm::Crc64Xz, whole, crc64, part.length))
        });
        state.objects.insert(path.to_owned(), parts);
        crc64
    }

    /// The part of an object that has exactly this range.
    pub fn part_of_object(&self, path: &str, start: u64, length: u64) -> Option<Part> {
        let state = self.lock();
        let mut offset = 0;
        for part in state.objects.get(path)? {
            if offset == start && part.length == length {
                return Some(part.clone());
            }
            offset += part.length;
        }
        None
    }

    /// At most `most` parts of an unfinished upload, those with numbers above `marker`.
    pub fn parts(&self, upload_id: &str, marker: u32, most: usize) -> Vec<(u32, Part)> {
        let state = self.lock();
        let Some(parts) = state.unfinished.get(upload_id) else { return Vec::new() };
        let after = parts.range(marker.saturating_add(1)..);
        after.take(most).map(|(number, part)| (*number, part.clone())).collect()
    }

    pub fn abort(&self, upload_id: &str) {
        self.lock().unfinished.remove(upload_id);
    }

    pub fn object_size(&self, path: &str) -> Option<u64> {
        let state = self.lock();
        Some(state.objects.get(path)?.iter().map(|part| part.length).sum())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
