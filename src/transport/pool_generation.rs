//! Retires pooled connections.
//!
//! If a request on a reused connection times out or the connection is lost, a router may have dropped
//! it, and probably others of the same age. After a checksum mismatch, a connection may be out of step with
//! its responses. After either, all existing connections are retired.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The current generation of a client's connections.
#[derive(Debug, Clone, Default)]
pub(super) struct PoolGeneration(Arc<AtomicU64>);

/// The generation in which a connection was opened.
#[derive(Debug)]
pub(super) struct Generation {
    pool: PoolGeneration,
    number: u64,
}

impl PoolGeneration {
    /// Retires current connections after their request.
    pub(super) fn retire(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn current(&self) -> Generation {
        Generation { pool: self.clone(), number: self.0.load(Ordering::Relaxed) }
    }
}

impl Generation {
    /// Retires its connections, unless another thread has.
    pub(super) fn retire(&self) {
        let (number, relaxed) = (self.number, Ordering::Relaxed);
        let _ = self.pool.0.compare_exchange(number, number + 1, relaxed, relaxed);
    }

    pub(super) fn is_current(&self) -> bool {
        self.number == self.pool.0.load(Ordering::Relaxed)
    }
}
