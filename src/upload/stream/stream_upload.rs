//! An object whose bytes come one after the other: filled part by part on the caller's thread, sent
//! by the workers. Readers and the push writer are both this.

use std::sync::Arc;

use crate::codec::md5::Hasher;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{BucketName, ObjectKey, PartNumber};
use crate::runtime::{Cancel, CleanupBudget, Deadline, Event, Wake};
use crate::service::Evidence;
use crate::upload::buffer_pool::{Buffer, FilledBy};
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::lifecycle::upload_lifecycle::{UploadLifecycle, object_checksum};
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::UploadOptions;
use crate::upload::part::ObjectChecksum;
use crate::upload::part::SentPart;
use crate::upload::progress::CallPhase;
use crate::upload::schedule::plan::parts_at_rate;
use crate::upload::schedule::task_queue::Task;
use crate::upload::source::upload_source::{Source, expect_md5};
use crate::upload::stream::part_growth::PartGrowth;
use crate::upload::stream::stream_queue::StreamQueue;
use crate::upload::upload_result::UploadResult;
use crate::upload::whole::put::Put;

/// The upload of a stream. Nothing is sent before the first part is full.
pub(crate) struct StreamUpload {
    engine: Engine,
    bucket: BucketName,
    key: ObjectKey,
    options: UploadOptions,
    scope: CallScope,
    cleanup_budget: Arc<CleanupBudget>,
    part_growth: PartGrowth,
    filled_by: FilledBy,
    /// Of all bytes so far, if the caller expects one.
    md5: Option<Hasher>,
    changed: Arc<Event>,
    /// The part that is being filled.
    filling: Option<Buffer>,
    /// Parts that were queued so far.
    parts: usize,
    /// There is one once there is more than one request's worth of bytes.
    queue: Option<Arc<StreamQueue>>,
}

impl StreamUpload {
    pub(crate) fn new(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        length: Option<u64>,
        filled_by: FilledBy,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        engine.service().check_call()?;
        options.check_for(CallKind::Stream)?;
        let part_growth = PartGrowth::new(options, engine.buffers().limit(), length)?;
        engine
            .service()
            .logger()
            .info(|| format!("a stream into {key} can have at most {} bytes", part_growth.reach()));
        if length.is_some_and(|length| length > part_growth.reach()) {
            return Err(part_growth.exceeded());
        }
        let scope = CallScope::new(
            engine.service(),
            cancel,
            options.deadline(),
            options.progress.as_ref(),
        )?;
        scope.meter().set_bytes_total(length);
        Ok(Self {
            engine: engine.clone(),
            bucket: bucket.clone(),
            key: key.clone(),
            options: options.clone(),
            // The caller may come back long after the deadline.
            cleanup_budget: Arc::new(CleanupBudget::new(
                engine.service().abort_timeout(),
                Deadline::NEVER,
            )),
            scope,
            part_growth,
            filled_by,
            md5: options.expected_md5.map(|_| Hasher::new()),
            changed: Arc::new(Event::new().map_err(|cause| Error::no_descriptor(&cause))?),
            filling: None,
            parts: 0,
            queue: None,
        })
    }

    /// `Forked`, in a child of the process that created the stream.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.engine.service().check_process()
    }

    /// Checks that a call may use the stream.
    pub(crate) fn check_call(&self) -> Result<()> {
        self.engine.service().check_call()
    }

    /// An error if the stream was canceled, has failed or is past its deadline.
    pub(crate) fn check(&self) -> Result<()> {
        self.scope.cancel.tick();
        self.check_process()?;
        if self.scope.cancel.is_triggered() {
            return Err(self.why_canceled());
        }
        self.scope.check()
    }

    /// Returns the scope of the call.
    pub(crate) fn scope(&self) -> &CallScope {
        &self.scope
    }

    /// True if the stream has as many bytes as it can have.
    pub(crate) fn is_full(&self) -> bool {
        self.filling.as_ref().is_some_and(Buffer::is_full)
            && self.part_growth.part_size(self.parts + 1).is_none()
    }

    /// The error for more bytes than a stream can have.
    pub(crate) fn exceeded(&self) -> Error {
        self.part_growth.exceeded()
    }

    /// Room to put the next bytes into, never empty. Blocks while the buffers are full.
    pub(crate) fn room(&mut self) -> Result<&mut [u8]> {
        if self.filling.as_ref().is_some_and(Buffer::is_full) {
            self.queue_part()?;
        }
        if self.filling.is_none() {
            let buffer = self.buffer()?;
            self.filling = Some(buffer);
        }
        self.filling
            .as_mut()
            .map(Buffer::room)
            .ok_or_else(|| Error::internal("the buffer of the part is missing"))
    }

    /// Records that `count` bytes of the room were filled.
    pub(crate) fn advance(&mut self, count: usize) {
        if let Some(buffer) = &mut self.filling {
            let before = buffer.len();
            buffer.advance(count);
            if let Some(md5) = &mut self.md5 {
                md5.update(buffer.get(before..).unwrap_or_default());
            }
        }
    }

    /// Creates the object of all bytes so far.
    pub(crate) fn finish(self) -> Result<UploadResult> {
        let scope = self.scope.clone();
        self.create_object().map_err(|error| scope.explain(error))
    }

    fn create_object(mut self) -> Result<UploadResult> {
        if let Err(error) = self.check_md5() {
            return Err(self.keep_or_abort(error));
        }
        if self.queue.is_none() && self.is_single() {
            return self.put_single();
        }
        let uploaded = match self.gather() {
            Ok((queue, checksum, sent)) => {
                self.multipart().complete(&queue.target, checksum, &sent, Evidence::NotSent)
            }
            Err(error) => Err(self.keep_or_abort(error)),
        };
        let throttled_ms = self.scope.meter().throttled_ms();
        match uploaded {
            Ok(uploaded) => {
                let bytes_sent = self.scope.meter().bytes_sent();
                Ok(UploadResult { bytes_sent, throttled_ms, ..uploaded })
            }
            Err(error) => Err(error.with_throttled_ms(throttled_ms)),
        }
    }

    /// As [`Self::keep_or_abort`], and keeps no parts.
    pub(crate) fn abort(mut self, error: Error) -> Error {
        self.options.keep_parts = false;
        self.keep_or_abort(error)
    }

    /// Interrupts the parts in flight, and aborts the upload unless its parts are to be kept.
    pub(crate) fn keep_or_abort(&mut self, error: Error) -> Error {
        if error.kind() == ErrorKind::Forked {
            // A thread that does not exist in this process may hold the locks.
            std::mem::forget((self.filling.take(), self.queue.take()));
            return error;
        }
        self.filling = None;
        let Some(queue) = self.queue.take() else { return self.scope.explain(error) };
        queue.fail_upload(error.clone());
        self.wait_until_idle(&queue);
        if let Err(forked) = self.check_process() {
            std::mem::forget(queue);
            return forked;
        }
        self.engine.service().logger().deliver();
        // This error may be a consequence of an earlier part failure.
        let error = queue.outcome().err().unwrap_or(error);
        let error = self.multipart().keep_or_abort(&queue.target, self.scope.explain(error));
        error.with_throttled_ms(self.scope.meter().throttled_ms())
    }

    /// Waits for all parts, and returns their combined checksum.
    fn gather(&mut self) -> Result<(Arc<StreamQueue>, ObjectChecksum, Vec<SentPart>)> {
        if self.filling.as_ref().is_some_and(|buffer| !buffer.is_empty()) {
            self.queue_part()?;
        }
        self.filling = None;
        let queue = match &self.queue {
            Some(queue) => Arc::clone(queue),
            None => return Err(Error::internal("the stream has no parts")),
        };
        queue.close();
        while !queue.is_idle() {
            self.wait(&queue)?;
        }
        self.engine.service().logger().deliver();
        let sent = queue.outcome()?;
        if sent.len() != self.parts {
            return Err(Error::internal("the stream was finished before all parts were sent"));
        }
        self.scope.report()?;
        let checksum = object_checksum(&sent, self.options.expected_crc64)?;
        Ok((queue, checksum, sent))
    }

    fn check_md5(&mut self) -> Result<()> {
        match (self.options.expected_md5, self.md5.take()) {
            (Some(expected), Some(hasher)) => expect_md5(expected, hasher.finish()),
            _ => Ok(()),
        }
    }

    /// True if all bytes so far may go in one PutObject.
    fn is_single(&self) -> bool {
        let size = self.filling.as_ref().map_or(0, |buffer| buffer.len() as u64);
        size == 0 || size < self.options.single_below
    }

    fn put_single(mut self) -> Result<UploadResult> {
        let source = match self.filling.take() {
            Some(buffer) => Source::memory(Arc::new(buffer.seal())),
            None => Source::memory(Arc::new([])),
        };
        let put = Put {
            service: self.engine.service(),
            workers: self.engine.workers(),
            bucket: &self.bucket,
            key: &self.key,
            options: &self.options,
            name: None,
        };
        put.put_single(&source, &self.scope)
    }

    /// Hands the part that was filled to the workers, when not too many are pending.
    fn queue_part(&mut self) -> Result<()> {
        // The waits below end without another write.
        self.filling = self.filling.take().map(Buffer::seal);
        let queue = self.started()?;
        while !queue.has_room() {
            self.wait(&queue)?;
        }
        if queue.has_failed() {
            return queue.outcome().map(|_| ());
        }
        if let Some(buffer) = self.filling.take() {
            let wants_worker = queue.push(PartNumber::from_index(self.parts)?, buffer);
            self.parts += 1;
            if wants_worker {
                let task: Arc<dyn Task> = queue;
                self.engine.workers().add(&task, 1)?;
            }
        }
        Ok(())
    }

    /// Initiates the upload when the first part is there.
    fn started(&mut self) -> Result<Arc<StreamQueue>> {
        if let Some(queue) = &self.queue {
            return Ok(Arc::clone(queue));
        }
        let target = self.multipart().initiate()?;
        self.scope.enter(CallPhase::Send);
        let mut queue = StreamQueue::new(
            self.engine.service(),
            target,
            &self.options,
            self.scope.meter(),
            &self.scope.cancel.for_workers(),
            self.scope.deadline,
            &self.changed,
        );
        // More queue entries than workers would only delay those of other uploads.
        queue.parallelism = queue.parallelism.min(self.engine.workers().threads());
        let limiter =
            queue.rate_limiter.as_ref().filter(|_| !self.options.headers.has_traffic_limit());
        if let (Some(limiter), Some(size)) = (limiter, self.part_growth.part_size(0)) {
            let at_rate = parts_at_rate(limiter.bytes_per_sec(), size);
            queue.parallelism = queue.parallelism.min(at_rate);
        }
        let queue = Arc::new(queue);
        self.queue = Some(Arc::clone(&queue));
        Ok(queue)
    }

    /// An empty buffer for the next part; waits until the memory limit has room for it.
    fn buffer(&self) -> Result<Buffer> {
        let size = self.part_growth.part_size(self.parts);
        let size = size.ok_or_else(|| self.part_growth.exceeded())?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut request = self.engine.buffers().request(size, self.filled_by, &self.changed)?;
        loop {
            if let Some(buffer) = request.try_take()? {
                return Ok(buffer);
            }
            self.wait_for_change(request.check_at())?;
        }
    }

    /// Waits for a part to end.
    fn wait(&self, queue: &StreamQueue) -> Result<()> {
        if queue.has_failed() {
            self.wait_until_idle(queue);
            return queue.outcome().map(|_| ());
        }
        self.wait_for_change(Deadline::NEVER)
    }

    /// Waits for the event, at most until `check_at`.
    fn wait_for_change(&self, check_at: Deadline) -> Result<()> {
        let logger = self.engine.service().logger();
        logger.deliver();
        let next = self.scope.deadline.earlier(check_at).earlier(logger.next_delivery());
        let woken = self.scope.cancel.wait_for_event(&self.changed, next);
        // A callback may have forked.
        self.check_process()?;
        self.changed.clear();
        match woken {
            Wake::Canceled => Err(self.why_canceled()),
            Wake::TimedOut if self.scope.deadline.has_passed() => Err(Error::deadline_passed()),
            Wake::TimedOut | Wake::Ready | Wake::Failed(_) => Ok(()),
        }
    }

    /// Why the token is triggered: the first failure of a part does that as well.
    pub(crate) fn why_canceled(&self) -> Error {
        let failure = self.queue.as_ref().filter(|queue| queue.has_failed());
        failure.and_then(|queue| queue.outcome().err()).unwrap_or_else(Error::canceled)
    }

    /// After a failure, waits for the parts in flight, which were canceled.
    fn wait_until_idle(&self, queue: &StreamQueue) {
        while !queue.is_idle() {
            let again = Deadline::after(limits::PROGRESS_INTERVAL);
            self.scope.cancel.shielded().wait_for_event(&self.changed, again);
            if self.check_process().is_err() {
                return;
            }
            self.changed.clear();
        }
    }

    fn multipart(&self) -> UploadLifecycle<'_> {
        UploadLifecycle {
            service: self.engine.service(),
            workers: self.engine.workers(),
            bucket: &self.bucket,
            key: &self.key,
            options: &self.options,
            headers: &self.options.headers,
            keep_parts: self.options.keep_parts,
            scope: &self.scope,
            cleanup_budget: Arc::clone(&self.cleanup_budget),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::runtime::simulated;
    use crate::service::{Config, SimulatedPeer};
    use crate::transport::{Delivery, Exchange, ExchangeError, ExchangeOptions, OutgoingRequest};
    use crate::upload::buffer_pool::BufferPool;

    /// Takes longer to respond than a request for a buffer waits for writers that are idle.
    #[derive(Debug, Default)]
    struct SlowPeer(OnceLock<BufferPool>);

    impl SimulatedPeer for SlowPeer {
        fn send(
            &self,
            _: &OutgoingRequest<'_>,
            _: &ExchangeOptions<'_>,
        ) -> Result<Exchange, ExchangeError> {
            let event = Arc::new(Event::new().unwrap());
            let buffers = self.0.get().unwrap();
            let size = usize::try_from(buffers.limit()).unwrap();
            let mut request = buffers.request(size, FilledBy::Writes, &event).unwrap();
            let start = Instant::now();
            for seconds in 0..30 {
                simulated::set(Some(start + Duration::from_secs(seconds)));
                assert!(request.try_take().unwrap().is_none());
            }
            let (error, delivery) = (Error::canceled(), Delivery::Impossible);
            Err(ExchangeError { error, delivery, stale_connection: false, sent: None })
        }
    }

    #[test]
    fn the_part_of_a_stream_that_initiates_its_upload_is_not_idle() {
        let mut config = Config::new();
        config.set_region("cn-hangzhou").unwrap().set_keys("id", "secret", None).unwrap();
        config.set_memory_limit(2 * limits::PART_SIZE_MIN).unwrap();
        let peer = Arc::new(SlowPeer::default());
        let engine = Engine::simulated(&config, Arc::clone(&peer) as _).unwrap();
        peer.0.set(engine.buffers().clone()).unwrap();
        let mut options = UploadOptions::new();
        options.set_part_size(limits::PART_SIZE_MIN).unwrap();
        let bucket = BucketName::parse("bucket").unwrap();
        let key = ObjectKey::parse("key").unwrap();
        let cancel = Cancel::new().unwrap();
        let writes = FilledBy::Writes;
        let mut stream =
            StreamUpload::new(&engine, &bucket, &key, None, writes, &options, &cancel).unwrap();
        let part = stream.room().unwrap().len();
        stream.advance(part);
        assert_eq!(stream.room().unwrap_err().kind(), ErrorKind::Canceled);
        simulated::set(None);
    }
}
