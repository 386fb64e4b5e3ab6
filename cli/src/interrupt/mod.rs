//! The first signal that asks the command to end cancels the running call, the second ends the process.

#[cfg(unix)]
mod ignored_signals;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::Interrupt;
#[cfg(windows)]
pub use windows::Interrupt;
