//! Time, cancellation, secrets, memory pages, fork detection, private files, signals and
//! subprocesses.

mod cancel;
mod child_process;
mod cleanup_budget;
mod clock;
mod deadline;
mod descriptor;
mod env_var;
#[cfg(not(shuttle))]
mod event;
#[cfg(shuttle)]
#[path = "event/shuttle_event.rs"]
mod event;
mod foreign_unwind;
mod fork_guard;
mod library_thread;
mod open_file;
mod orphaned_signals;
mod page_cache;
mod page_memory;
mod private_descriptors;
mod private_file;
mod process_id;
mod process_lock;
mod random;
mod reservation;
mod safeguard;
mod scheduling;
mod secret;
mod subprocess;
mod sync;
mod thread_cancellation;
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
pub(crate) use descriptor::Descriptor;
pub(crate) use env_var::{env_var, env_var_os, is_secure, unset_reason};
pub(crate) use event::Event;
#[cfg(shuttle)]
pub(crate) use event::{Condvar, run_clock, stop_clock};
pub(crate) use foreign_unwind::contain_foreign_unwind;
pub(crate) use fork_guard::{ForkGuard, SignalsBlocked};
pub(crate) use library_thread::spawn_library_thread;
pub(crate) use open_file::{open_file, read_file};
pub(crate) use orphaned_signals::deliver_orphaned_signals;
pub(crate) use page_cache::{remove_from_cache, uncached_ranges};
pub(crate) use page_memory::PageMemory;
pub(crate) use private_descriptors::with_private_descriptors;
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
#[cfg(feature = "capi")]
pub(crate) use thread_cancellation::disable_cancellation;
pub(crate) use thread_id::{ThreadId, is_library_thread};
pub(crate) use ticker::Tick;
