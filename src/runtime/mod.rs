//! Time, cancellation, secrets, fork detection, private files, signals and subprocesses.

mod cancel;
mod cleanup_budget;
mod clock;
mod deadline;
#[cfg(not(shuttle))]
mod event;
#[cfg(shuttle)]
#[path = "event/shuttle_event.rs"]
mod event;
mod fork_guard;
mod private_file;
mod process_lock;
mod random;
mod reservation;
mod safeguard;
mod secret;
mod subprocess;
mod sync;
mod thread_id;
mod ticker;
mod timer;

#[cfg(not(shuttle))]
pub(crate) use std::sync::Condvar;

pub use cancel::Cancel;
pub(crate) use cancel::{Interest, WAITED_MAX, Wake};
pub(crate) use cleanup_budget::CleanupBudget;
pub(crate) use clock::Clock;
#[cfg(test)]
pub(crate) use deadline::simulated;
pub(crate) use deadline::{Deadline, now};
pub(crate) use event::Event;
#[cfg(shuttle)]
pub(crate) use event::{Condvar, run_clock, stop_clock};
pub(crate) use fork_guard::{ForkGuard, SignalsBlocked};
pub(crate) use private_file::{Access, open_private};
pub(crate) use process_lock::{LockAttempt, ProcessLock};
pub(crate) use random::{random_fraction, random_hex};
pub(crate) use reservation::Reservation;
#[cfg(test)]
pub(crate) use safeguard::Safeguard;
pub(crate) use safeguard::safeguard;
pub(crate) use secret::Secret;
pub(crate) use subprocess::Subprocess;
pub(crate) use sync::{IgnorePoison, Mutex, MutexGuard};
pub(crate) use thread_id::ThreadId;
pub(crate) use ticker::Tick;
