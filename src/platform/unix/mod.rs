//! POSIX systems, Linux among them.

mod child_process;
mod descriptor;
pub(crate) mod errno;
#[cfg(not(any(shuttle, target_os = "linux")))]
mod event;
mod file_identity;
mod file_lock;
mod getaddrinfo;
mod open_file;
mod pages;
mod path_bytes;
mod poll;
mod private_descriptors;
mod private_file;
mod process;
mod read;
#[cfg(feature = "capi")]
mod saved_errno;
mod signals_blocked;
mod socket_descriptor;
mod thread_cancellation;
mod thread_id;
#[cfg(feature = "capi")]
mod thread_name;
mod unwinder;

/// What [`poll`] waits for.
pub(crate) use std::os::fd::RawFd as RawDescriptor;

/// A descriptor of the program.
pub(crate) use std::os::fd::BorrowedFd as BorrowedDescriptor;

#[cfg(all(not(shuttle), target_os = "linux"))]
pub(crate) use super::linux::Event;
pub(crate) use child_process::{ChildProcess, ChildState};
pub(crate) use descriptor::Descriptor;
#[cfg(feature = "capi")]
pub(crate) use descriptor::descriptor_of_number;
#[cfg(not(any(shuttle, target_os = "linux")))]
pub(crate) use event::Event;
pub(crate) use file_identity::{FileIdentity, FileTimes, is_fifo};
pub(super) use file_lock::{lock_file, unlock_file};
pub(crate) use getaddrinfo::resolve_host;
pub(crate) use open_file::{
    new_private_file_options, open_file, read_options, replace_file, sync_directory,
};
pub(super) use pages::{free_pages, zeroed_pages};
#[cfg(feature = "capi")]
pub(crate) use path_bytes::path_of_bytes;
pub(crate) use path_bytes::{path_buf_of_bytes, path_bytes};
pub(crate) use poll::{Interest, NO_DESCRIPTOR, Polled, poll};
pub(crate) use private_descriptors::with_private_descriptors;
pub(crate) use private_file::{Access, PrivateFileError, open_private_file};
pub(crate) use process::{
    BACKSLASH_QUOTES, HOME_UNSET, HOME_VARIABLE, exit_process, is_same_variable, is_secure,
};
pub(crate) use read::{poll_descriptor, read_at, read_available};
#[cfg(feature = "capi")]
pub(crate) use saved_errno::SavedErrno;
pub(crate) use signals_blocked::SignalsBlocked;
pub(crate) use socket_descriptor::SocketDescriptor;
pub(crate) use thread_cancellation::disable_cancellation;
pub(crate) use thread_id::ThreadId;
#[cfg(feature = "capi")]
pub(crate) use thread_name::has_name_prefix;
pub(super) use unwinder::{prepare_unwinder, wait_forever};
