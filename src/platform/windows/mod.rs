//! Windows: sockets and waits of Winsock, files by handle. A process is never forked, and has no
//! signals.

mod child_process;
mod descriptor;
pub(crate) mod errno;
#[cfg(not(shuttle))]
mod event;
mod file_identity;
mod file_lock;
mod open_file;
mod pages;
mod path_bytes;
mod poll;
mod private_file;
mod process;
mod read;
mod resolve_host;
#[cfg(feature = "capi")]
mod saved_errno;
mod socket_descriptor;
mod thread;

/// What [`poll`] waits for.
pub(crate) use std::os::windows::io::RawSocket as RawDescriptor;

/// A descriptor of the program.
pub(crate) use std::os::windows::io::BorrowedHandle as BorrowedDescriptor;

pub(crate) use child_process::{ChildProcess, ChildState};
pub(crate) use descriptor::Descriptor;
#[cfg(feature = "capi")]
pub(crate) use descriptor::descriptor_of_number;
#[cfg(not(shuttle))]
pub(crate) use event::Event;
pub(crate) use file_identity::{FileIdentity, FileTimes, is_fifo};
pub(super) use file_lock::{lock_file, unlock_file};
pub(crate) use open_file::{
    new_private_file_options, open_file, read_options, replace_file, sync_directory,
};
pub(super) use pages::{free_pages, zeroed_pages};
#[cfg(feature = "capi")]
pub(crate) use path_bytes::path_of_bytes;
pub(crate) use path_bytes::{path_buf_of_bytes, path_bytes};
pub(crate) use poll::{Interest, NO_DESCRIPTOR, Polled, poll};
pub(crate) use private_file::{Access, PrivateFileError, open_private_file};
pub(crate) use process::{
    BACKSLASH_QUOTES, HOME_UNSET, HOME_VARIABLE, exit_process, is_same_variable, is_secure,
    with_private_descriptors,
};
pub(crate) use read::{poll_descriptor, read_at, read_available};
pub(crate) use resolve_host::resolve_host;
#[cfg(feature = "capi")]
pub(crate) use saved_errno::SavedErrno;
pub(crate) use socket_descriptor::SocketDescriptor;
#[cfg(feature = "capi")]
pub(crate) use thread::has_name_prefix;
pub(crate) use thread::{SignalsBlocked, ThreadId, disable_cancellation};
pub(super) use thread::{prepare_unwinder, wait_forever};
