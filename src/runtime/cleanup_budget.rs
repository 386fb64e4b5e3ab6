//! Time to end an upload after a failure, a cancellation or a deadline.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Deadline, now};

/// One deadline for all that ends an upload: the wait for a response under way, the requests that
/// resolve an outcome, and Abort. It starts once, with the first event that makes it necessary.
#[derive(Debug)]
pub(crate) struct CleanupBudget {
    total: Duration,
    started: OnceLock<Instant>,
}

impl CleanupBudget {
    pub(crate) fn new(total: Duration) -> Self {
        Self { total, started: OnceLock::new() }
    }

    /// Starts the budget unless it runs already, and returns its end.
    pub(crate) fn start(&self) -> Deadline {
        self.end_of(self.total)
    }

    /// Starts the budget unless it runs already, and returns until when a response may be awaited:
    /// the second half is kept for what has to follow.
    pub(crate) fn start_waiting(&self) -> Deadline {
        self.end_of(self.total / 2)
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started.get().is_some()
    }

    fn end_of(&self, share: Duration) -> Deadline {
        self.started.get_or_init(now).checked_add(share).map_or(Deadline::NEVER, Deadline::at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_starts_once() {
        let budget = CleanupBudget::new(Duration::from_secs(4));
        assert!(!budget.has_started());
        let end = budget.start();
        assert_eq!(budget.start(), end);
        let wait = budget.start_waiting();
        assert!(wait.left().unwrap() <= Duration::from_secs(2) && budget.has_started());
    }
}
