//! Access to locks whose holder panicked.

use std::sync::{LockResult, PoisonError};

/// Unwraps the guard even if the lock is poisoned; the panic itself is reported by its thread.
pub(crate) fn ignore_poison<Guard>(result: LockResult<Guard>) -> Guard {
    result.unwrap_or_else(PoisonError::into_inner)
}
