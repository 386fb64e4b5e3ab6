//! Time, cancellation, secrets, fork detection, signals and subprocesses.

mod cancel;
mod cleanup_budget;
mod clock;
mod deadline;
#[cfg(not(shuttle))]
mod event;
#[cfg(shuttle)]
#[path = "event/shuttle_event.rs"]
mod event;
mod foreign_unwind;
mod fork_guard;
mod random;
mod safeguard;
mod secret;
mod subprocess;
mod sync;
mod thread_cancellation;
mod thread_id;
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
pub(crate) use foreign_unwind::contain_foreign_unwind;
pub(crate) use fork_guard::{ForkGuard, SignalsBlocked};
pub(crate) use random::{random_fraction, random_hex};
#[cfg(test)]
pub(crate) use safeguard::Safeguard;
pub(crate) use safeguard::safeguard;
pub(crate) use secret::Secret;
pub(crate) use subprocess::Subprocess;
pub(crate) use sync::{IgnorePoison, Mutex, MutexGuard};
pub(crate) use thread_cancellation::disable_cancellation;
pub(crate) use thread_id::{ThreadId, enter_library_thread, is_library_thread};
