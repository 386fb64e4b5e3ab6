//! Deadlines on the monotonic clock.

use std::time::{Duration, Instant};

/// Returns the monotonic time, or the simulated time if it is set.
pub(crate) fn now() -> Instant {
    #[cfg(test)]
    if let Some(now) = simulated::now() {
        return now;
    }
    Instant::now()
}

/// The time of a simulation on this thread.
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

/// A point in monotonic time, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) const NEVER: Self = Self(None);

    /// Returns the deadline after `time`; `NEVER` if it is out of range.
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

    /// Returns the deadline `time` later; `NEVER` if it is out of range.
    pub(crate) fn plus(self, time: Duration) -> Self {
        Self(self.0.and_then(|instant| instant.checked_add(time)))
    }

    pub(crate) fn earlier(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// Returns the time left, zero if the deadline has passed, `None` for `NEVER`.
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
    fn earlier_returns_the_earlier_deadline() {
        let soon = Deadline::after(Duration::from_secs(1));
        let late = Deadline::after(Duration::from_secs(100));
        assert_eq!(soon.earlier(late), soon);
        assert_eq!(Deadline::NEVER.earlier(late), late);
        assert_eq!(Deadline::NEVER.left(), None);
        assert!(Deadline::after(Duration::ZERO).has_passed());
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
    }
}
