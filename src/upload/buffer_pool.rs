//! Part buffers of streams, within the memory limit that all uploads of a client share.
//!
//! A buffer that is returned is kept for the next part of its size, and counts until it is
//! dropped. Requests are served in their order, so that none waits for ever while others are
//! served. A thread waits for room on an event of its own, so that a cancellation ends the wait.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{ForkGuard, PageMemory};
use crate::runtime::{Deadline, Event, IgnorePoison, Mutex, MutexGuard, now};

/// The part buffers of one client; cheap to clone.
#[derive(Clone)]
pub(crate) struct BufferPool(Arc<SharedBufferPool>);

struct SharedBufferPool {
    limit: usize,
    process: ForkGuard,
    state: Mutex<BufferPoolState>,
    /// Changes whenever a buffer is taken or filled.
    writes: AtomicU64,
}

#[derive(Default)]
struct BufferPoolState {
    /// Bytes of all buffers, including spare ones.
    allocated: usize,
    /// Bytes of buffers that writers fill: only their next writes can free them.
    filling: usize,
    spare: Vec<PageMemory>,
    /// The requests that wait, in the order in which they are served.
    waiting: VecDeque<WaitingRequest>,
    requests: u64,
}

struct WaitingRequest {
    id: u64,
    event: Arc<Event>,
}

/// What fills a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilledBy {
    /// A reader, within one call: others can wait for the buffer.
    Reader,
    /// Writes of the caller, who may wait for another buffer before the next one.
    Writes,
}

/// A request for a buffer. It gives up its place when it is dropped.
pub(crate) struct BufferRequest {
    pool: Arc<SharedBufferPool>,
    size: usize,
    filled_by: FilledBy,
    /// Set when the request may be served.
    event: Arc<Event>,
    /// The place among the requests that wait.
    id: Option<u64>,
    idle: Option<IdleWriters>,
}

/// How often in a row writers were found to hold all buffers while `writes` did not change.
#[derive(Clone, Copy)]
struct IdleWriters {
    writes: u64,
    checks: u32,
    checked_at: Instant,
}

/// Room for one part. Its bytes are returned to the pool when it is dropped.
pub(crate) struct Buffer {
    pool: Arc<SharedBufferPool>,
    bytes: PageMemory,
    filled: usize,
    is_filling: bool,
}

impl BufferPool {
    pub(crate) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (process, writes) = (ForkGuard::current(), AtomicU64::new(0));
        Self(Arc::new(SharedBufferPool { limit, process, state: Mutex::default(), writes }))
    }

    pub(crate) fn limit(&self) -> u64 {
        self.0.limit as u64
    }

    /// Requests a buffer of that size. The event is set when the request may be served.
    ///
    /// # Errors
    ///
    /// `Memory`, when the size exceeds the limit.
    pub(crate) fn request(
        &self,
        size: usize,
        filled_by: FilledBy,
        event: &Arc<Event>,
    ) -> Result<BufferRequest> {
        if size > self.0.limit {
            return Err(exhausted("a part is larger than the memory limit of the client"));
        }
        let (pool, event) = (Arc::clone(&self.0), Arc::clone(event));
        Ok(BufferRequest { pool, size, filled_by, event, id: None, idle: None })
    }
}

impl BufferRequest {
    /// The buffer, to be filled, or `None` if there is no room for it now: wait for the event, at
    /// most until [`BufferRequest::check_at`], and call this again.
    ///
    /// # Errors
    ///
    /// `Memory`, when the system has none, or when waiting does not help, because writers hold all
    /// buffers and none of them has been written to for some time.
    pub(crate) fn try_take(&mut self) -> Result<Option<Buffer>> {
        let pool = Arc::clone(&self.pool);
        let mut state = pool.lock();
        if state.is_next(self.id)
            && let Some(bytes) = state.bytes(self.size, pool.limit)?
        {
            let is_filling = self.filled_by == FilledBy::Writes;
            state.filling += if is_filling { self.size } else { 0 };
            pool.writes.fetch_add(1, Ordering::Relaxed);
            drop(state);
            self.leave();
            return Ok(Some(Buffer { pool, bytes, filled: 0, is_filling }));
        }
        if self.id.is_none() {
            let (id, event) = (state.requests, Arc::clone(&self.event));
            state.waiting.push_back(WaitingRequest { id, event });
            state.requests += 1;
            self.id = Some(id);
        }
        self.idle = self.idle_writers(&state);
        match self.idle {
            Some(idle) if idle.checks >= IDLE_CHECKS => {
                Err(exhausted("the memory limit is used up by writers that are not written to"))
            }
            _ => Ok(None),
        }
    }

    /// When to retry even if the event was not set.
    pub(crate) fn check_at(&self) -> Deadline {
        let at = self.idle.and_then(|idle| idle.checked_at.checked_add(IDLE_CHECK_INTERVAL));
        at.map_or(Deadline::NEVER, Deadline::at)
    }

    /// `None` if a buffer will be returned without another write.
    fn idle_writers(&self, state: &BufferPoolState) -> Option<IdleWriters> {
        let spare: usize = state.spare.iter().map(|bytes| bytes.len()).sum();
        if state.filling == 0 || state.filling + spare < state.allocated {
            return None;
        }
        let writes = self.pool.writes.load(Ordering::Relaxed);
        let now = now();
        let due = |idle: &IdleWriters| {
            now.saturating_duration_since(idle.checked_at) >= IDLE_CHECK_INTERVAL
        };
        match self.idle.filter(|idle| idle.writes == writes) {
            None => Some(IdleWriters { writes, checks: 0, checked_at: now }),
            Some(idle) if due(&idle) => {
                Some(IdleWriters { writes, checks: idle.checks + 1, checked_at: now })
            }
            idle => idle,
        }
    }

    /// Lets the next request be served.
    fn leave(&mut self) {
        if let Some(id) = self.id.take() {
            self.pool.lock().waiting.retain(|waiting| waiting.id != id);
        }
        self.pool.wake();
    }
}

impl Drop for BufferRequest {
    fn drop(&mut self) {
        // In a forked child, a thread that does not exist there may hold the lock.
        if self.id.is_some() && self.pool.process.is_current() {
            self.leave();
        }
    }
}

impl BufferPoolState {
    /// True if no request comes before that one.
    fn is_next(&self, id: Option<u64>) -> bool {
        self.waiting.front().is_none_or(|first| Some(first.id) == id)
    }

    /// `None` if there is no room.
    fn bytes(&mut self, size: usize, limit: usize) -> Result<Option<PageMemory>> {
        if let Some(index) = self.spare.iter().position(|spare| spare.len() == size) {
            return Ok(Some(self.spare.swap_remove(index)));
        }
        while self.allocated.saturating_add(size) > limit {
            if !self.free_one() {
                return Ok(None);
            }
        }
        loop {
            match PageMemory::zeroed(size) {
                Ok(bytes) => {
                    self.allocated += size;
                    return Ok(Some(bytes));
                }
                Err(_) if self.free_one() => {}
                Err(_) if self.allocated > 0 => return Ok(None),
                Err(cause) => {
                    return Err(exhausted("no memory for a part buffer").with_io(&cause));
                }
            }
        }
    }

    /// Frees a spare buffer; returns false if there is none.
    fn free_one(&mut self) -> bool {
        let freed = self.spare.pop();
        self.allocated -= freed.as_ref().map_or(0, |bytes| bytes.len());
        freed.is_some()
    }
}

impl SharedBufferPool {
    fn lock(&self) -> MutexGuard<'_, BufferPoolState> {
        self.state.lock().ignore_poison()
    }

    /// Lets the requests that wait retry.
    fn wake(&self) {
        for waiting in &self.lock().waiting {
            waiting.event.set();
        }
    }
}

impl Buffer {
    /// What is still to be filled.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    pub(crate) fn advance(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
        self.pool.writes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// Marks the buffer as returned without another write: it is being sent.
    pub(crate) fn seal(mut self) -> Self {
        self.stop_filling();
        self
    }

    fn stop_filling(&mut self) {
        if std::mem::take(&mut self.is_filling) {
            self.pool.lock().filling -= self.bytes.len();
            self.pool.wake();
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if !self.pool.process.is_current() {
            // A thread that does not exist in this process may hold the lock.
            return;
        }
        self.stop_filling();
        let bytes = std::mem::take(&mut self.bytes);
        self.pool.lock().spare.push(bytes);
        self.pool.wake();
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BufferPool({} of {} bytes)", self.0.lock().allocated, self.0.limit)
    }
}

fn exhausted(text: &str) -> Error {
    Error::new(ErrorKind::Memory, text).with_argument("memory_limit")
}

/// So many checks in a row must find that writers hold all buffers and none of them is written to:
/// they may belong to the thread that waits. One check is not enough, because the process may have
/// been stopped before it.
const IDLE_CHECKS: u32 = 10;
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(shuttle)]
mod shuttle_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{Cancel, Wake, simulated};

    fn event() -> Arc<Event> {
        Arc::new(Event::new().unwrap())
    }

    fn take(buffers: &BufferPool, size: usize) -> Option<Buffer> {
        buffers.request(size, FilledBy::Writes, &event()).unwrap().try_take().unwrap()
    }

    #[test]
    fn the_limit_is_never_exceeded_and_buffers_are_reused() {
        let buffers = BufferPool::new(300);
        let first = take(&buffers, 100).unwrap().seal();
        let address = first.bytes.as_ptr();
        let others = [(); 2].map(|()| take(&buffers, 100).unwrap().seal());
        assert!(take(&buffers, 100).is_none());
        drop(first);
        let again = take(&buffers, 100).unwrap();
        assert_eq!(again.bytes.as_ptr(), address);
        assert_eq!(buffers.0.lock().allocated, 300);
        drop((again, others));
        assert!(take(&buffers, 250).is_some(), "spare buffers make room");
        assert!(buffers.0.lock().allocated <= 300);
    }

    #[test]
    fn a_waiting_stream_is_woken_when_there_is_room() {
        let buffers = BufferPool::new(100);
        let event = event();
        let held = take(&buffers, 100).unwrap().seal();
        let mut request = buffers.request(100, FilledBy::Writes, &event).unwrap();
        assert!(request.try_take().unwrap().is_none());
        let thread = std::thread::spawn(move || drop(held));
        let woken =
            Cancel::never().wait_for_event(&event, Deadline::after(Duration::from_secs(20)));
        thread.join().unwrap();
        assert_eq!(woken, Wake::Ready);
        assert!(request.try_take().unwrap().is_some());
    }

    #[test]
    fn requests_are_served_in_their_order_and_one_that_gives_up_is_passed_over() {
        let buffers = BufferPool::new(200);
        let mut held = [(); 2].map(|()| Some(take(&buffers, 100).unwrap().seal()));
        let mut large = buffers.request(200, FilledBy::Writes, &event()).unwrap();
        let mut small = buffers.request(100, FilledBy::Writes, &event()).unwrap();
        assert!(large.try_take().unwrap().is_none() && small.try_take().unwrap().is_none());
        held[0] = None;
        assert!(small.try_take().unwrap().is_none(), "the large part comes first");
        assert!(take(&buffers, 100).is_none(), "and before requests that are made later");
        drop(large);
        assert!(small.try_take().unwrap().is_some());
    }

    #[test]
    fn only_a_wait_for_writers_that_are_not_written_to_is_an_error() {
        let start = Instant::now();
        let at = |seconds| simulated::set(Some(start + Duration::from_secs(seconds)));
        at(0);
        let buffers = BufferPool::new(100);
        let mut idle = take(&buffers, 100).unwrap();
        let mut request = buffers.request(100, FilledBy::Writes, &event()).unwrap();
        for seconds in 0..30 {
            at(seconds);
            if seconds % 8 == 0 {
                idle.advance(1);
            }
            assert!(request.try_take().unwrap().is_none(), "it was written to at {seconds} s");
        }
        at(1000);
        idle.advance(1);
        assert!(request.try_take().unwrap().is_none());
        at(2000);
        assert!(request.try_take().unwrap().is_none(), "the process was stopped");
        assert_eq!(request.check_at().instant(), Some(start + Duration::from_secs(2001)));
        for seconds in 2001..2009 {
            at(seconds);
            assert!(request.try_take().unwrap().is_none());
        }
        at(2009);
        assert_eq!(request.try_take().err().unwrap().kind(), ErrorKind::Memory);
        let sealed = idle.seal();
        at(3000);
        assert!(request.try_take().unwrap().is_none(), "it is being sent");
        drop(sealed);
        assert!(request.try_take().unwrap().is_some());
        assert_eq!(
            buffers.request(101, FilledBy::Writes, &event()).err().unwrap().kind(),
            ErrorKind::Memory
        );
        simulated::set(None);
    }
}
