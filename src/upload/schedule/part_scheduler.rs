//! All parts of one object, sent or copied by the workers while the caller's thread waits.
//!
//! The caller waits on an event of its own, never inside the pool, so a call from a worker of the
//! host's own pool cannot re-enter the host.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{PartNumber, PartRange};
use crate::runtime::{
    Cancel, Deadline, Event, IgnorePoison, Interest, Mutex, MutexGuard, Wake, now,
};
use crate::upload::part::SentPart;
use crate::upload::progress::{Meter, Reporter};
use crate::upload::schedule::part_tracker::{Hedging, OtherAttempts, PartTracker};
use crate::upload::schedule::plan::Parts;
use crate::upload::schedule::task_queue::{Task, TaskStatus};
use crate::upload::schedule::workers::Workers;

/// How one part gets to OSS. Called by several workers at once.
pub(crate) trait PartUploader: Send + Sync {
    /// Makes the part; `stop` cuts it.
    fn upload(&self, part: PartRange, stop: &Cancel) -> Result<SentPart>;

    /// An error of kind `Changed` if the parts do not come from one and the same source.
    fn check_unchanged(&self) -> Result<()>;
}

/// Which parts are made, how many at once, and what ends them early.
pub(crate) struct ScheduleLimits {
    pub(crate) parts: Parts,
    pub(crate) parallelism: usize,
    pub(crate) hedging: Hedging,
    /// Cuts the parts in flight; a child of the caller's token.
    pub(crate) stop: Cancel,
    pub(crate) deadline: Deadline,
}

struct PartScheduler {
    limits: ScheduleLimits,
    meter: Arc<Meter>,
    state: Mutex<SchedulerState>,
    /// Set whenever the ledger may have become settled.
    changed: Event,
}

struct SchedulerState {
    tracker: PartTracker,
    /// Removed when the call ends, so that no late task holds the caller's bytes.
    work: Option<Arc<dyn PartUploader>>,
    /// Cuts one copy of a part.
    copies: Vec<(PartNumber, Cancel)>,
    /// Steps that there are, and with them holders of `work`.
    running: usize,
}

/// One copy of one part. Until it is dropped, which a panic does too, the call does not return.
struct PartAttempt<'a> {
    scheduler: &'a PartScheduler,
    part: PartRange,
    work: Option<Arc<dyn PartUploader>>,
    stop: Cancel,
}

/// If the caller's thread panics, waits until no worker uses the caller's bytes.
struct UnwindGuard<'a>(&'a PartScheduler);

/// Makes all parts and gives them in the order of their numbers. When it returns, the work was
/// dropped, and with it all that it held of the source.
pub(crate) fn upload_parts(
    work: Arc<dyn PartUploader>,
    limits: ScheduleLimits,
    workers: &Workers,
    meter: &Arc<Meter>,
    reporter: &Reporter,
) -> Result<Vec<SentPart>> {
    let changed = Event::new().map_err(|cause| Error::no_descriptor(&cause))?;
    let tracker = PartTracker::new(limits.parts, limits.hedging);
    let state = SchedulerState { tracker, work: Some(work), copies: Vec::new(), running: 0 };
    let meter = Arc::clone(meter);
    let scheduler = Arc::new(PartScheduler { limits, meter, state: Mutex::new(state), changed });
    let task: Arc<dyn Task> = Arc::clone(&scheduler) as Arc<dyn Task>;
    let _unwinding = UnwindGuard(&scheduler);
    // More queue entries than workers would only delay those of other uploads.
    let at_once =
        scheduler.limits.parallelism.min(scheduler.limits.parts.count()).min(workers.threads());
    workers.add(&task, at_once)?;
    scheduler.wait(reporter, || workers.add(&task, 1));
    scheduler.close().map_err(|error| reporter.explain(error))
}

impl Task for PartScheduler {
    fn step(&self) -> TaskStatus {
        let step = match self.take() {
            Ok(Some(step)) => step,
            Ok(None) => return TaskStatus::Done,
            Err(error) => {
                self.stop(error);
                self.changed.set();
                return TaskStatus::Done;
            }
        };
        if let Some(work) = &step.work {
            self.end(step.part, work.upload(step.part, &step.stop));
        }
        TaskStatus::Again
    }

    fn fail(&self, error: Error) {
        self.lock().tracker.clear_in_flight(error);
        self.limits.stop.trigger();
        self.changed.set();
    }
}

impl PartScheduler {
    fn take(&self) -> Result<Option<PartAttempt<'_>>> {
        let mut state = self.lock();
        let Some(work) = state.work.clone() else { return Ok(None) };
        let Some(part) = state.tracker.next_part(now()) else { return Ok(None) };
        match self.limits.stop.child() {
            Ok(stop) => {
                state.copies.push((part.number, stop.clone()));
                state.running += 1;
                Ok(Some(PartAttempt { scheduler: self, part, work: Some(work), stop }))
            }
            Err(cause) => {
                state.tracker.fail_attempt(part.number, Error::no_descriptor(&cause));
                Err(Error::no_descriptor(&cause))
            }
        }
    }

    /// One copy of a part has ended.
    fn end(&self, part: PartRange, outcome: Result<SentPart>) {
        let mut state = self.lock();
        match outcome {
            Ok(sent) => {
                let size = sent.size;
                let first = !state.tracker.has(part.number);
                if state.tracker.record(sent, now()) == OtherAttempts::Cut {
                    for (_, copy) in state.copies.iter().filter(|(n, _)| *n == part.number) {
                        copy.trigger();
                    }
                }
                if first {
                    self.meter.part_done(size);
                }
            }
            Err(error) => state.tracker.fail_attempt(part.number, error),
        }
        let failed = state.tracker.has_failed();
        if let Some(index) = state.copies.iter().position(|(number, _)| *number == part.number) {
            state.copies.swap_remove(index);
        }
        drop(state);
        if failed {
            self.limits.stop.trigger();
        }
    }

    /// Waits until the ledger is settled. The first reason to stop ends the parts in flight, and
    /// then only their end is waited for.
    fn wait(&self, reporter: &Reporter, add_task: impl Fn() -> Result<()>) {
        let fd = Some((self.changed.descriptor(), Interest::Read));
        let mut asked = None;
        while !self.is_settled() {
            let (failed, hedge_due) = {
                let tracker = &self.lock().tracker;
                (tracker.has_failed(), tracker.hedge_due().filter(|due| asked != Some(*due)))
            };
            if failed {
                Cancel::never().wait_for(fd, Deadline::NEVER);
            } else if let Err(error) = reporter.tick() {
                self.stop(error);
            } else {
                let tick = reporter.due_in().map_or(Deadline::NEVER, Deadline::after);
                let hedge = hedge_due.map_or(Deadline::NEVER, Deadline::at);
                let ScheduleLimits { stop, deadline, .. } = &self.limits;
                match stop.wait_for(fd, deadline.earlier(tick).earlier(hedge)) {
                    Wake::Canceled => self.stop(Error::canceled()),
                    Wake::TimedOut if deadline.has_passed() => self.stop(Error::deadline_passed()),
                    Wake::TimedOut if hedge.has_passed() => {
                        asked = hedge_due;
                        // Without another worker the first attempt continues alone.
                        let _ = add_task();
                    }
                    Wake::TimedOut | Wake::Ready => {}
                }
            }
            self.changed.clear();
        }
    }

    fn stop(&self, error: Error) {
        self.lock().tracker.stop(error);
        self.limits.stop.trigger();
    }

    fn is_settled(&self) -> bool {
        let state = self.lock();
        state.running == 0 && state.tracker.is_settled()
    }

    fn close(&self) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        let work = state.work.take();
        let tracker = std::mem::replace(
            &mut state.tracker,
            PartTracker::new(self.limits.parts, Hedging::Never),
        );
        drop(state);
        let sent = tracker.outcome()?;
        work.map_or(Ok(()), |work| work.check_unchanged())?;
        Ok(sent)
    }

    fn lock(&self) -> MutexGuard<'_, SchedulerState> {
        self.state.lock().ignore_poison()
    }
}

impl Drop for PartAttempt<'_> {
    fn drop(&mut self) {
        self.work = None;
        self.scheduler.lock().running -= 1;
        self.scheduler.changed.set();
    }
}

impl Drop for UnwindGuard<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.0.stop(Error::internal("the call has panicked"));
        self.0.lock().work = None;
        let fd = Some((self.0.changed.descriptor(), Interest::Read));
        while !self.0.is_settled() {
            Cancel::never().wait_for(fd, Deadline::NEVER);
            self.0.changed.clear();
        }
    }
}
