//! The retry budget of a client: retries cost tokens, successes earn them back.
//!
//! It keeps a client from answering an overload of the service with several times the load.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits;

#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(limits::RETRY_BUDGET))
    }

    /// Pays for one retry; false if there is not enough left.
    pub(crate) fn pay(&self) -> bool {
        self.change(|left| left.checked_sub(limits::RETRY_COST))
    }

    /// What a call that succeeded gives back: what its retries cost, or one token.
    pub(crate) fn earn(&self, retries: u32) {
        let earned = retries.saturating_mul(limits::RETRY_COST).max(1);
        self.change(|left| Some(left.saturating_add(earned).min(limits::RETRY_BUDGET)));
    }

    fn change(&self, step: impl FnMut(u32) -> Option<u32>) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_retries_empty_it_and_successes_refill_it() {
        let budget = Budget::new();
        assert_eq!((0..1000).filter(|_| budget.pay()).count(), 100);
        for _ in 0..4 {
            budget.earn(0);
        }
        assert!(!budget.pay());
        budget.earn(1);
        assert!(budget.pay());
        budget.earn(u32::MAX);
        assert_eq!(budget.0.load(Ordering::Relaxed), limits::RETRY_BUDGET);
    }
}
