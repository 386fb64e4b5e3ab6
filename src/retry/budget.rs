//! The retry budget of a client: retries spend tokens, successful calls return them.
//!
//! It prevents retries from multiplying the load on an overloaded service.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits;

#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(limits::RETRY_BUDGET))
    }

    /// Spends the cost of one retry; returns false if too few tokens are left.
    pub(crate) fn spend(&self) -> bool {
        self.update(|left| left.checked_sub(limits::RETRY_COST))
    }

    /// Returns tokens after a successful call: the cost of its retries, or one token.
    pub(crate) fn refund(&self, retries: u32) {
        let refund = retries.saturating_mul(limits::RETRY_COST).max(1);
        self.update(|left| Some(left.saturating_add(refund).min(limits::RETRY_BUDGET)));
    }

    fn update(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_retries_empty_it_and_successes_refill_it() {
        let budget = RetryBudget::new();
        assert_eq!((0..1000).filter(|_| budget.spend()).count(), 100);
        for _ in 0..4 {
            budget.refund(0);
        }
        assert!(!budget.spend());
        budget.refund(1);
        assert!(budget.spend());
        budget.refund(u32::MAX);
        assert_eq!(budget.0.load(Ordering::Relaxed), limits::RETRY_BUDGET);
    }
}
