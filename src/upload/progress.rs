//! The progress of an upload: counters that the workers increase, and the callback on the caller's
//! thread.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::runtime::{Cancel, ForkGuard, IgnorePoison, now};
use crate::service::Observer;

/// The progress of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Parts in all, 0 if there is one PutObject; `None` while unknown.
    pub parts_total: Option<u64>,
    /// Parts that OSS has acknowledged.
    pub parts_done: u64,
    /// Bytes in all; `None` while unknown.
    pub bytes_total: Option<u64>,
    /// Bytes that OSS has acknowledged; never falls.
    pub bytes_done: u64,
    /// Of these, bytes of parts that OSS already had.
    pub bytes_resumed: u64,
    /// Bytes that were sent; what is sent twice counts twice. Never falls.
    pub bytes_sent: u64,
    /// Requests that were retried.
    pub retries: u64,
}

/// The progress callback of the caller; `Break` cancels the call.
pub(crate) type ProgressCallback = Arc<dyn Fn(&Progress) -> ControlFlow<i64> + Send + Sync>;

/// The counters of one upload.
#[derive(Debug)]
pub(crate) struct Meter {
    parts_total: Option<u64>,
    bytes_total: Option<u64>,
    parts_done: AtomicU64,
    bytes_done: AtomicU64,
    bytes_resumed: AtomicU64,
    bytes_sent: AtomicU64,
    retries: AtomicU64,
}

impl Meter {
    pub(crate) fn new(parts_total: Option<u64>, bytes_total: Option<u64>) -> Self {
        Self {
            parts_total,
            bytes_total,
            parts_done: AtomicU64::new(0),
            bytes_done: AtomicU64::new(0),
            bytes_resumed: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }
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

    pub(crate) fn snapshot(&self) -> Progress {
        // Read first, because a part is counted as done first.
        let bytes_resumed = self.bytes_resumed.load(Ordering::SeqCst);
        Progress {
            parts_total: self.parts_total,
            parts_done: self.parts_done.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
            bytes_done: self.bytes_done.load(Ordering::Relaxed),
            bytes_resumed,
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }
}

impl Observer for Meter {
    fn sent(&self, bytes: u64) {
        self.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }

    fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }
}

/// Calls the caller's progress callback, on the caller's thread and not too often.
pub(crate) struct Reporter {
    callback: Option<ProgressCallback>,
    meter: Arc<Meter>,
    state: Mutex<ReporterState>,
}

struct ReporterState {
    last: Instant,
    /// What the callback returned to cancel the call.
    canceled_with: Option<i64>,
}

impl Reporter {
    pub(crate) fn new(callback: Option<&ProgressCallback>, meter: &Arc<Meter>) -> Self {
        let state = ReporterState { last: now(), canceled_with: None };
        Self { callback: callback.cloned(), meter: Arc::clone(meter), state: Mutex::new(state) }
    }

    /// Time until the next report; `None` without a callback.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        self.callback.as_ref()?;
        let last = self.state.lock().ignore_poison().last;
        Some(limits::PROGRESS_INTERVAL.saturating_sub(now().saturating_duration_since(last)))
    }

    /// Reports if it is time to.
    ///
    /// # Errors
    ///
    /// `Callback`, when the callback canceled the call; `Forked`, in a child that it forked.
    pub(crate) fn tick(&self) -> Result<()> {
        if self.due_in() == Some(Duration::ZERO) { self.report() } else { Ok(()) }
    }

    /// Reports now.
    pub(crate) fn report(&self) -> Result<()> {
        let Some(callback) = &self.callback else { return Ok(()) };
        let process = ForkGuard::current();
        let flow = callback(&self.meter.snapshot());
        process.check()?;
        let mut state = self.state.lock().ignore_poison();
        state.last = now();
        if let ControlFlow::Break(value) = flow {
            state.canceled_with.get_or_insert(value);
        }
        state.canceled_with.map_or(Ok(()), |value| Err(canceled_by_callback(value)))
    }

    /// Replaces the cancellation that the progress callback caused by the error of the callback.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let canceled_with = self.state.lock().ignore_poison().canceled_with;
        match canceled_with {
            Some(value) if error.kind() == ErrorKind::Canceled => error
                .with_kind(ErrorKind::Callback)
                .with_text(CANCELED_BY_CALLBACK)
                .with_callback_value(value),
            _ => error,
        }
    }
}

/// Reports while the caller's own thread sends; `Break` of the callback triggers the token.
pub(crate) struct InlineObserver<'a> {
    pub(crate) reporter: &'a Reporter,
    pub(crate) cancel: &'a Cancel,
}

impl Observer for InlineObserver<'_> {
    fn sent(&self, bytes: u64) {
        self.reporter.meter.sent(bytes);
        if self.reporter.tick().is_err() {
            self.cancel.trigger();
        }
    }

    fn retried(&self) {
        self.reporter.meter.retried();
    }
}

fn canceled_by_callback(value: i64) -> Error {
    Error::new(ErrorKind::Callback, CANCELED_BY_CALLBACK).with_callback_value(value)
}

const CANCELED_BY_CALLBACK: &str = "the progress callback canceled the call";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_an_error_with_its_value_and_explains_the_cancellation() {
        let meter = Arc::new(Meter::new(Some(2), Some(10)));
        meter.part_done(5);
        let callback: ProgressCallback = Arc::new(|progress: &Progress| {
            assert_eq!((progress.parts_done, progress.bytes_done), (1, 5));
            ControlFlow::Break(-42)
        });
        let reporter = Reporter::new(Some(&callback), &meter);
        let error = reporter.report().unwrap_err();
        assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Callback, Some(-42)));
        let explained = reporter.explain(Error::canceled());
        assert_eq!(
            (explained.kind(), explained.callback_value()),
            (ErrorKind::Callback, Some(-42))
        );
        let other = reporter.explain(Error::internal("x"));
        assert_eq!(other.kind(), ErrorKind::Internal);
    }

    #[test]
    fn without_a_callback_nothing_is_due() {
        let meter = Arc::new(Meter::new(None, None));
        assert_eq!(Reporter::new(None, &meter).due_in(), None);
    }
}
