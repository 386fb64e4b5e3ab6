//! The time limit for ending an upload after a failure, a cancellation or the deadline.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Deadline, now};

/// One deadline for everything that ends an upload: waiting for the response in flight, the
/// requests that resolve the outcome, and AbortMultipartUpload. It starts with the first of them.
#[derive(Debug)]
pub(crate) struct CleanupBudget {
    total: Duration,
    started: OnceLock<Instant>,
}

impl CleanupBudget {
    pub(crate) fn new(total: Duration) -> Self {
        Self { total, started: OnceLock::new() }
    }

    /// Starts the budget if it has not started, and returns its deadline.
    pub(crate) fn start(&self) -> Deadline {
        self.deadline_after(self.total)
    }

    /// Starts the budget if it has not started, and returns the deadline for a response. The second
    /// half of the budget is for the requests after it.
    pub(crate) fn start_waiting(&self) -> Deadline {
        self.deadline_after(self.total / 2)
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started.get().is_some()
    }

    fn deadline_after(&self, time: Duration) -> Deadline {
        self.started.get_or_init(now).checked_add(time).map_or(Deadline::NEVER, Deadline::at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_starts_once() {
        let budget = CleanupBudget::new(Duration::from_secs(4));
        assert!(!budget.has_started());
        let deadline = budget.start();
        assert_eq!(budget.start(), deadline);
        let wait = budget.start_waiting();
        assert!(wait.left().unwrap() <= Duration::from_secs(2) && budget.has_started());
    }
}
