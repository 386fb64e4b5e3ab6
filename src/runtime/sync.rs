//! What threads meet at in the files that are model-checked: a lock and a flag of std's, or under
//! `--cfg shuttle` (`scripts/shuttle-tests.sh`) of the model checker's.

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};
