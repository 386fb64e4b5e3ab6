//! The time limit for ending an upload after a failure, a cancellation or the deadline.

use std::sync::OnceLock;
use std::time::Duration;

use super::Deadline;

/// One deadline for everything that ends an upload: waiting for the response in flight, the
/// requests that determine the outcome, and AbortMultipartUpload. It starts with the first of them, and
/// at the deadline of the call at the latest.
#[derive(Debug)]
pub(crate) struct CleanupBudget {
    total: Duration,
    call_deadline: Deadline,
    started: OnceLock<Deadline>,
}

impl CleanupBudget {
    pub(crate) fn new(total: Duration, call_deadline: Deadline) -> Self {
        Self { total, call_deadline, started: OnceLock::new() }
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

    /// Returns the deadline of a request that does not start the budget.
    pub(crate) fn next_request(&self) -> Deadline {
        Deadline::after(self.total).earlier(self.call_deadline.plus(self.total))
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started.get().is_some()
    }

    fn deadline_after(&self, time: Duration) -> Deadline {
        let start = || Deadline::after(Duration::ZERO).earlier(self.call_deadline);
        self.started.get_or_init(start).plus(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_starts_once() {
        let budget = CleanupBudget::new(Duration::from_secs(4), Deadline::NEVER);
        assert!(!budget.has_started());
        let deadline = budget.start();
        assert_eq!(budget.start(), deadline);
        let wait = budget.start_waiting();
        assert!(wait.left().unwrap() <= Duration::from_secs(2) && budget.has_started());
    }

    #[test]
    fn the_budget_starts_at_the_deadline_of_the_call_at_the_latest() {
        let total = Duration::from_secs(4);
        let passed = Deadline::after(Duration::ZERO);
        assert_eq!(CleanupBudget::new(total, passed).start(), passed.plus(total));
        let soon = Deadline::after(Duration::from_secs(1));
        assert!(CleanupBudget::new(total, soon).start().left().unwrap() <= total);
        assert!(CleanupBudget::new(total, passed).next_request().left().unwrap() <= total);
    }
}
