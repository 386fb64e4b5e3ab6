//! Locks: the types of the files that are model-checked, and what a lock does after a panic.
//!
//! The types are those of std, or the model checker's under `--cfg shuttle`
//! (`scripts/shuttle-tests.sh`).

use std::sync::{LockResult, PoisonError};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

/// Takes the guard of a lock even if another thread panicked while it held the lock: the panic is
/// reported where it happened, and the other threads go on.
pub(crate) trait IgnorePoison {
    type Guard;

    fn ignore_poison(self) -> Self::Guard;
}

impl<G> IgnorePoison for LockResult<G> {
    type Guard = G;

    fn ignore_poison(self) -> G {
        self.unwrap_or_else(PoisonError::into_inner)
    }
}
