//! The progress of a call: counters that the workers increase, and the callback on the caller's
//! thread.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::platform::ForkGuard;
use crate::runtime::{Cancel, Deadline, IgnorePoison, Tick, now};
use crate::service::Observer;

/// The progress of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// What the call is doing.
    pub phase: CallPhase,
    /// Parts in total, 0 if there is one PutObject; `None` while unknown.
    pub parts_total: Option<u64>,
    /// Parts that OSS has acknowledged.
    pub parts_done: u64,
    /// Bytes in total; `None` while unknown.
    pub bytes_total: Option<u64>,
    /// Bytes that OSS has acknowledged. Never decreases.
    pub bytes_done: u64,
    /// Of these, bytes of parts that OSS already had.
    pub bytes_resumed: u64,
    /// Bytes that were sent; what is sent twice counts twice. The last 112 KiB of a request count
    /// when it ends. Never decreases.
    pub bytes_sent: u64,
    /// Retries of all requests so far.
    pub retries: u64,
    /// Milliseconds for which OSS delayed requests because of its bandwidth limits
    /// (`x-oss-qos-delay-time`). Delays of concurrent requests add up. Never decreases.
    pub throttled_ms: u64,
    /// Of the bytes done, those of parts that OSS copied from the base of a delta upload.
    pub bytes_reused: u64,
}

/// What a call is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum CallPhase {
    /// Reads the source or a checkpoint, or lists the parts of an earlier call.
    #[default]
    Prepare,
    /// Initiates the upload.
    Initiate,
    /// Sends or copies the parts, or the object in one PutObject.
    Send,
    /// Completes the upload, or determines whether the object was created.
    Complete,
    /// Aborts the upload.
    Abort,
}

/// The progress callback of the caller; `Break` cancels the call.
pub(crate) type ProgressCallback = Arc<dyn Fn(&Progress) -> ControlFlow<i64> + Send + Sync>;

/// The counters of one call.
#[derive(Debug)]
pub(crate) struct Meter {
    phase: AtomicU8,
    /// [`UNKNOWN`] until they are known.
    parts_total: AtomicU64,
    bytes_total: AtomicU64,
    parts_done: AtomicU64,
    bytes_done: AtomicU64,
    bytes_resumed: AtomicU64,
    bytes_sent: AtomicU64,
    retries: AtomicU64,
    throttled_ms: AtomicU64,
    bytes_reused: AtomicU64,
}

impl Meter {
    pub(crate) fn new(parts_total: Option<u64>, bytes_total: Option<u64>) -> Self {
        Self {
            phase: AtomicU8::new(CallPhase::default() as u8),
            parts_total: AtomicU64::new(parts_total.unwrap_or(UNKNOWN)),
            bytes_total: AtomicU64::new(bytes_total.unwrap_or(UNKNOWN)),
            parts_done: AtomicU64::new(0),
            bytes_done: AtomicU64::new(0),
            bytes_resumed: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            throttled_ms: AtomicU64::new(0),
            bytes_reused: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_totals(&self, parts: u64, bytes: u64) {
        self.parts_total.store(parts, Ordering::Relaxed);
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn set_bytes_total(&self, bytes: Option<u64>) {
        self.bytes_total.store(bytes.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    pub(crate) fn enter(&self, phase: CallPhase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Counts the bytes of an object that one PutObject has sent.
    pub(crate) fn object_done(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn part_done(&self, bytes: u64) {
        self.parts_done.fetch_add(1, Ordering::Relaxed);
        self.bytes_done.fetch_add(bytes, Ordering::SeqCst);
    }

    /// Counts a part that OSS already had, after it was counted as done like any other.
    pub(crate) fn part_resumed(&self, bytes: u64) {
        self.bytes_resumed.fetch_add(bytes, Ordering::SeqCst);
    }

    /// Counts a part that was copied from the base, after it was counted as done like any other.
    pub(crate) fn part_reused(&self, bytes: u64) {
        self.bytes_reused.fetch_add(bytes, Ordering::SeqCst);
    }

    pub(crate) fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }

    pub(crate) fn throttled_ms(&self) -> u64 {
        self.throttled_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn snapshot(&self) -> Progress {
        let known =
            |total: &AtomicU64| Some(total.load(Ordering::Relaxed)).filter(|t| *t != UNKNOWN);
        // Read first, because a part is counted as done first.
        let bytes_resumed = self.bytes_resumed.load(Ordering::SeqCst);
        let bytes_reused = self.bytes_reused.load(Ordering::SeqCst);
        Progress {
            phase: self.phase(),
            parts_total: known(&self.parts_total),
            parts_done: self.parts_done.load(Ordering::Relaxed),
            bytes_total: known(&self.bytes_total),
            bytes_done: self.bytes_done.load(Ordering::Relaxed),
            bytes_resumed,
            bytes_sent: self.bytes_sent(),
            retries: self.retries.load(Ordering::Relaxed),
            throttled_ms: self.throttled_ms(),
            bytes_reused,
        }
    }

    fn phase(&self) -> CallPhase {
        let phases = [CallPhase::Initiate, CallPhase::Send, CallPhase::Complete, CallPhase::Abort];
        let phase = self.phase.load(Ordering::Relaxed);
        phases.into_iter().find(|known| *known as u8 == phase).unwrap_or_default()
    }
}

const UNKNOWN: u64 = u64::MAX;

impl Observer for Meter {
    fn sent(&self, bytes: u64) {
        self.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }

    fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    fn throttled(&self, ms: u64) {
        let add = |sum: u64| Some(sum.saturating_add(ms));
        let _ = self.throttled_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// Calls the progress callback, on the thread that makes the call and not too often.
pub(crate) struct Reporter {
    callback: Option<ProgressCallback>,
    meter: Arc<Meter>,
    /// Triggered when the callback cancels the call.
    cancel: Cancel,
    state: Mutex<ReporterState>,
}

#[derive(Default)]
struct ReporterState {
    last: Option<Instant>,
    /// What the callback returned to cancel the call.
    canceled_with: Option<i64>,
}

impl Reporter {
    pub(crate) fn new(callback: Option<&ProgressCallback>, cancel: &Cancel) -> Self {
        let meter = Arc::new(Meter::new(None, None));
        let callback = callback.cloned();
        Self { callback, meter, cancel: cancel.without_ticker(), state: Mutex::default() }
    }

    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(crate) fn has_callback(&self) -> bool {
        self.callback.is_some()
    }

    /// Reports now, unless the callback has canceled the call.
    ///
    /// # Errors
    ///
    /// `Canceled`, when the callback canceled the call; `Forked`, in a child that it forked.
    pub(crate) fn report(&self) -> Result<()> {
        let is_canceled = self.lock().canceled_with.is_some();
        let process = ForkGuard::current();
        let flow = match &self.callback {
            Some(callback) if !is_canceled => callback(&self.meter.snapshot()),
            _ => ControlFlow::Continue(()),
        };
        process.check()?;
        let mut state = self.lock();
        state.last = Some(now());
        if let ControlFlow::Break(value) = flow {
            state.canceled_with = Some(value);
            self.cancel.trigger();
        }
        state.canceled_with.map_or(Ok(()), |_| Err(Error::canceled()))
    }

    /// Adds the value of the callback to the cancellation that it caused.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let canceled_with = self.lock().canceled_with;
        match canceled_with {
            Some(value) if error.kind() == ErrorKind::Canceled => {
                let text = "the progress callback canceled the call";
                error.with_text(text).with_callback_value(value)
            }
            _ => error,
        }
    }

    fn lock(&self) -> MutexGuard<'_, ReporterState> {
        self.state.lock().ignore_poison()
    }
}

impl Tick for Reporter {
    fn due(&self) -> Deadline {
        let last = self.lock().last;
        last.map_or(Deadline::after(Duration::ZERO), |last| {
            Deadline::at(last).plus(limits::PROGRESS_INTERVAL)
        })
    }

    fn tick(&self) {
        // A cancellation is in the token.
        let _ = self.report();
    }
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").field("meter", &self.meter).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_triggers_the_token_and_explains_the_cancellation() {
        let calls = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&calls);
        let callback: ProgressCallback = Arc::new(move |progress: &Progress| {
            count.fetch_add(1, Ordering::SeqCst);
            assert_eq!((progress.parts_done, progress.bytes_done), (1, 5));
            assert_eq!((progress.parts_total, progress.bytes_total), (Some(2), Some(10)));
            assert_eq!(progress.phase, CallPhase::Send);
            ControlFlow::Break(-42)
        });
        let cancel = Cancel::new().unwrap();
        let reporter = Reporter::new(Some(&callback), &cancel);
        let meter = reporter.meter();
        meter.set_totals(2, 10);
        meter.enter(CallPhase::Send);
        meter.part_done(5);
        assert!(reporter.due().has_passed(), "the first report is due at once");
        let error = reporter.explain(reporter.report().unwrap_err());
        assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Canceled, Some(-42)));
        assert!(cancel.is_triggered() && !reporter.due().has_passed());
        assert!(reporter.report().is_err());
        assert_eq!(calls.load(Ordering::SeqCst), 1, "it is not called again");
        let other = reporter.explain(Error::internal("x"));
        assert_eq!((other.kind(), other.callback_value()), (ErrorKind::Internal, None));
    }

    #[test]
    fn without_totals_they_are_unknown() {
        let progress = Reporter::new(None, &Cancel::never()).meter().snapshot();
        assert_eq!((progress.parts_total, progress.bytes_total), (None, None));
        assert_eq!(progress.phase, CallPhase::Prepare);
    }
}
