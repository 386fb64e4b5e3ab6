//! The identity of a thread, and which threads belong to the library.

use std::cell::Cell;
use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::thread::JoinHandle;

use super::thread_cancellation::disable_cancellation;

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

thread_local! {
    // Without a destructor, so that it can be used as long as the thread exists.
    static IS_LIBRARY_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as one of the library, and makes `pthread_cancel` in a callback ineffective.
pub(crate) fn enter_library_thread() {
    IS_LIBRARY_THREAD.set(true);
    disable_cancellation();
}

pub(crate) fn is_library_thread() -> bool {
    IS_LIBRARY_THREAD.get()
}
