//! Sends or copies all parts of one object on the workers while the caller's thread waits.
//!
//! The caller waits on an event of its own, never inside the pool, so a call from a worker of the
//! program's own pool cannot re-enter the program.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{PartNumber, PartRange};
use crate::platform::ForkGuard;
use crate::runtime::{Cancel, Deadline, Event, IgnorePoison, Mutex, MutexGuard, Wake, now};
use crate::service::Logger;
use crate::upload::part::SentPart;
use crate::upload::progress::Meter;
use crate::upload::schedule::part_tracker::{Hedging, OtherAttempts, PartTracker};
use crate::upload::schedule::plan::{Parts, parts_at_rate};
use crate::upload::schedule::task_queue::{Task, TaskStatus};
use crate::upload::schedule::workers::Workers;

/// Sends or copies the parts of one object. Called by several workers at once.
pub(crate) trait PartUploader: Send + Sync {
    /// Sends or copies one part; `cancel` interrupts it.
    fn upload(&self, part: PartRange, cancel: &Cancel) -> Result<UploadedPart>;

    /// The rate at which all parts together are sent, if it is limited.
    fn bytes_per_sec(&self) -> Option<u64> {
        None
    }

    /// Returns the parts to complete the upload with; by default those that were sent.
    fn confirm(&self, sent: Vec<SentPart>, _cancel: &Cancel) -> Result<Vec<SentPart>> {
        Ok(sent)
    }

    /// Returns an error of kind `Changed` if the source does not have the bytes of the parts that
    /// were sent. May read them; `cancel` interrupts that.
    fn check_source(&self, sent: &[SentPart], cancel: &Cancel) -> Result<()>;
}

/// A part that OSS has.
#[derive(Debug)]
pub(crate) enum UploadedPart {
    Sent(SentPart),
    /// It was there already, from an earlier call.
    Resumed(SentPart),
    /// OSS has copied it from the base of a delta upload.
    Reused(SentPart),
}

/// What is scheduled, and its limits.
pub(crate) struct ScheduleOptions {
    pub(crate) parts: Parts,
    pub(crate) parallelism: usize,
    pub(crate) hedging: Hedging,
    /// Interrupts the parts in flight; a child of the caller's token, which ticks for its thread.
    pub(crate) cancel: Cancel,
    pub(crate) deadline: Deadline,
    /// Receives the lines of the workers from the caller's thread.
    pub(crate) logger: Logger,
}

struct PartScheduler {
    options: ScheduleOptions,
    meter: Arc<Meter>,
    state: Mutex<SchedulerState>,
    /// Set whenever the tracker may have become settled.
    changed: Event,
}

struct SchedulerState {
    tracker: PartTracker,
    /// `None` after the call has ended, so that no late task holds the caller's bytes.
    uploader: Option<Arc<dyn PartUploader>>,
    /// The tokens that interrupt the attempts at parts.
    attempts: Vec<(PartNumber, Cancel)>,
    /// Steps that are running; each holds `uploader`.
    running: usize,
}

/// One attempt at one part. Until it is dropped, which a panic does too, the call does not return.
struct PartAttempt<'a> {
    scheduler: &'a PartScheduler,
    part: PartRange,
    uploader: Option<Arc<dyn PartUploader>>,
    cancel: Cancel,
}

/// If the caller's thread is unwound, waits until no worker uses the caller's bytes.
struct UnwindGuard<'a>(&'a PartScheduler);

/// Sends all parts and returns them in the order of their numbers. When it returns, the uploader and
/// with it the source were dropped.
pub(crate) fn upload_parts(
    uploader: Arc<dyn PartUploader>,
    options: ScheduleOptions,
    workers: &Workers,
    meter: &Arc<Meter>,
) -> Result<Vec<SentPart>> {
    let changed = Event::new().map_err(|cause| Error::no_descriptor(&cause))?;
    let ticking = options.cancel;
    let options = ScheduleOptions { cancel: ticking.for_workers(), ..options };
    let tracker = PartTracker::new(options.parts, options.hedging);
    let rate = uploader.bytes_per_sec();
    let at_rate = rate.map_or(usize::MAX, |rate| parts_at_rate(rate, options.parts.part_size()));
    let state =
        SchedulerState { tracker, uploader: Some(uploader), attempts: Vec::new(), running: 0 };
    let meter = Arc::clone(meter);
    let scheduler = Arc::new(PartScheduler { options, meter, state: Mutex::new(state), changed });
    let task: Arc<dyn Task> = Arc::clone(&scheduler) as Arc<dyn Task>;
    let unwinding = UnwindGuard(&scheduler);
    // More queue entries than workers would only delay those of other uploads.
    let at_once = scheduler
        .options
        .parallelism
        .min(scheduler.options.parts.count())
        .min(workers.threads())
        .min(at_rate);
    let waited = workers
        .add(&task, at_once)
        .and_then(|()| scheduler.wait(&ticking, || workers.add(&task, 1)));
    std::mem::forget(unwinding);
    waited?;
    scheduler.options.logger.deliver();
    scheduler.take_result(&ticking)
}

impl Task for PartScheduler {
    fn step(&self) -> TaskStatus {
        let step = match self.start_step() {
            Ok(Some(step)) => step,
            Ok(None) => return TaskStatus::Done,
            Err(error) => {
                self.fail_upload(error);
                self.changed.set();
                return TaskStatus::Done;
            }
        };
        if let Some(uploader) = &step.uploader {
            self.finish_step(step.part, uploader.upload(step.part, &step.cancel));
        }
        TaskStatus::Again
    }

    fn fail(&self, error: Error) {
        self.lock().tracker.clear_in_flight(error);
        self.options.cancel.trigger();
        self.changed.set();
    }
}

impl PartScheduler {
    fn start_step(&self) -> Result<Option<PartAttempt<'_>>> {
        let mut state = self.lock();
        let Some(uploader) = state.uploader.clone() else { return Ok(None) };
        let Some(part) = state.tracker.next_part(now()) else { return Ok(None) };
        match self.options.cancel.child() {
            Ok(cancel) => {
                state.attempts.push((part.number, cancel.clone()));
                state.running += 1;
                Ok(Some(PartAttempt { scheduler: self, part, uploader: Some(uploader), cancel }))
            }
            Err(cause) => {
                let error = Error::no_descriptor(&cause);
                state.tracker.fail_attempt(part.number, error.clone());
                // Without a hedged request the first attempt continues alone.
                if state.tracker.has_failed() { Err(error) } else { Ok(None) }
            }
        }
    }

    /// Records the outcome of one attempt at a part.
    fn finish_step(&self, part: PartRange, outcome: Result<UploadedPart>) {
        let mut state = self.lock();
        match outcome {
            Ok(uploaded) => {
                let is_resumed = matches!(uploaded, UploadedPart::Resumed(_));
                let is_reused = matches!(uploaded, UploadedPart::Reused(_));
                let (UploadedPart::Sent(sent)
                | UploadedPart::Resumed(sent)
                | UploadedPart::Reused(sent)) = uploaded;
                let size = sent.size;
                let first = !state.tracker.has(part.number);
                let others = if is_resumed || is_reused {
                    state.tracker.record_unsent(sent)
                } else {
                    state.tracker.record(sent, now())
                };
                if others == OtherAttempts::Cancel {
                    for (_, attempt) in state.attempts.iter().filter(|(n, _)| *n == part.number) {
                        attempt.trigger();
                    }
                }
                if first {
                    self.meter.part_done(size);
                }
                if first && is_resumed {
                    self.meter.part_resumed(size);
                }
                if first && is_reused {
                    self.meter.part_reused(size);
                }
            }
            Err(error) => state.tracker.fail_attempt(part.number, error),
        }
        let failed = state.tracker.has_failed();
        if let Some(index) = state.attempts.iter().position(|(number, _)| *number == part.number) {
            state.attempts.swap_remove(index);
        }
        drop(state);
        if failed {
            self.options.cancel.trigger();
        }
    }

    /// Waits until the tracker is settled. The first failure, cancellation or deadline cancels the
    /// parts in flight; then it waits only for them to end.
    ///
    /// # Errors
    ///
    /// `Forked`, in a child that a callback has forked, which has no workers.
    fn wait(&self, cancel: &Cancel, add_task: impl Fn() -> Result<()>) -> Result<()> {
        let process = ForkGuard::current();
        let logger = &self.options.logger;
        let mut hedge_requested_at = None;
        while !self.is_settled() {
            logger.deliver();
            process.check()?;
            let (failed, hedge_due) = {
                let tracker = &self.lock().tracker;
                (
                    tracker.has_failed(),
                    tracker.hedge_due().filter(|due| hedge_requested_at != Some(*due)),
                )
            };
            if failed {
                cancel.shielded().wait_for_event(&self.changed, logger.next_delivery());
                process.check()?;
            } else {
                let hedge = hedge_due.map_or(Deadline::NEVER, Deadline::at);
                let deadline = self.options.deadline;
                let next = deadline.earlier(hedge).earlier(logger.next_delivery());
                let woken = cancel.wait_for_event(&self.changed, next);
                process.check()?;
                match woken {
                    Wake::Canceled => self.fail_upload(Error::canceled()),
                    Wake::TimedOut if deadline.has_passed() => {
                        self.fail_upload(Error::deadline_passed());
                    }
                    Wake::TimedOut if hedge.has_passed() => {
                        hedge_requested_at = hedge_due;
                        // Without another worker the first attempt continues alone.
                        let _ = add_task();
                    }
                    Wake::TimedOut | Wake::Ready | Wake::Failed(_) => {}
                }
            }
            self.changed.clear();
        }
        Ok(())
    }

    fn fail_upload(&self, error: Error) {
        self.lock().tracker.fail(error);
        self.options.cancel.trigger();
    }

    fn is_settled(&self) -> bool {
        let state = self.lock();
        state.running == 0 && state.tracker.is_settled()
    }

    fn take_result(&self, cancel: &Cancel) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        let uploader = state.uploader.take();
        let tracker = std::mem::replace(
            &mut state.tracker,
            PartTracker::new(self.options.parts, Hedging::Never),
        );
        drop(state);
        let sent = tracker.outcome()?;
        let Some(uploader) = uploader else { return Ok(sent) };
        let sent = uploader.confirm(sent, cancel)?;
        uploader.check_source(&sent, cancel)?;
        Ok(sent)
    }

    fn lock(&self) -> MutexGuard<'_, SchedulerState> {
        self.state.lock().ignore_poison()
    }
}

impl Drop for PartAttempt<'_> {
    fn drop(&mut self) {
        self.uploader = None;
        self.scheduler.lock().running -= 1;
        self.scheduler.changed.set();
    }
}

impl Drop for UnwindGuard<'_> {
    fn drop(&mut self) {
        self.0.fail_upload(Error::internal("the call was unwound"));
        self.0.lock().uploader = None;
        while !self.0.is_settled() {
            Cancel::never().wait_for_event(&self.0.changed, Deadline::NEVER);
            self.0.changed.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::model::ETag;
    use crate::runtime::simulated;
    use crate::service::LogLevel;
    use crate::upload::options::UploadOptions;
    use crate::upload::schedule::plan::Plan;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    struct Unused;

    impl PartUploader for Unused {
        fn upload(&self, _part: PartRange, _cancel: &Cancel) -> Result<UploadedPart> {
            Err(Error::internal("not called"))
        }

        fn check_source(&self, _sent: &[SentPart], _cancel: &Cancel) -> Result<()> {
            Ok(())
        }
    }

    fn scheduler() -> PartScheduler {
        scheduler_with(Deadline::NEVER, Logger::default())
    }

    fn scheduler_with(deadline: Deadline, logger: Logger) -> PartScheduler {
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(1 << 20).unwrap();
        let Plan::Parts(parts) = Plan::new(3 << 20, &options).unwrap() else { unreachable!() };
        let options = ScheduleOptions {
            parts,
            parallelism: 4,
            hedging: Hedging::LastParts,
            cancel: Cancel::new().unwrap(),
            deadline,
            logger,
        };
        let tracker = PartTracker::new(parts, Hedging::LastParts);
        let uploader: Arc<dyn PartUploader> = Arc::new(Unused);
        let state =
            SchedulerState { tracker, uploader: Some(uploader), attempts: Vec::new(), running: 0 };
        let meter = Arc::new(Meter::new(None, None));
        PartScheduler { options, meter, state: Mutex::new(state), changed: Event::new().unwrap() }
    }

    fn sent(part: PartRange) -> SentPart {
        let etag = ETag::parse("E").unwrap();
        SentPart { number: part.number, size: part.length, etag, crc64: Some(0) }
    }

    /// Starts all parts and finishes all but the last, which is then slow enough to be hedged.
    fn one_slow_part(scheduler: &PartScheduler) -> PartAttempt<'_> {
        let start = Instant::now();
        simulated::set(Some(start));
        let mut steps: Vec<_> = (0..3).filter_map(|_| scheduler.start_step().unwrap()).collect();
        let slow = steps.pop().unwrap();
        for step in steps {
            scheduler.finish_step(step.part, Ok(UploadedPart::Sent(sent(step.part))));
        }
        simulated::set(Some(start + Duration::from_secs(60)));
        slow
    }

    #[test]
    fn a_call_that_is_unwound_ends_with_the_last_running_attempt() {
        let scheduler = scheduler();
        let running = scheduler.start_step().unwrap().unwrap();
        let has_ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                drop(UnwindGuard(&scheduler));
                assert!(has_ended.load(Ordering::SeqCst));
            });
            while scheduler.lock().uploader.is_some() {
                std::thread::yield_now();
            }
            has_ended.store(true, Ordering::SeqCst);
            scheduler.finish_step(running.part, Err(Error::canceled()));
            drop(running);
        });
        // Nothing is running.
        drop(UnwindGuard(&scheduler));
    }

    /// Runs a function with the token of an attempt at the first part, while the caller waits.
    fn with_waiting_caller(
        scheduler: &PartScheduler,
        add_task: impl Fn() -> Result<()> + Send,
        run: impl FnOnce(&Cancel),
    ) {
        let running = scheduler.start_step().unwrap().unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| scheduler.wait(&Cancel::never(), add_task));
            run(&running.cancel);
            scheduler.finish_step(running.part, Err(Error::internal("the test has ended")));
            drop(running);
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn the_deadline_interrupts_the_parts_in_flight() {
        let scheduler = scheduler_with(Deadline::after(Duration::ZERO), Logger::default());
        with_waiting_caller(
            &scheduler,
            || Ok(()),
            |attempt| _ = attempt.wait(Deadline::after(Duration::from_secs(20))),
        );
        let error = scheduler.take_result(&Cancel::never()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }

    #[test]
    fn delivering_log_lines_starts_no_part() {
        let logger = Logger::new(LogLevel::Info, Box::new(|_, _| {}));
        let scheduler = scheduler_with(Deadline::NEVER, logger.clone());
        let added = AtomicUsize::new(0);
        let add_task = || {
            added.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        with_waiting_caller(&scheduler, add_task, |attempt| {
            for _ in 0..3 {
                attempt.wait(logger.next_delivery());
            }
        });
        assert_eq!(added.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_panic_in_one_part_interrupts_the_others_and_fails_the_upload() {
        let scheduler = scheduler();
        let panicked = scheduler.start_step().unwrap().unwrap();
        let other = scheduler.start_step().unwrap().unwrap();
        drop(panicked);
        scheduler.fail(Error::internal("a worker panicked"));
        assert!(other.cancel.is_triggered() && !scheduler.is_settled());
        scheduler.finish_step(other.part, Err(Error::canceled()));
        drop(other);
        assert!(scheduler.is_settled());
        let error = scheduler.take_result(&Cancel::never()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    }

    #[test]
    fn a_part_is_not_slow_because_others_were_resumed() {
        let scheduler = scheduler();
        let steps: Vec<_> = (0..3).filter_map(|_| scheduler.start_step().unwrap()).collect();
        for step in &steps[..2] {
            scheduler.finish_step(step.part, Ok(UploadedPart::Resumed(sent(step.part))));
        }
        assert_eq!(scheduler.lock().tracker.hedge_due(), None);
        scheduler.finish_step(steps[2].part, Ok(UploadedPart::Sent(sent(steps[2].part))));
    }

    #[test]
    fn a_hedged_part_that_was_resumed_counts_once() {
        let scheduler = scheduler();
        let first = one_slow_part(&scheduler);
        let hedge = scheduler.start_step().unwrap().unwrap();
        assert_eq!(hedge.part, first.part);
        for step in [hedge, first] {
            scheduler.finish_step(step.part, Ok(UploadedPart::Resumed(sent(step.part))));
        }
        let progress = scheduler.meter.snapshot();
        assert_eq!((progress.parts_done, progress.bytes_done), (3, 3 << 20));
        assert_eq!(progress.bytes_resumed, 1 << 20);
        assert!(scheduler.is_settled());
    }

    #[cfg(unix)]
    #[test]
    fn without_a_descriptor_for_a_hedge_the_first_attempt_continues() {
        const LIMITED: &str = "OSSMPU_TEST_HAS_FEW_DESCRIPTORS";
        if std::env::var_os(LIMITED).is_none() {
            // The limit is that of a process, so the test runs again in one of its own.
            let name = "without_a_descriptor_for_a_hedge_the_first_attempt_continues";
            let ran = std::process::Command::new("sh")
                .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
                .arg(std::env::current_exe().unwrap())
                .args([name, "--test-threads", "1"])
                .env(LIMITED, "1")
                .output()
                .unwrap();
            let output = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success() && output.contains("1 passed"), "{output}");
            return;
        }
        let scheduler = scheduler();
        let first = one_slow_part(&scheduler);
        let mut files = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            files.push(file);
        }
        assert!(scheduler.start_step().unwrap().is_none(), "there is no hedge");
        drop(files);
        assert!(!scheduler.lock().tracker.has_failed() && !scheduler.is_settled());
        scheduler.finish_step(first.part, Ok(UploadedPart::Sent(sent(first.part))));
        drop(first);
        assert_eq!(scheduler.take_result(&Cancel::never()).unwrap().len(), 3);
    }
}
