//! Lock types for model-checked files, and poison handling.
//!
//! The types are those of std, or of the model checker with `--cfg shuttle`
//! (`scripts/shuttle-tests.sh`).

use std::sync::{LockResult, PoisonError};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

/// Returns the guard of a lock even if a thread panicked while holding it. The panic is reported on
/// that thread, and the others continue.
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
