//! Access to locks whose holder panicked.

use std::sync::{LockResult, PoisonError};

/// Takes the guard of a lock even if it is poisoned: a panic is reported by the failing test.
pub(crate) fn ignore_poison<Guard>(result: LockResult<Guard>) -> Guard {
    result.unwrap_or_else(PoisonError::into_inner)
}
