//! Time, cancellation, secrets, subprocesses and locks.

mod cancel;
mod cleanup_budget;
mod clock;
mod deadline;
mod fork_check;
#[cfg(not(shuttle))]
mod poll_until;
mod private_file;
mod random;
mod read_file;
mod readiness_wait;
mod safeguard;
mod secret;
#[cfg(shuttle)]
mod shuttle_event;
mod subprocess;
mod sync;
mod ticker;

#[cfg(not(shuttle))]
pub(crate) use std::sync::Condvar;

pub use cancel::Cancel;
pub(crate) use cancel::{WAITED_MAX, Wake};
pub(crate) use cleanup_budget::CleanupBudget;
pub(crate) use clock::Clock;
#[cfg(test)]
pub(crate) use deadline::simulated;
pub(crate) use deadline::{Deadline, now};
pub(crate) use private_file::open_private;
pub(crate) use random::{random_fraction, random_hex};
pub(crate) use read_file::read_file;
pub(crate) use readiness_wait::ReadinessWait;
#[cfg(test)]
pub(crate) use safeguard::Safeguard;
pub(crate) use safeguard::safeguard;
pub(crate) use secret::Secret;
#[cfg(shuttle)]
pub(crate) use shuttle_event::{Condvar, Event, run_clock, stop_clock};
pub(crate) use subprocess::Subprocess;
pub(crate) use sync::{IgnorePoison, Mutex, MutexGuard};
pub(crate) use ticker::Tick;

#[cfg(not(shuttle))]
pub(crate) use crate::platform::Event;
