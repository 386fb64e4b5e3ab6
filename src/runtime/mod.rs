//! What the outside world does to a program: time, cancellation, secrets, fork, and
//! other programs.

mod alarm;
mod cancel;
mod clock;
mod command;
mod event;
mod process;
mod secret;

pub use cancel::Cancel;
pub(crate) use cancel::{Interest, Wake};
pub(crate) use clock::{Clock, Deadline};
pub(crate) use command::Command;
pub(crate) use event::Event;
pub(crate) use process::{Process, SignalsBlocked};
pub use secret::Secret;
