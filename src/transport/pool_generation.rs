//! Which kept connections may still be used.
//!
//! A connection that a router has forgotten takes requests without a response, and others that were
//! made before it are likely to be in the same state. One on whose way bytes were changed may hold
//! bytes that belong to no response. After either, all connections that were made before are left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The current generation of a client's connections.
#[derive(Debug, Clone, Default)]
pub(super) struct PoolGeneration(Arc<AtomicU64>);

/// The generation in which a connection was made.
#[derive(Debug)]
pub(super) struct Generation {
    era: PoolGeneration,
    number: u64,
}

impl PoolGeneration {
    /// Retires current connections after their request.
    pub(super) fn end(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn current(&self) -> Generation {
        Generation { era: self.clone(), number: self.0.load(Ordering::Relaxed) }
    }
}

impl Generation {
    pub(super) fn is_present(&self) -> bool {
        self.number == self.era.0.load(Ordering::Relaxed)
    }
}
