//! One cancel token: triggered once, from any thread or a signal handler, seen by every wait.
//!
//! The flag is what is read, the descriptors are what is polled. A child is triggered with its
//! parent, but not the other way round. Each wait of the library ends here.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::event::poll;
use super::sync::AtomicBool;
use super::timer::Timer;
use super::{Deadline, Event, ForkGuard};
use crate::error::Result;

/// Ends the calls that were given it, running and later ones, once it is triggered.
///
/// Cheap to clone; all clones are one token. It belongs to the process that made it: in a forked
/// child a trigger does nothing.
///
/// ```
/// let cancel = ossmpu::Cancel::new()?;
/// let for_another_thread = cancel.clone();
/// for_another_thread.trigger();
/// assert!(cancel.is_triggered());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cancel(Option<Arc<Token>>);

#[derive(Debug)]
struct Token {
    triggered: AtomicBool,
    event: Event,
    /// Only a token that a caller may set the time of has one.
    timer: Option<Timer>,
    parent: Option<Cancel>,
    process: ForkGuard,
}

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    Ready,
    Canceled,
    TimedOut,
}

impl Cancel {
    /// Makes a token.
    ///
    /// # Errors
    ///
    /// The operating system's, when no file descriptor is left.
    pub fn new() -> io::Result<Self> {
        Self::assemble(Some(Timer::new()?), None)
    }

    /// A token that is never triggered, for a call that is never canceled.
    pub const fn never() -> Self {
        Self(None)
    }

    /// Triggers the token. Async-signal-safe; a second trigger changes nothing.
    pub fn trigger(&self) {
        if let Some(token) = self.0.as_ref().filter(|token| token.process.is_current()) {
            token.triggered.store(true, Ordering::SeqCst);
            token.event.set();
        }
    }

    /// Triggers the token by itself after that time; a later call moves the time.
    ///
    /// # Errors
    ///
    /// The operating system's, when no timer can be had.
    pub fn trigger_after(&self, time: Duration) -> io::Result<()> {
        let timer = self.0.as_ref().filter(|token| token.process.is_current());
        match timer.and_then(|token| token.timer.as_ref()) {
            Some(timer) if !self.is_triggered() => timer.set(time),
            _ => Ok(()),
        }
    }

    /// True once the token, or one it is a child of, was triggered.
    pub fn is_triggered(&self) -> bool {
        self.chain().any(Token::is_triggered)
    }

    /// Makes a token that is also triggered when this one is.
    pub(crate) fn child(&self) -> io::Result<Self> {
        Self::assemble(None, Some(self.clone()))
    }

    /// An error of kind `Forked` in a child of the process that made the token.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |token| token.process.check())
    }

    /// Waits for the token alone; true if it was triggered before the deadline.
    pub(crate) fn wait(&self, deadline: Deadline) -> bool {
        self.wait_for(None, deadline) == Wake::Canceled
    }

    /// Waits until the descriptor is ready, the token is triggered or the deadline has passed.
    /// A trigger wins over readiness.
    pub(crate) fn wait_for(&self, fd: Option<(RawFd, Interest)>, deadline: Deadline) -> Wake {
        let mut polled = [IDLE; MAX_POLLED];
        let mut count = 0;
        let ready = fd.map(|(fd, interest)| match interest {
            Interest::Read => (fd, libc::POLLIN),
            Interest::Write => (fd, libc::POLLOUT),
        });
        for (fd, events) in ready.into_iter().chain(self.descriptors().map(|fd| (fd, libc::POLLIN)))
        {
            if let Some(slot) = polled.get_mut(count) {
                *slot = libc::pollfd { fd, events, revents: 0 };
                count += 1;
            }
        }
        let polled = polled.get_mut(..count).unwrap_or_default();
        loop {
            if self.is_triggered() {
                return Wake::Canceled;
            }
            let woken = poll(polled, deadline);
            if self.is_triggered() {
                return Wake::Canceled;
            }
            if woken > 0 && fd.is_some() && polled.first().is_some_and(|fd| fd.revents != 0) {
                return Wake::Ready;
            }
            if deadline.has_passed() {
                return Wake::TimedOut;
            }
        }
    }

    fn assemble(timer: Option<Timer>, parent: Option<Self>) -> io::Result<Self> {
        Ok(Self(Some(Arc::new(Token {
            triggered: AtomicBool::new(false),
            event: Event::new()?,
            timer,
            parent,
            process: ForkGuard::current(),
        }))))
    }

    fn chain(&self) -> impl Iterator<Item = &Token> {
        std::iter::successors(self.0.as_deref(), |token| token.parent.as_ref()?.0.as_deref())
    }

    fn descriptors(&self) -> impl Iterator<Item = RawFd> {
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

const IDLE: libc::pollfd = libc::pollfd { fd: -1, events: 0, revents: 0 };

/// One descriptor of the caller's, and two of each token in a chain of at most four: the caller's,
/// the call's, the upload's and the part's.
const MAX_POLLED: usize = 9;

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
    fn a_child_follows_its_parent_and_not_the_other_way_round() {
        let parent = Cancel::new().unwrap();
        let child = parent.child().unwrap();
        let other = parent.child().unwrap();
        child.trigger();
        assert!(child.is_triggered() && !parent.is_triggered() && !other.is_triggered());
        parent.trigger();
        assert!(other.wait(Deadline::NEVER));
    }

    #[test]
    fn an_alarm_triggers_by_itself_and_can_be_moved() {
        let token = Cancel::new().unwrap();
        token.trigger_after(LONG).unwrap();
        assert!(!token.wait(Deadline::after(Duration::from_millis(5))));
        token.trigger_after(Duration::from_millis(10)).unwrap();
        assert!(token.wait(Deadline::after(LONG)));
        token.trigger_after(LONG).unwrap();
        assert!(token.is_triggered(), "a triggered token stays triggered");
    }

    #[test]
    fn moving_the_alarm_wakes_a_wait_that_has_begun() {
        let token = Cancel::new().unwrap();
        token.trigger_after(LONG).unwrap();
        let waiting = token.clone();
        let thread = std::thread::spawn(move || waiting.wait(Deadline::after(LONG)));
        token.trigger_after(Duration::from_millis(20)).unwrap();
        assert!(thread.join().unwrap());
    }

    #[test]
    fn a_ready_descriptor_a_trigger_and_a_deadline_are_told_apart() {
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
}
