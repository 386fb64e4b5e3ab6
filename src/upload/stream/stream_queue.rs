//! The queue of a stream's parts, between the thread that fills them and the workers that send
//! them.
//!
//! At most `parallelism` parts are in flight. With MD5s a group of parts more may be queued, so that
//! a worker can hash them at once; it waits for them for a short time. The filling thread waits for
//! room on the event. `stream_upload` numbers the parts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::md5::{Digest, Kernel, Lanes};
use crate::error::{Error, Result};
use crate::model::PartNumber;
use crate::runtime::{Cancel, Condvar, Deadline, Event, IgnorePoison, Mutex, MutexGuard, now};
use crate::service::{OperationContext, RateLimiter, ServiceClient};
use crate::upload::buffer_pool::Buffer;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::options::{Integrity, UploadOptions};
use crate::upload::part::SentPart;
use crate::upload::progress::Meter;
use crate::upload::schedule::task_queue::{Task, TaskStatus};
use crate::upload::source::upload_source::Source;

/// The parts of one stream.
pub(crate) struct StreamQueue {
    pub(crate) service: Arc<ServiceClient>,
    pub(crate) target: UploadTarget,
    pub(crate) hashing: PartHashing,
    pub(crate) parallelism: usize,
    pub(crate) meter: Arc<Meter>,
    pub(crate) cancel: Cancel,
    pub(crate) rate_limiter: Option<RateLimiter>,
    pub(crate) deadline: Deadline,
    /// Set when a part has ended.
    pub(crate) changed: Arc<Event>,
    state: Mutex<StreamQueueState>,
    /// Notified when parts were queued or hashed.
    queue_changed: Condvar,
}

/// How the MD5s of parts are computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartHashing {
    kernel: Kernel,
    /// How many parts are hashed together; 0 if no MD5s are computed.
    group: usize,
}

#[derive(Default)]
struct StreamQueueState {
    ready: VecDeque<QueuedPart>,
    /// Parts that were queued and have not ended.
    pending: usize,
    /// Those of them whose worker was unwound and has not failed the upload yet.
    abandoned: usize,
    /// How many times the task is queued or running.
    tasks: usize,
    /// A worker is hashing, or waits for more parts to hash.
    is_hashing: bool,
    /// No more parts will be queued.
    is_closed: bool,
    sent: Vec<SentPart>,
    /// The first error; later ones may be consequences of it.
    failure: Option<Error>,
}

/// A part that can be sent.
struct QueuedPart {
    number: PartNumber,
    buffer: Arc<Buffer>,
    md5: Option<Digest>,
}

/// Parts that a worker has claimed. They end with [`Claim::end`]. If the worker is unwound, they end
/// when the upload has failed: until then nothing says that they were not sent.
struct Claim<'a> {
    queue: &'a StreamQueue,
    parts: Vec<QueuedPart>,
    count: usize,
    hashes: bool,
    has_ended: bool,
}

impl PartHashing {
    pub(crate) fn new(options: &UploadOptions) -> Self {
        let kernel = options.md5_kernel;
        let wanted = options.integrity.contains(Integrity::MD5);
        let parallelism = options.parallelism();
        // Eight parts take hardly more time to hash together than four.
        let group = (2 * parallelism).min(FULL_GROUP).max(parallelism).min(kernel.lanes());
        Self { kernel, group: if wanted { group } else { 0 } }
    }

    fn is_wanted(self) -> bool {
        self.group > 0
    }

    fn hash(self, group: &mut [QueuedPart], cancel: &Cancel) -> Result<()> {
        let mut lanes = Lanes::new(self.kernel, group.len())
            .ok_or_else(|| Error::internal("the CPU does not support the chosen MD5 kernel"))?;
        let mut rests: Vec<&[u8]> = group.iter().map(|part| &**part.buffer).collect();
        while rests.iter().any(|rest| !rest.is_empty()) {
            if cancel.is_triggered() {
                return Err(Error::canceled());
            }
            let slices = rests.iter_mut().map(|rest| {
                let slice;
                (slice, *rest) = rest.split_at(rest.len().min(HASHED_SLICE));
                slice
            });
            lanes.update(&slices.collect::<Vec<_>>());
        }
        for (part, digest) in group.iter_mut().zip(lanes.finish()) {
            part.md5 = Some(digest);
        }
        Ok(())
    }
}

impl StreamQueue {
    pub(crate) fn new(
        service: &Arc<ServiceClient>,
        target: UploadTarget,
        options: &UploadOptions,
        meter: &Arc<Meter>,
        cancel: &Cancel,
        deadline: Deadline,
        changed: &Arc<Event>,
    ) -> Self {
        Self {
            service: Arc::clone(service),
            target,
            hashing: PartHashing::new(options),
            parallelism: options.parallelism(),
            meter: Arc::clone(meter),
            cancel: cancel.clone(),
            rate_limiter: RateLimiter::new(options.bytes_per_sec),
            deadline,
            changed: Arc::clone(changed),
            state: Mutex::default(),
            queue_changed: Condvar::new(),
        }
    }

    /// Queues a part. Returns true if the caller has to add the task to the worker queue for it.
    pub(crate) fn push(&self, number: PartNumber, buffer: Buffer) -> bool {
        let buffer = Arc::new(buffer.seal());
        let mut state = self.lock();
        state.ready.push_back(QueuedPart { number, buffer, md5: None });
        state.pending += 1;
        let wants_worker = state.tasks < self.parallelism;
        if wants_worker {
            state.tasks += 1;
        }
        drop(state);
        self.queue_changed.notify_all();
        wants_worker
    }

    /// Ends the queue: no more parts will come.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.queue_changed.notify_all();
    }

    /// True if another part may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().pending < self.parallelism + self.hashing.group
    }

    /// True once every part that was queued has ended.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().pending == 0
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    /// Cancels the parts in flight and drops the others. The first error counts.
    pub(crate) fn fail_upload(&self, error: Error) {
        let mut state = self.lock();
        state.failure.get_or_insert(error);
        state.pending -= state.ready.len() + std::mem::take(&mut state.abandoned);
        let forgotten = std::mem::take(&mut state.ready);
        drop(state);
        drop(forgotten);
        self.cancel.trigger();
        self.queue_changed.notify_all();
        self.changed.set();
    }

    /// Returns all parts by number, or the first error. Call it when nothing is pending.
    pub(crate) fn outcome(&self) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        if let Some(error) = &state.failure {
            return Err(error.clone());
        }
        let mut sent = std::mem::take(&mut state.sent);
        sent.sort_by_key(|part| part.number);
        Ok(sent)
    }

    /// Takes the next part, with its MD5 if one is wanted; `None` ends the worker's task.
    fn take(&self) -> Option<Claim<'_>> {
        let mut state = self.lock();
        loop {
            let front = state.ready.front().map(|part| part.md5.is_some());
            match front {
                None if !state.is_hashing || state.failure.is_some() => {
                    state.tasks -= 1;
                    return None;
                }
                Some(hashed) if hashed || !self.hashing.is_wanted() => {
                    return Some(Claim::new(self, &mut state, 1));
                }
                Some(_) if !state.is_hashing => state = self.hash_some(state),
                _ => {
                    let waited = self.queue_changed.wait_timeout(state, FAILURE_POLL);
                    state = waited.ignore_poison().0;
                }
            }
        }
    }

    /// Waits for a group of parts and hashes those that are ready.
    fn hash_some<'a>(
        &'a self,
        state: MutexGuard<'a, StreamQueueState>,
    ) -> MutexGuard<'a, StreamQueueState> {
        let mut group = self.claim_group(state);
        if let Err(error) = self.hashing.hash(&mut group.parts, &self.cancel) {
            self.fail_upload(error);
        }
        self.put_back(group);
        self.lock()
    }

    fn claim_group<'a>(&'a self, mut state: MutexGuard<'a, StreamQueueState>) -> Claim<'a> {
        state.is_hashing = true;
        let enough_by = now() + HASH_GROUP_WAIT;
        while state.ready.len() < self.hashing.group && !state.is_closed && state.failure.is_none()
        {
            let left = enough_by.saturating_duration_since(now());
            if left.is_zero() {
                break;
            }
            let waited = self.queue_changed.wait_timeout(state, left);
            state = waited.ignore_poison().0;
        }
        let count = state.ready.len().min(self.hashing.kernel.lanes());
        let mut group = Claim::new(self, &mut state, count);
        group.hashes = true;
        group
    }

    /// Makes the parts of a hashed group ready, unless the upload has failed meanwhile.
    fn put_back(&self, mut group: Claim<'_>) {
        let mut state = self.lock();
        if state.failure.is_none() {
            group.count = 0;
            let parts = std::mem::take(&mut group.parts);
            parts.into_iter().rev().for_each(|part| state.ready.push_front(part));
        }
        drop(state);
        group.end();
    }

    fn send(&self, part: QueuedPart) -> Result<SentPart> {
        let source = Source::memory(part.buffer);
        let body = source.body(0, source.length());
        let context = OperationContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            rate_limiter: self.rate_limiter.as_ref(),
            ..OperationContext::new(&self.cancel)
        };
        self.target.send_part(&self.service, part.number, body, part.md5, &context)
    }

    fn lock(&self) -> MutexGuard<'_, StreamQueueState> {
        self.state.lock().ignore_poison()
    }
}

impl<'a> Claim<'a> {
    fn new(queue: &'a StreamQueue, state: &mut StreamQueueState, count: usize) -> Self {
        let parts = state.ready.drain(..count).collect();
        Self { queue, parts, count, hashes: false, has_ended: false }
    }

    fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        if self.has_ended {
            state.pending -= self.count;
        } else {
            state.abandoned += self.count;
        }
        if self.hashes {
            state.is_hashing = false;
        }
        drop(state);
        self.queue.queue_changed.notify_all();
        self.queue.changed.set();
    }
}

impl Task for StreamQueue {
    fn step(&self) -> TaskStatus {
        let Some(mut taken) = self.take() else { return TaskStatus::Done };
        let outcomes = std::mem::take(&mut taken.parts).into_iter().map(|part| self.send(part));
        for outcome in outcomes {
            match outcome {
                Ok(sent) => {
                    self.meter.part_done(sent.size);
                    self.lock().sent.push(sent);
                }
                Err(error) => self.fail_upload(error),
            }
        }
        taken.end();
        TaskStatus::Again
    }

    fn fail(&self, error: Error) {
        self.lock().tasks -= 1;
        self.fail_upload(error);
    }
}

/// How long a worker waits for more parts to hash together: hashing one part of 8 MiB alone takes
/// about as long.
const HASH_GROUP_WAIT: Duration = Duration::from_millis(15);
/// How many bytes of each part are hashed between two checks for a cancellation.
const HASHED_SLICE: usize = 256 * 1024;
/// The lanes of an AVX2 register.
const FULL_GROUP: usize = 8;
/// How often a worker that waits for another's digests checks for a failure.
const FAILURE_POLL: Duration = Duration::from_millis(10);

#[cfg(shuttle)]
mod shuttle_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::md5::md5;
    use crate::error::ErrorKind;
    use crate::model::{BucketName, ObjectHeaders, ObjectKey, UploadId};
    use crate::service::Config;
    use crate::upload::buffer_pool::{BufferPool, FilledBy};
    use crate::upload::options::Verification;

    pub(super) fn queue_with_md5() -> StreamQueue {
        let mut config = Config::new();
        config.set_region("cn-hangzhou").unwrap().set_keys("id", "secret", None).unwrap();
        let target = UploadTarget {
            initiated_with: ObjectHeaders::new(),
            initiated: None,
            bucket: BucketName::parse("bucket").unwrap(),
            key: ObjectKey::parse("key").unwrap(),
            upload_id: UploadId::parse("ID").unwrap(),
            headers: ObjectHeaders::new(),
            integrity: Integrity::MD5,
            verification: Verification::WherePossible,
            complete_all: false,
            may_have_orphan: false,
            is_attached: false,
        };
        let mut options = UploadOptions::new();
        options.set_integrity(Integrity::MD5);
        let service = Arc::new(ServiceClient::new(&config).unwrap());
        let meter = Arc::new(Meter::new(None, None));
        let (cancel, changed) = (Cancel::new().unwrap(), Arc::new(Event::new().unwrap()));
        StreamQueue::new(&service, target, &options, &meter, &cancel, Deadline::NEVER, &changed)
    }

    fn filled(size: usize) -> Buffer {
        let changed = Arc::new(Event::new().unwrap());
        let mut request =
            BufferPool::new(u64::MAX).request(size, FilledBy::Writes, &changed).unwrap();
        let mut buffer = request.try_take().unwrap().unwrap();
        let room = buffer.room().len();
        buffer.advance(room);
        buffer
    }

    #[test]
    fn every_kernel_gives_each_part_of_a_group_its_digest() {
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            let mut parts: Vec<_> = (0..kernel.lanes())
                .map(|index| QueuedPart {
                    number: PartNumber::from_index(index).unwrap(),
                    buffer: Arc::new(filled(1000 + index)),
                    md5: None,
                })
                .collect();
            PartHashing { kernel, group: parts.len() }.hash(&mut parts, &Cancel::never()).unwrap();
            for part in parts {
                assert_eq!(part.md5, Some(md5(&part.buffer)), "{kernel:?}");
            }
        }
    }

    #[test]
    fn a_cancellation_ends_the_hashing_of_a_group() {
        let queue = queue_with_md5();
        queue.push(PartNumber::from_index(0).unwrap(), filled(3 * HASHED_SLICE));
        queue.cancel.trigger();
        let mut group = queue.claim_group(queue.lock());
        let error = queue.hashing.hash(&mut group.parts, &queue.cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Canceled);
        assert!(group.parts[0].md5.is_none());
    }

    #[test]
    fn parts_that_are_being_hashed_when_the_stream_fails_are_forgotten_with_the_others() {
        let queue = queue_with_md5();
        for index in 0..3 {
            queue.push(PartNumber::from_index(index).unwrap(), filled(1000));
        }
        queue.close();
        let group = queue.claim_group(queue.lock());
        assert!(queue.lock().is_hashing);
        queue.fail_upload(Error::canceled());
        queue.put_back(group);
        assert!(queue.take().is_none());
        assert!(queue.is_idle() && queue.outcome().is_err());
    }

    #[test]
    fn the_part_of_a_worker_that_is_unwound_is_pending_until_the_upload_has_failed() {
        let queue = queue_with_md5();
        queue.push(PartNumber::from_index(0).unwrap(), filled(1000));
        queue.close();
        drop(queue.claim_group(queue.lock()));
        assert!(!queue.is_idle());
        queue.fail(Error::new(ErrorKind::Callback, "a callback ended its thread"));
        assert!(queue.is_idle());
        assert_eq!(queue.outcome().err().unwrap().kind(), ErrorKind::Callback);
    }
}
