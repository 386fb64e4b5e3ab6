//! The time of day, which tests can set, and deadlines on the monotonic clock.

use std::time::{Duration, Instant, SystemTime};

use super::Cancel;

/// Where the time of day comes from and how a back-off passes.
#[derive(Debug, Clone, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    /// Stands still but for what is slept away, at once.
    #[cfg(test)]
    Manual(std::sync::Arc<std::sync::Mutex<SystemTime>>),
}

impl Clock {
    pub(crate) fn now(&self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            #[cfg(test)]
            Self::Manual(time) => *time.lock().unwrap(),
        }
    }

    /// Lets `time` pass; false if the token was triggered first.
    pub(crate) fn sleep(&self, time: Duration, cancel: &Cancel) -> bool {
        match self {
            Self::System => !cancel.wait(Deadline::after(time)),
            #[cfg(test)]
            Self::Manual(now) => {
                *now.lock().unwrap() += time;
                !cancel.is_triggered()
            }
        }
    }
}

/// The monotonic time. A simulation lets its own time pass.
pub(crate) fn now() -> Instant {
    #[cfg(test)]
    if let Some(now) = simulated::now() {
        return now;
    }
    Instant::now()
}

/// The time and the waits of a simulation, which runs on one thread.
#[cfg(test)]
pub(crate) mod simulated {
    use std::cell::Cell;
    use std::time::Instant;

    thread_local! {
        static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
    }

    pub(crate) fn now() -> Option<Instant> {
        NOW.with(Cell::get)
    }

    pub(crate) fn set(now: Option<Instant>) {
        NOW.with(|cell| cell.set(now));
    }
}

/// A point on the monotonic clock, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) const NEVER: Self = Self(None);

    /// A time too far away to be represented is never.
    pub(crate) fn after(time: Duration) -> Self {
        Self(now().checked_add(time))
    }

    #[cfg(any(test, shuttle))]
    pub(crate) fn instant(self) -> Option<Instant> {
        self.0
    }

    pub(crate) fn at(time: Instant) -> Self {
        Self(Some(time))
    }

    pub(crate) fn earlier(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// What is left, zero once it has passed, `None` if it never will.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(now()))
    }

    pub(crate) fn has_passed(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_deadline_wins_and_never_loses() {
        let soon = Deadline::after(Duration::from_secs(1));
        let late = Deadline::after(Duration::from_secs(100));
        assert_eq!(soon.earlier(late), soon);
        assert_eq!(Deadline::NEVER.earlier(late), late);
        assert_eq!(Deadline::NEVER.left(), None);
        assert!(Deadline::after(Duration::ZERO).has_passed());
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
    }

    #[test]
    fn the_manual_clock_sleeps_at_once() {
        let clock = Clock::Manual(std::sync::Arc::new(SystemTime::UNIX_EPOCH.into()));
        assert!(clock.sleep(Duration::from_secs(3600), &Cancel::new().unwrap()));
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
    }
}
