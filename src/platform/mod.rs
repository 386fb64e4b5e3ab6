//! What differs between operating systems: descriptors, files, sockets, processes, threads and
//! signals. A port to another system changes only this folder.

mod child_process;
mod descriptor;
mod env_var;
pub(crate) mod errno;
#[cfg(not(shuttle))]
mod event;
mod file_identity;
mod foreign_unwind;
mod fork_guard;
mod getaddrinfo;
mod library_thread;
mod open_file;
mod orphaned_signals;
mod page_cache;
mod page_memory;
mod path_bytes;
mod poll;
mod private_descriptors;
mod private_file;
mod process_id;
mod process_lock;
mod reservation;
#[cfg(feature = "capi")]
mod saved_errno;
mod scheduling;
mod signals_blocked;
mod socket_calls;
mod thread_cancellation;
mod thread_id;
#[cfg(feature = "capi")]
mod thread_name;
mod timer;
mod unsent_bytes;

pub(crate) use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

pub(crate) use child_process::{ChildProcess, ChildState, StandardIo};
pub(crate) use descriptor::Descriptor;
pub(crate) use env_var::{env_var, env_var_os, is_secure, unset_reason};
#[cfg(not(shuttle))]
pub(crate) use event::Event;
pub(crate) use file_identity::{FileIdentity, FileTimes, is_fifo, is_stream, read_at};
pub(crate) use foreign_unwind::contain_foreign_unwind;
pub(crate) use fork_guard::ForkGuard;
pub(crate) use getaddrinfo::resolve_host;
pub(crate) use library_thread::spawn_library_thread;
pub(crate) use open_file::{new_private_file_options, open_file, read_options, sync_directory};
pub(crate) use orphaned_signals::deliver_orphaned_signals;
pub(crate) use page_cache::{remove_from_cache, uncached_ranges};
pub(crate) use page_memory::PageMemory;
#[cfg(feature = "capi")]
pub(crate) use path_bytes::path_of_bytes;
pub(crate) use path_bytes::{path_buf_of_bytes, path_bytes};
pub(crate) use poll::{Interest, Polled, poll};
pub(crate) use private_descriptors::with_private_descriptors;
pub(crate) use private_file::{Access, PrivateFileError, open_private_file};
pub(crate) use process_id::process_id;
pub(crate) use process_lock::{LockAttempt, ProcessLock};
pub(crate) use reservation::Reservation;
#[cfg(feature = "capi")]
pub(crate) use saved_errno::SavedErrno;
pub(crate) use signals_blocked::SignalsBlocked;
pub(crate) use socket_calls::{SEND_FLAGS, choose_port_on_connect, reset_connection};
#[cfg(feature = "capi")]
pub(crate) use thread_cancellation::disable_cancellation;
pub(crate) use thread_id::{ThreadId, is_library_thread};
#[cfg(feature = "capi")]
pub(crate) use thread_name::has_name_prefix;
pub(crate) use timer::Timer;
pub(crate) use unsent_bytes::unsent_bytes;
