//! Parts of a stream between the thread that fills them and the workers that send them.
//!
//! At most `parallelism` parts are queued or in flight; the filling thread waits for room on the
//! event. A worker that needs MD5s computes those of all queued parts at once.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::buffers::Buffer;
use super::destination::Destination;
use super::progress::Meter;
use super::source::Source;
use super::workers::{Next, Task};
use super::{Integrity, SentPart};
use crate::client::{CallContext, Caller, Rate};
use crate::codec::md5::{Digest, Kernel, Lanes};
use crate::error::{Error, Result};
use crate::model::PartNumber;
use crate::runtime::{Cancel, Deadline, Event};

/// The parts of one stream.
pub(super) struct Queue {
    pub(super) caller: Arc<Caller>,
    pub(super) destination: Destination,
    pub(super) kernel: Kernel,
    pub(super) meter: Arc<Meter>,
    pub(super) stop: Cancel,
    pub(super) rate: Option<Rate>,
    pub(super) deadline: Deadline,
    /// Set when a part has ended.
    pub(super) changed: Arc<Event>,
    pub(super) state: Mutex<State>,
    /// Notified when queued parts have got their digests.
    pub(super) hashed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    ready: VecDeque<Filled>,
    /// Parts whose digests a worker is computing.
    hashing: usize,
    in_flight: usize,
    sent: Vec<SentPart>,
    /// The first error; later ones are its echo.
    failure: Option<Error>,
}

/// A part that can be sent.
struct Filled {
    number: PartNumber,
    buffer: Arc<Buffer>,
    md5: Option<Digest>,
}

impl Queue {
    /// Queues a part; the caller adds a ticket for it.
    pub(super) fn push(&self, number: PartNumber, buffer: Buffer) {
        let buffer = Arc::new(buffer.seal());
        self.lock().ready.push_back(Filled { number, buffer, md5: None });
    }

    /// Parts that are queued or in flight.
    pub(super) fn pending(&self) -> usize {
        let state = self.lock();
        state.ready.len() + state.hashing + state.in_flight
    }

    pub(super) fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    /// Ends the parts in flight and forgets the others; the first reason counts.
    pub(super) fn stop(&self, error: Error) {
        let mut state = self.lock();
        state.failure.get_or_insert(error);
        state.ready.clear();
        drop(state);
        self.stop.trigger();
    }

    /// All parts by number, or the first error. To be asked when nothing is pending.
    pub(super) fn outcome(&self) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        if let Some(error) = &state.failure {
            return Err(error.clone());
        }
        let mut sent = std::mem::take(&mut state.sent);
        sent.sort_by_key(|part| part.number);
        Ok(sent)
    }

    /// The next part, with its digest if one is wanted.
    fn take(&self) -> Option<Filled> {
        let wanted = self.destination.integrity.contains(Integrity::MD5);
        let mut state = self.lock();
        loop {
            if state.failure.is_some() {
                return None;
            }
            if state.ready.front().is_some_and(|part| part.md5.is_some() || !wanted) {
                state.in_flight += 1;
                return state.ready.pop_front();
            }
            if state.ready.is_empty() {
                if state.hashing == 0 {
                    return None;
                }
                let waited = self.hashed.wait_timeout(state, LOOK_AGAIN);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let mut group = Vec::new();
            while group.len() < self.kernel.lanes()
                && state.ready.front().is_some_and(|part| part.md5.is_none())
            {
                group.extend(state.ready.pop_front());
            }
            state.hashing += group.len();
            drop(state);
            let outcome = self.hash(&mut group);
            state = self.lock();
            state.hashing -= group.len();
            match outcome {
                Ok(()) => group.into_iter().rev().for_each(|part| state.ready.push_front(part)),
                Err(error) => {
                    state.failure.get_or_insert(error);
                }
            }
            self.hashed.notify_all();
        }
    }

    fn hash(&self, group: &mut [Filled]) -> Result<()> {
        let mut lanes = Lanes::new(self.kernel, group.len())
            .ok_or_else(|| Error::internal("an MD5 kernel was chosen that this CPU lacks"))?;
        let slices: Vec<&[u8]> = group.iter().map(|part| &**part.buffer).collect();
        lanes.update(&slices);
        for (part, digest) in group.iter_mut().zip(lanes.finish()) {
            part.md5 = Some(digest);
        }
        Ok(())
    }

    fn send(&self, part: Filled) -> Result<SentPart> {
        let source = Source::memory(part.buffer);
        let body = source.body(0, source.length());
        let context = CallContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            rate: self.rate.as_ref(),
            ..CallContext::new(&self.stop)
        };
        self.destination.send_part(&self.caller, part.number, body, part.md5, &context)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task for Queue {
    fn step(&self) -> Next {
        if let Some(part) = self.take() {
            let outcome = self.send(part);
            let mut state = self.lock();
            state.in_flight -= 1;
            match outcome {
                Ok(sent) => {
                    self.meter.part_done(sent.size);
                    state.sent.push(sent);
                }
                Err(error) => {
                    drop(state);
                    self.stop(error);
                }
            }
        }
        self.changed.set();
        Next::Done
    }

    fn fail(&self, error: Error) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        drop(state);
        self.stop(error);
        self.changed.set();
    }
}

/// A worker that waits for another's digests looks for a failure so often.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
