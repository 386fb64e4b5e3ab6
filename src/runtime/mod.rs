//! What the outside world does to a program: time, cancellation, secrets, fork, and
//! other programs.

mod alarm;
mod cancel;
mod clock;
mod command;
#[cfg(not(shuttle))]
mod event;
#[cfg(shuttle)]
#[path = "event/modelled.rs"]
mod event;
mod process;
mod secret;
mod sync;

pub use cancel::Cancel;
pub(crate) use cancel::{Interest, Wake};
pub(crate) use clock::{Clock, Deadline, now};
#[cfg(test)]
pub(crate) use clock::simulated;
pub(crate) use command::Command;
pub(crate) use event::Event;
#[cfg(shuttle)]
pub(crate) use event::{run_clock, stop_clock};
pub(crate) use process::{Process, SignalsBlocked};
pub use secret::Secret;
pub(crate) use sync::{Mutex, MutexGuard};
