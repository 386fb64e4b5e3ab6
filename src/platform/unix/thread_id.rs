//! The identity of a thread.

use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::thread::JoinHandle;

/// Identifies a thread that has not been joined. Unlike `std::thread::current`, it is available in
/// destructors of thread-local values and when the process exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadId(RawPthread);

impl ThreadId {
    pub(crate) fn current() -> Self {
        // SAFETY: pthread_self has no preconditions.
        Self(unsafe { libc::pthread_self() } as RawPthread)
    }

    pub(crate) fn of<T>(handle: &JoinHandle<T>) -> Self {
        Self(handle.as_pthread_t())
    }
}
