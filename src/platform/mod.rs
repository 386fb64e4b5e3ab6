//! What differs between operating systems: descriptors, files, sockets, processes, threads and
//! signals.
//!
//! `unix` and `windows` have the same names, and so have `linux` and `portable`: what only Linux has
//! calls for, and what takes its place elsewhere. A port to another system is one more folder.

mod env_var;
mod foreign_unwind;
mod fork_guard;
mod library_thread;
mod lock_outcome;
mod page_memory;
mod process_lock;
mod reservation;
mod timer;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as kernel;
#[cfg(not(target_os = "linux"))]
use portable as kernel;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub(crate) use env_var::{env_var, env_var_os, unset_reason};
pub(crate) use foreign_unwind::contain_foreign_unwind;
pub(crate) use fork_guard::ForkGuard;
pub(crate) use kernel::{
    choose_port_on_connect, deliver_orphaned_signals, process_id, remove_from_cache,
    reset_connection, uncached_ranges, unsent_bytes,
};
pub(crate) use library_thread::{is_library_thread, spawn_library_thread};
pub(crate) use page_memory::PageMemory;
pub(crate) use process_lock::{LockAttempt, ProcessLock};
pub(crate) use reservation::Reservation;
#[cfg(not(shuttle))]
pub(crate) use system::Event;
pub(crate) use system::{
    Access, BACKSLASH_QUOTES, BorrowedDescriptor, ChildProcess, ChildState, Descriptor,
    FileIdentity, FileTimes, HOME_UNSET, HOME_VARIABLE, Interest, NO_DESCRIPTOR, Polled,
    PrivateFileError, RawDescriptor, SignalsBlocked, SocketDescriptor, ThreadId,
    disable_cancellation, errno, is_fifo, is_same_variable, is_secure, new_private_file_options,
    open_file, open_private_file, path_buf_of_bytes, path_bytes, poll, poll_descriptor, read_at,
    read_available, read_options, replace_file, resolve_host, sync_directory,
    with_private_descriptors,
};
#[cfg(feature = "capi")]
pub(crate) use system::{SavedErrno, descriptor_of_number, has_name_prefix, path_of_bytes};
pub(crate) use timer::Timer;
