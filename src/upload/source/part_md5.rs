//! The MD5 of each part, known before the part is sent, from a kernel that hashes many parts at
//! once; and its CRC-64, if that is needed before the part is sent.
//!
//! Parts are hashed in groups of as many as the kernel has lanes, by the first worker that needs
//! one of the group. If another worker is hashing its group, a worker hashes the next group before
//! it waits. The second read of the bytes, for sending, comes from the page cache.

use std::time::Duration;

use crate::codec::crc64::Crc64;
use crate::codec::md5::{Digest, Kernel, Lanes};
use crate::error::{Error, ErrorKind, Result};
use crate::model::PartRange;
use crate::platform::PageMemory;
use crate::runtime::{Cancel, Condvar, IgnorePoison, Mutex, MutexGuard};
use crate::upload::schedule::plan::Parts;
use crate::upload::source::upload_source::Source;

#[derive(Debug)]
pub(crate) struct PartMd5s {
    kernel: Kernel,
    parts: Parts,
    computes_crc64: bool,
    groups: Mutex<Vec<GroupState>>,
    /// Notified when a group is done or has failed.
    changed: Condvar,
}

/// The checksums of the bytes of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartDigest {
    pub(crate) md5: Digest,
    /// `None` unless [`PartMd5s::with_crc64`] was called.
    pub(crate) crc64: Option<u64>,
}

#[derive(Debug, Clone)]
enum GroupState {
    Open,
    Claimed,
    Done(Vec<PartDigest>),
    Failed(Error),
}

/// What a worker that needs a digest does next.
enum GroupAction {
    Ready(PartDigest),
    Hash(usize),
    Wait,
}

impl PartMd5s {
    pub(crate) fn new(kernel: Kernel, parts: Parts) -> Self {
        let groups = vec![GroupState::Open; parts.count().div_ceil(kernel.lanes())];
        let computes_crc64 = false;
        Self { kernel, parts, computes_crc64, groups: Mutex::new(groups), changed: Condvar::new() }
    }

    /// Computes the CRC-64 of each part from the same reads.
    #[must_use]
    pub(crate) fn with_crc64(self) -> Self {
        Self { computes_crc64: true, ..self }
    }

    /// The digest of one part. Blocks while another worker hashes it, until `cancel` is triggered.
    pub(crate) fn of(
        &self,
        part: PartRange,
        source: &Source,
        cancel: &Cancel,
    ) -> Result<PartDigest> {
        let group = part.number.index() / self.kernel.lanes();
        let lane = part.number.index() % self.kernel.lanes();
        loop {
            if cancel.is_triggered() {
                return Err(Error::canceled());
            }
            let mut groups = self.lock();
            match group_action(&mut groups, group, lane)? {
                GroupAction::Ready(digest) => return Ok(digest),
                GroupAction::Hash(mine) => {
                    drop(groups);
                    self.hash_group(mine, source, cancel);
                }
                GroupAction::Wait => drop(self.changed.wait_timeout(groups, CANCEL_POLL)),
            }
        }
    }

    /// Hashes a group that this worker has claimed.
    fn hash_group(&self, group: usize, source: &Source, cancel: &Cancel) {
        let outcome = match self.hash(group, source, cancel) {
            Ok(part_md5s) => GroupState::Done(part_md5s),
            // Only this copy of a part was canceled: another worker hashes the group.
            Err(_) if cancel.is_triggered() => GroupState::Open,
            Err(error) => GroupState::Failed(error),
        };
        if let Some(slot) = self.lock().get_mut(group) {
            *slot = outcome;
        }
        self.changed.notify_all();
    }

    fn hash(&self, group: usize, source: &Source, cancel: &Cancel) -> Result<Vec<PartDigest>> {
        let first = group * self.kernel.lanes();
        let parts: Vec<_> = (first..first + self.kernel.lanes())
            .map_while(|index| self.parts.part(index))
            .collect();
        let mut lanes = Lanes::new(self.kernel, parts.len())
            .ok_or_else(|| Error::internal("the CPU does not support the chosen MD5 kernel"))?;
        let longest = parts.iter().map(|part| part.length).max().unwrap_or(0);
        let mut scratch = Scratch::new(source, parts.len())?;
        let mut crc64s = vec![Crc64::new(); if self.computes_crc64 { parts.len() } else { 0 }];
        let mut done = 0;
        while done < longest {
            if cancel.is_triggered() {
                return Err(Error::canceled());
            }
            let slices = scratch.read(source, &parts, done)?;
            crc64s.iter_mut().zip(&slices).for_each(|(crc64, slice)| crc64.update(slice));
            lanes.update(&slices);
            done += SLICE as u64;
        }
        let crc64s = crc64s.iter().map(|crc64| Some(crc64.value()));
        let crc64s = crc64s.chain(std::iter::repeat(None));
        let digests = lanes.finish().into_iter().zip(crc64s);
        Ok(digests.map(|(md5, crc64)| PartDigest { md5, crc64 }).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<GroupState>> {
        self.groups.lock().ignore_poison()
    }
}

fn group_action(groups: &mut [GroupState], mine: usize, lane: usize) -> Result<GroupAction> {
    match groups.get(mine) {
        Some(GroupState::Done(part_md5s)) => part_md5s
            .get(lane)
            .map(|digest| GroupAction::Ready(*digest))
            .ok_or_else(|| Error::internal("an MD5 group has too few digests")),
        Some(GroupState::Failed(error)) => Err(error.clone()),
        Some(GroupState::Open) => Ok(claim(groups, mine)),
        Some(GroupState::Claimed) => match groups.get(mine + 1) {
            Some(GroupState::Open) => Ok(claim(groups, mine + 1)),
            _ => Ok(GroupAction::Wait),
        },
        None => Err(Error::internal("no MD5 group contains the part")),
    }
}

fn claim(groups: &mut [GroupState], group: usize) -> GroupAction {
    if let Some(slot) = groups.get_mut(group) {
        *slot = GroupState::Claimed;
    }
    GroupAction::Hash(group)
}

/// Room for one slice of each part; none is needed for bytes that are in memory anyway.
struct Scratch(PageMemory);

impl Scratch {
    fn new(source: &Source, parts: usize) -> Result<Self> {
        let is_in_memory = source.bytes(0, 0).is_some();
        let size = if is_in_memory { 0 } else { parts * STRIDE };
        let room = PageMemory::zeroed(size).map_err(|cause| {
            Error::new(ErrorKind::Memory, "not enough memory to compute MD5s").with_io(&cause)
        })?;
        Ok(Self(room))
    }

    /// The slice of each part that begins `done` bytes into it; empty where the part has ended.
    fn read<'a>(
        &'a mut self,
        source: &'a Source,
        parts: &[PartRange],
        done: u64,
    ) -> Result<Vec<&'a [u8]>> {
        let rest = |part: &PartRange| {
            let hashed = part.length.min(done);
            let left = usize::try_from(part.length - hashed).unwrap_or(usize::MAX);
            (part.offset + hashed, left.min(SLICE))
        };
        let in_memory: Option<Vec<&[u8]>> =
            parts.iter().map(rest).map(|(offset, length)| source.bytes(offset, length)).collect();
        if let Some(slices) = in_memory {
            return Ok(slices);
        }
        let mut slices = Vec::with_capacity(parts.len());
        for ((offset, length), room) in parts.iter().map(rest).zip(self.0.chunks_mut(STRIDE)) {
            let room = room.get_mut(..length).unwrap_or_default();
            source.read_exact_at(offset, room)?;
            slices.push(&*room);
        }
        Ok(slices)
    }
}

/// What is read of a part at once; a slice of each lane together fits the second-level cache.
const SLICE: usize = 16 * 1024;
/// Lanes that lie a power of two apart would fight for the same lines of the cache.
const STRIDE: usize = SLICE + 64;
/// How often a worker that waits for another's digest checks for a cancellation.
const CANCEL_POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::crc64::crc64;
    use crate::codec::md5::md5;
    use crate::upload::options::UploadOptions;
    use crate::upload::schedule::plan::Plan;
    use std::sync::Arc;

    fn parts_of(bytes: &[u8]) -> Parts {
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(100 * 1024).unwrap();
        match Plan::new(bytes.len() as u64, &options).unwrap() {
            Plan::Parts(parts) => parts,
            Plan::PutObject => unreachable!(),
        }
    }

    fn check(source: &Source, bytes: &[u8], kernel: Kernel) {
        let parts = parts_of(bytes);
        let part_md5s = PartMd5s::new(kernel, parts).with_crc64();
        let cancel = Cancel::never();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (part_md5s, cancel) = (&part_md5s, &cancel);
                scope.spawn(move || {
                    for part in (thread..parts.count()).step_by(4).filter_map(|n| parts.part(n)) {
                        let start = part.offset as usize;
                        let bytes = &bytes[start..start + part.length as usize];
                        let expected = PartDigest { md5: md5(bytes), crc64: Some(crc64(bytes)) };
                        assert_eq!(part_md5s.of(part, source, cancel).unwrap(), expected);
                    }
                });
            }
        });
    }

    #[test]
    fn every_kernel_gives_each_part_its_digest_from_memory_and_from_a_file() {
        let bytes: Vec<u8> = (0..4_000_001u32).map(|i| (i % 253) as u8).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            check(&Source::memory(Arc::new(bytes.clone())), &bytes, kernel);
            check(&Source::path(file.path()).unwrap(), &bytes, kernel);
        }
    }

    #[test]
    fn while_another_worker_hashes_its_group_a_worker_hashes_the_next() {
        let mut groups = vec![GroupState::Open; 2];
        assert!(matches!(group_action(&mut groups, 0, 0).unwrap(), GroupAction::Hash(0)));
        assert!(matches!(group_action(&mut groups, 0, 1).unwrap(), GroupAction::Hash(1)));
        assert!(matches!(group_action(&mut groups, 0, 2).unwrap(), GroupAction::Wait));
    }

    #[test]
    fn a_copy_that_is_canceled_leaves_its_group_to_the_other_parts() {
        let bytes = vec![7; 300 * 1024];
        let source = Source::memory(Arc::new(bytes.clone()));
        let parts = parts_of(&bytes);
        let part_md5s = PartMd5s::new(Kernel::best(), parts);
        let canceled = Cancel::new().unwrap();
        // It is canceled between the check in `of` and the first slice.
        canceled.trigger();
        let group = claim(&mut part_md5s.lock(), 0);
        assert!(matches!(group, GroupAction::Hash(0)));
        part_md5s.hash_group(0, &source, &canceled);
        let part = parts.part(1).unwrap();
        assert_eq!(
            part_md5s.of(part, &source, &Cancel::never()).unwrap(),
            PartDigest { md5: md5(&bytes[..100 * 1024]), crc64: None }
        );
    }

    #[test]
    fn a_file_that_shrinks_fails_every_part_of_its_group() {
        let bytes = vec![7; 300 * 1024];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let source = Source::path(file.path()).unwrap();
        let parts = parts_of(&bytes);
        let part_md5s = PartMd5s::new(Kernel::best(), parts);
        file.as_file().set_len(1000).unwrap();
        for part in (0..parts.count()).filter_map(|index| parts.part(index)) {
            let error = part_md5s.of(part, &source, &Cancel::never()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Changed);
        }
    }
}
