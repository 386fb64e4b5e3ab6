//! All parts of one object, sent by the workers while the caller's thread waits.
//!
//! The caller waits on an event of its own, never inside the pool, so a call from a worker of the
//! host's own pool cannot re-enter the host.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::destination::Destination;
use super::digests::Digests;
use super::ledger::Ledger;
use super::plan::Parts;
use super::progress::{Meter, Reporter};
use super::source::Source;
use super::workers::{Next, Task, Workers};
use super::{Integrity, SentPart, UploadOptions};
use crate::client::{CallContext, Caller};
use crate::error::{Error, ErrorKind, Result};
use crate::model::PartRange;
use crate::runtime::{Cancel, Deadline, Event, Interest, Wake};

/// What the workers need to send the parts of one object.
pub(super) struct Transfer {
    pub(super) caller: Arc<Caller>,
    pub(super) destination: Destination,
    pub(super) meter: Arc<Meter>,
    /// Cuts the parts in flight; a child of the caller's token.
    pub(super) stop: Cancel,
    pub(super) deadline: Deadline,
}

struct Run {
    transfer: Transfer,
    state: Mutex<State>,
    /// If `Content-MD5` goes with every part.
    digests: Option<Digests>,
    /// Set whenever the ledger may have become settled.
    changed: Event,
}

struct State {
    ledger: Ledger,
    /// Taken away when the call ends, so that no late ticket holds the caller's bytes.
    source: Option<Source>,
}

/// Sends all parts and gives them in the order of their numbers. When it returns, nothing of the
/// source is held or being read any more.
pub(super) fn send_parts(
    transfer: Transfer,
    workers: &Workers,
    source: Source,
    parts: Parts,
    options: &UploadOptions,
    reporter: &Reporter<'_>,
) -> Result<Vec<SentPart>> {
    let changed = Event::new().map_err(|cause| no_descriptor(&cause))?;
    let state = State { ledger: Ledger::new(parts), source: Some(source) };
    let md5 = transfer.destination.integrity.contains(Integrity::MD5);
    let digests = md5.then(|| Digests::new(options.md5_kernel, parts));
    let run = Arc::new(Run { transfer, state: Mutex::new(state), digests, changed });
    let task: Arc<dyn Task> = Arc::clone(&run) as Arc<dyn Task>;
    workers.add(&task, options.parallelism.min(parts.count()))?;
    run.wait(reporter);
    run.close(parts).map_err(|error| reporter.explain(error))
}

pub(super) fn no_descriptor(cause: &std::io::Error) -> Error {
    Error::new(ErrorKind::Memory, "no file descriptor is left").with_io(cause)
}

impl Task for Run {
    fn step(&self) -> Next {
        let Some((part, source)) = self.take() else { return Next::Done };
        let outcome = self.send(part, &source);
        drop(source);
        match outcome {
            Ok(sent) => {
                self.transfer.meter.part_done(sent.size);
                self.lock().ledger.record(sent);
            }
            Err(error) => {
                self.lock().ledger.lose(error);
                self.transfer.stop.trigger();
            }
        }
        self.changed.set();
        Next::Again
    }

    fn fail(&self, error: Error) {
        self.lock().ledger.lose(error);
        self.transfer.stop.trigger();
        self.changed.set();
    }
}

impl Run {
    fn take(&self) -> Option<(PartRange, Source)> {
        let mut state = self.lock();
        let source = state.source.clone()?;
        Some((state.ledger.take()?, source))
    }

    fn send(&self, part: PartRange, source: &Source) -> Result<SentPart> {
        let Transfer { caller, destination, meter, stop, deadline } = &self.transfer;
        source.check_unchanged()?;
        let body = source.body(part.offset, part.length);
        let context =
            CallContext { deadline: *deadline, observer: Some(&**meter), ..CallContext::new(stop) };
        let md5 = match &self.digests {
            Some(digests) => Some(digests.of(part, source, stop)?),
            None => None,
        };
        destination.send_part(caller, part.number, body, md5, &context)
    }

    /// Waits until the ledger is settled. The first reason to stop ends the parts in flight, and
    /// then only their end is waited for.
    fn wait(&self, reporter: &Reporter<'_>) {
        let fd = Some((self.changed.descriptor(), Interest::Read));
        while !self.is_settled() {
            if let Err(error) = reporter.tick() {
                self.stop(error);
            }
            if self.lock().ledger.has_failed() {
                Cancel::never().wait_for(fd, Deadline::NEVER);
            } else {
                let tick = reporter.due_in().map_or(Deadline::NEVER, Deadline::after);
                let deadline = self.transfer.deadline;
                match self.transfer.stop.wait_for(fd, deadline.earlier(tick)) {
                    Wake::Canceled => self.stop(Error::canceled()),
                    Wake::TimedOut if deadline.has_passed() => self.stop(deadline_passed()),
                    Wake::TimedOut | Wake::Ready => {}
                }
            }
            self.changed.clear();
        }
    }

    fn stop(&self, error: Error) {
        self.lock().ledger.stop(error);
        self.transfer.stop.trigger();
    }

    fn is_settled(&self) -> bool {
        self.lock().ledger.is_settled()
    }

    fn close(&self, parts: Parts) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        let unchanged = state.source.take().map_or(Ok(()), |source| source.check_unchanged());
        let ledger = std::mem::replace(&mut state.ledger, Ledger::new(parts));
        drop(state);
        let sent = ledger.outcome()?;
        unchanged.map(|()| sent)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn deadline_passed() -> Error {
    Error::new(ErrorKind::Timeout, "the deadline of the call has passed")
}
