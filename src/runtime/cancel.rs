//! The cancel token, and the wait function of the library.
//!
//! A token is triggered once, from any thread or a signal handler. It has a flag to read and a
//! descriptor to poll. Triggering a token also triggers its children.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[cfg(not(shuttle))]
use super::poll_until::poll_until;
#[cfg(shuttle)]
use super::shuttle_event::poll_until;
use super::sync::AtomicBool;
use super::ticker::{Tick, Ticker};
use super::{Deadline, Event};
use crate::error::Result;
use crate::platform::{ForkGuard, Interest, Polled, RawDescriptor, Timer, errno};

/// Cancels calls: those in progress and those that start after it is triggered.
///
/// A clone is cheap and refers to the same token. A token belongs to the process that made it:
/// triggering it in a forked child does nothing.
///
/// ```
/// let cancel = ossmpu::Cancel::new()?;
/// let for_another_thread = cancel.clone();
/// for_another_thread.trigger();
/// assert!(cancel.is_triggered());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cancel {
    token: Option<Arc<Token>>,
    /// Runs during waits for this value. Children do not have it.
    ticker: Option<Ticker>,
    /// True for the tokens of worker threads.
    is_for_workers: bool,
}

#[derive(Debug)]
struct Token {
    triggered: AtomicBool,
    event: Event,
    /// For [`Cancel::trigger_after`]; internal tokens have none.
    timer: Option<Timer>,
    parent: Option<Cancel>,
    process: ForkGuard,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    Ready,
    Canceled,
    TimedOut,
    /// The descriptors cannot be waited for; the `errno` is EBADF if one of them is closed.
    Failed(i32),
}

impl Cancel {
    /// Creates a token.
    ///
    /// # Errors
    ///
    /// The error of the operating system if no file descriptor is left.
    pub fn new() -> io::Result<Self> {
        Self::build(Some(Timer::new()?), None)
    }

    /// Returns a token that cannot be triggered.
    pub const fn never() -> Self {
        Self { token: None, ticker: None, is_for_workers: false }
    }

    /// Triggers the token. Async-signal-safe and idempotent.
    pub fn trigger(&self) {
        // Also a child that shares the memory of its parent may run a signal handler that triggers it.
        let token = self.token.as_ref();
        if let Some(token) = token.filter(|token| token.process.is_current_process()) {
            token.triggered.store(true, Ordering::SeqCst);
            token.event.set();
        }
    }

    /// Triggers the token after a timeout. A later call replaces the timeout.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the timer cannot be set.
    pub fn trigger_after(&self, time: Duration) -> io::Result<()> {
        let token = self.token.as_ref().filter(|token| token.process.is_current_process());
        match token.and_then(|token| token.timer.as_ref()) {
            Some(timer) if !self.is_triggered() => timer.set(time),
            _ => Ok(()),
        }
    }

    /// Returns true if the token or one of its ancestors was triggered. In a forked child of the
    /// process that made it, a token counts as triggered, so that a call ends that the child has
    /// returned into from a callback.
    pub fn is_triggered(&self) -> bool {
        self.chain().any(Token::is_triggered) || self.check_process().is_err()
    }

    /// Creates a child token, which is triggered together with this one. It has no ticker.
    pub(crate) fn child(&self) -> io::Result<Self> {
        let child = Self::build(None, Some(self.without_ticker()))?;
        Ok(Self { is_for_workers: self.is_for_workers, ..child })
    }

    /// Returns the token with a ticker, for the thread that makes the call.
    pub(crate) fn with_ticker(&self, tick: Arc<dyn Tick>) -> Self {
        Self { ticker: Some(Ticker(tick)), ..self.clone() }
    }

    /// Returns the token for other threads than the one that makes the call.
    pub(crate) fn without_ticker(&self) -> Self {
        Self { ticker: None, ..self.clone() }
    }

    /// Returns the token for worker threads.
    pub(crate) fn for_workers(&self) -> Self {
        Self { is_for_workers: true, ..self.without_ticker() }
    }

    /// True if the token was made for worker threads.
    pub(crate) fn is_for_workers(&self) -> bool {
        self.is_for_workers
    }

    /// Returns a token for waits that a trigger must not end. They tick like those for this token.
    pub(crate) fn shielded(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// Ticks if it is time to.
    pub(crate) fn tick(&self) {
        if let Some(ticker) = &self.ticker {
            ticker.tick_if_due();
        }
    }

    /// Ticks; returns true in a child that the tick has forked.
    fn tick_forks(&self) -> bool {
        let Some(ticker) = &self.ticker else { return false };
        let process = ForkGuard::current();
        ticker.tick_if_due();
        !process.is_current()
    }

    /// Returns an error of kind `Forked` in a forked child of the process that made the token.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.token.as_ref().map_or(Ok(()), |token| token.process.check())
    }

    /// Waits for the token; returns true if it was triggered before the deadline.
    pub(crate) fn wait(&self, deadline: Deadline) -> bool {
        loop {
            match self.wait_for(None, deadline) {
                Wake::Failed(_) if !deadline.has_passed() => pause(deadline),
                wake => return wake == Wake::Canceled,
            }
        }
    }

    /// Waits until the event is set, the token is triggered or the deadline passes. It may also
    /// return `Ready` without a reason, so the caller checks its condition again: if descriptors
    /// cannot be waited for, it does so every few milliseconds.
    pub(crate) fn wait_for_event(&self, event: &Event, deadline: Deadline) -> Wake {
        match self.wait_for(Some((event.descriptor(), Interest::Read)), deadline) {
            Wake::Failed(_) if deadline.has_passed() => Wake::TimedOut,
            Wake::Failed(_) => {
                pause(deadline);
                Wake::Ready
            }
            wake => wake,
        }
    }

    /// Waits until the descriptor is ready, the token is triggered or the deadline passes.
    /// A trigger takes precedence over readiness.
    pub(crate) fn wait_for(
        &self,
        fd: Option<(RawDescriptor, Interest)>,
        deadline: Deadline,
    ) -> Wake {
        self.wait_for_any(fd.as_slice(), deadline)
    }

    /// Waits until one of at most [`WAITED_MAX`] descriptors is ready.
    pub(crate) fn wait_for_any(
        &self,
        fds: &[(RawDescriptor, Interest)],
        deadline: Deadline,
    ) -> Wake {
        let mut polled = [Polled::UNUSED; POLLED_MAX];
        let mut count = 0;
        let requested = fds.iter().take(WAITED_MAX).copied();
        for (fd, interest) in requested.chain(self.descriptors().map(|fd| (fd, Interest::Read))) {
            if let Some(slot) = polled.get_mut(count) {
                *slot = Polled::new(fd, interest);
                count += 1;
            }
        }
        let polled = polled.get_mut(..count).unwrap_or_default();
        loop {
            if self.tick_forks() || self.is_triggered() {
                return Wake::Canceled;
            }
            let next_tick = self.ticker.as_ref().map_or(Deadline::NEVER, Ticker::due);
            let polled_result = poll_until(polled, deadline.earlier(next_tick));
            if self.is_triggered() {
                return Wake::Canceled;
            }
            if let Err(cause) = polled_result {
                return Wake::Failed(cause.raw_os_error().unwrap_or(errno::EINVAL));
            }
            if polled.iter().any(Polled::is_closed) {
                return Wake::Failed(errno::EBADF);
            }
            if polled.iter().zip(fds).any(|(polled, _)| polled.is_ready()) {
                return Wake::Ready;
            }
            if deadline.has_passed() {
                return Wake::TimedOut;
            }
        }
    }

    fn build(timer: Option<Timer>, parent: Option<Self>) -> io::Result<Self> {
        let token = Token {
            triggered: AtomicBool::new(false),
            event: Event::new()?,
            timer,
            parent,
            process: ForkGuard::current(),
        };
        Ok(Self { token: Some(Arc::new(token)), ..Self::never() })
    }

    fn chain(&self) -> impl Iterator<Item = &Token> {
        std::iter::successors(self.token.as_deref(), |token| {
            token.parent.as_ref()?.token.as_deref()
        })
    }

    fn descriptors(&self) -> impl Iterator<Item = RawDescriptor> {
        self.chain()
            .flat_map(|token| {
                let timer = token.timer.as_ref().and_then(Timer::descriptor);
                [Some(token.event.descriptor()), timer]
            })
            .flatten()
    }
}

impl Token {
    fn is_triggered(&self) -> bool {
        self.triggered.load(Ordering::SeqCst) || self.timer.as_ref().is_some_and(Timer::has_expired)
    }
}

/// Sleeps before a condition is checked that cannot be waited for.
fn pause(deadline: Deadline) {
    std::thread::sleep(deadline.left().map_or(RECHECK_INTERVAL, |left| left.min(RECHECK_INTERVAL)));
}

/// How often a condition is checked that cannot be waited for.
const RECHECK_INTERVAL: Duration = Duration::from_millis(20);

/// The most descriptors of one wait, without those of the token.
pub(crate) const WAITED_MAX: usize = 16;

/// The descriptors to wait for, and two for each token of a chain of at most four: of the caller,
/// the call, the upload and the part.
const POLLED_MAX: usize = WAITED_MAX + 8;

#[cfg(shuttle)]
mod shuttle_tests;

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_trigger_from_another_thread_ends_a_wait() {
        let token = Cancel::new().unwrap();
        let other = token.clone();
        let thread = std::thread::spawn(move || other.trigger());
        assert!(token.wait(Deadline::after(LONG)));
        thread.join().unwrap();
    }

    #[test]
    fn a_parent_triggers_its_children_but_not_vice_versa() {
        let parent = Cancel::new().unwrap();
        let child = parent.child().unwrap();
        let other = parent.child().unwrap();
        child.trigger();
        assert!(child.is_triggered() && !parent.is_triggered() && !other.is_triggered());
        parent.trigger();
        assert!(other.wait(Deadline::NEVER));
    }

    #[test]
    fn a_timeout_triggers_the_token_and_can_be_replaced() {
        let token = Cancel::new().unwrap();
        token.trigger_after(LONG).unwrap();
        assert!(!token.wait(Deadline::after(Duration::from_millis(5))));
        token.trigger_after(Duration::from_millis(10)).unwrap();
        assert!(token.wait(Deadline::after(LONG)));
        token.trigger_after(LONG).unwrap();
        assert!(token.is_triggered(), "a triggered token stays triggered");
    }

    #[test]
    fn replacing_the_timeout_wakes_a_running_wait() {
        let token = Cancel::new().unwrap();
        token.trigger_after(LONG).unwrap();
        let waiting = token.clone();
        let thread = std::thread::spawn(move || waiting.wait(Deadline::after(LONG)));
        token.trigger_after(Duration::from_millis(20)).unwrap();
        assert!(thread.join().unwrap());
    }

    struct CountDown {
        left: std::sync::atomic::AtomicU32,
        cancel: Cancel,
    }

    impl Tick for CountDown {
        fn due(&self) -> Deadline {
            Deadline::after(Duration::ZERO)
        }

        fn tick(&self) {
            if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                self.cancel.trigger();
            }
        }
    }

    #[test]
    fn a_tick_can_trigger_its_token_during_a_wait_and_children_do_not_tick() {
        let token = Cancel::new().unwrap();
        let count_down = Arc::new(CountDown { left: 3.into(), cancel: token.clone() });
        let ticking = token.with_ticker(Arc::clone(&count_down) as Arc<dyn Tick>);
        let soon = || Deadline::after(Duration::from_millis(5));
        assert!(!ticking.child().unwrap().wait(soon()));
        assert!(!ticking.without_ticker().wait(soon()));
        assert_eq!(count_down.left.load(Ordering::SeqCst), 3);
        assert!(ticking.wait(Deadline::NEVER));
        // Nothing ends this wait early, but it ticks.
        count_down.left.store(u32::MAX, Ordering::SeqCst);
        assert!(!ticking.shielded().wait(soon()));
        assert!(count_down.left.load(Ordering::SeqCst) < u32::MAX);
    }

    #[test]
    fn a_wait_reports_readiness_cancellation_and_deadline() {
        let event = Event::new().unwrap();
        let token = Cancel::new().unwrap();
        let fd = Some((event.descriptor(), Interest::Read));
        let soon = || Deadline::after(Duration::from_millis(5));
        assert_eq!(token.wait_for(fd, soon()), Wake::TimedOut);
        event.set();
        assert_eq!(token.wait_for(fd, Deadline::NEVER), Wake::Ready);
        event.clear();
        assert_eq!(token.wait_for(fd, soon()), Wake::TimedOut);
        event.set();
        token.trigger();
        assert_eq!(token.wait_for(fd, Deadline::NEVER), Wake::Canceled);
    }

    #[test]
    fn a_wait_for_a_closed_descriptor_fails() {
        let fd = Some((1 << 20, Interest::Read));
        let wake = Cancel::never().wait_for(fd, Deadline::NEVER);
        // Windows has sockets.
        let expected = if cfg!(windows) { errno::ENOTSOCK } else { errno::EBADF };
        assert_eq!(wake, Wake::Failed(expected));
    }

    #[test]
    fn a_wait_ends_when_any_of_its_descriptors_is_ready() {
        let events: Vec<Event> = (0..WAITED_MAX).map(|_| Event::new().unwrap()).collect();
        let fds: Vec<_> = events.iter().map(|e| (e.descriptor(), Interest::Read)).collect();
        let token = Cancel::new().unwrap();
        let soon = Deadline::after(Duration::from_millis(5));
        assert_eq!(token.wait_for_any(&fds, soon), Wake::TimedOut);
        for event in [&events[0], &events[WAITED_MAX - 1]] {
            event.set();
            assert_eq!(token.wait_for_any(&fds, Deadline::NEVER), Wake::Ready);
            event.clear();
        }
        token.trigger();
        assert_eq!(token.wait_for_any(&fds, Deadline::NEVER), Wake::Canceled);
    }
}
