//! Part buffers of streams, within the memory limit that all uploads of a client share.
//!
//! A buffer that is returned is kept for the next part of its size, and counts until it is
//! dropped. A thread waits for room on an event of its own, so that a cancellation ends the wait.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Event, ForkGuard, IgnorePoison, Mutex, MutexGuard};

/// The part buffers of one client; cheap to clone.
#[derive(Clone)]
pub(crate) struct BufferPool(Arc<SharedBufferPool>);

struct SharedBufferPool {
    limit: usize,
    process: ForkGuard,
    state: Mutex<BufferPoolState>,
}

#[derive(Default)]
struct BufferPoolState {
    /// Bytes of all buffers, including spare ones.
    allocated: usize,
    /// Bytes of buffers that callers fill: only their next writes can free them.
    filling: usize,
    spare: Vec<Vec<u8>>,
    waiting: Vec<Weak<Event>>,
}

/// Room for one part. Its bytes are returned to the pool when it is dropped.
pub(crate) struct Buffer {
    pool: Arc<SharedBufferPool>,
    bytes: Vec<u8>,
    filled: usize,
    is_filling: bool,
}

impl BufferPool {
    pub(crate) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let process = ForkGuard::current();
        Self(Arc::new(SharedBufferPool { limit, process, state: Mutex::default() }))
    }

    pub(crate) fn limit(&self) -> u64 {
        self.0.limit as u64
    }

    /// A buffer of that size to be filled, or `None` if there is no room for it now; then the event
    /// is set when there may be.
    ///
    /// # Errors
    ///
    /// `Memory`, when the size exceeds the limit, when the system has no memory, or when streams
    /// that wait to be written to hold all of it, so that waiting cannot help.
    pub(crate) fn take(&self, size: usize, event: &Arc<Event>) -> Result<Option<Buffer>> {
        let mut state = self.0.lock();
        if size > self.0.limit {
            return Err(exhausted("a part is larger than the memory limit of the client"));
        }
        while state.allocated.saturating_add(size) > self.0.limit && !state.has_spare(size) {
            let Some(other) = state.spare.pop() else { break };
            state.allocated -= other.len();
        }
        if !state.has_spare(size) && state.allocated.saturating_add(size) > self.0.limit {
            if state.filling == state.allocated {
                return Err(exhausted("the memory limit is used up by streams not written to"));
            }
            state.waiting.retain(|waiting| waiting.strong_count() > 0);
            state.waiting.push(Arc::downgrade(event));
            return Ok(None);
        }
        let bytes = state.bytes(size)?;
        state.filling += size;
        Ok(Some(Buffer { pool: Arc::clone(&self.0), bytes, filled: 0, is_filling: true }))
    }
}

impl BufferPoolState {
    fn has_spare(&self, size: usize) -> bool {
        self.spare.iter().any(|spare| spare.len() == size)
    }

    fn bytes(&mut self, size: usize) -> Result<Vec<u8>> {
        if let Some(index) = self.spare.iter().position(|spare| spare.len() == size) {
            return Ok(self.spare.swap_remove(index));
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(size)
            .map_err(|cause| exhausted("no memory for a part buffer").with_cause(cause))?;
        bytes.resize(size, 0);
        self.allocated += size;
        Ok(bytes)
    }
}

impl SharedBufferPool {
    fn lock(&self) -> MutexGuard<'_, BufferPoolState> {
        self.state.lock().ignore_poison()
    }
}

impl Buffer {
    /// What is still to be filled.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    pub(crate) fn advance(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// Marks the buffer as returned without another call: it is being sent, or a reader fills it.
    pub(crate) fn seal(mut self) -> Self {
        self.stop_filling();
        self
    }

    fn stop_filling(&mut self) {
        if std::mem::take(&mut self.is_filling) {
            self.pool.lock().filling -= self.bytes.len();
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
        let waiting = {
            let mut state = self.pool.lock();
            state.spare.push(std::mem::take(&mut self.bytes));
            std::mem::take(&mut state.waiting)
        };
        for event in waiting.iter().filter_map(Weak::upgrade) {
            event.set();
        }
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

#[cfg(shuttle)]
mod shuttle_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{Cancel, Deadline, Wake};
    use std::time::Duration;

    fn event() -> Arc<Event> {
        Arc::new(Event::new().unwrap())
    }

    #[test]
    fn the_limit_is_never_exceeded_and_buffers_are_reused() {
        let buffers = BufferPool::new(300);
        let event = event();
        let first = buffers.take(100, &event).unwrap().unwrap().seal();
        let address = first.bytes.as_ptr();
        let others = [(); 2].map(|()| buffers.take(100, &event).unwrap().unwrap().seal());
        assert!(buffers.take(100, &event).unwrap().is_none());
        drop(first);
        let again = buffers.take(100, &event).unwrap().unwrap();
        assert_eq!(again.bytes.as_ptr(), address);
        assert_eq!(buffers.0.lock().allocated, 300);
        drop((again, others));
        assert!(buffers.take(250, &event).unwrap().is_some(), "spare buffers make room");
        assert!(buffers.0.lock().allocated <= 300);
    }

    #[test]
    fn a_waiting_stream_is_woken_when_there_is_room() {
        let buffers = BufferPool::new(100);
        let event = event();
        let held = buffers.take(100, &event).unwrap().unwrap().seal();
        assert!(buffers.take(100, &event).unwrap().is_none());
        let thread = std::thread::spawn(move || drop(held));
        let woken =
            Cancel::never().wait_for_event(&event, Deadline::after(Duration::from_secs(20)));
        thread.join().unwrap();
        assert_eq!(woken, Wake::Ready);
        assert!(buffers.take(100, &event).unwrap().is_some());
    }

    #[test]
    fn a_wait_that_could_not_end_is_an_error() {
        let buffers = BufferPool::new(100);
        let event = event();
        let idle = buffers.take(100, &event).unwrap().unwrap();
        assert_eq!(buffers.take(100, &event).err().unwrap().kind(), ErrorKind::Memory);
        assert_eq!(buffers.take(101, &event).err().unwrap().kind(), ErrorKind::Memory);
        drop(idle);
        assert!(buffers.take(100, &event).unwrap().is_some());
    }
}
