//! Fork detection, and blocked signals for the threads of the library.

use std::mem::MaybeUninit;

use super::process_id::process_id;
use super::thread_id::is_library_thread;
use crate::error::{Error, ErrorKind};

/// The process ID at construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForkGuard(u32);

impl ForkGuard {
    pub(crate) fn current() -> Self {
        Self(process_id())
    }

    /// Returns true in the process that made the guard. Async-signal-safe.
    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// Like [`ForkGuard::check`], after a callback has returned. On a thread of the library a forked
    /// child ends: it has no other thread, and no call that could return.
    pub(crate) fn check_after_callback(self) -> Result<(), Error> {
        if !self.is_current() && is_library_thread() {
            // SAFETY: _exit has no preconditions.
            unsafe { libc::_exit(libc::EXIT_FAILURE) };
        }
        self.check()
    }

    /// Returns an error of kind `Forked` in any other process.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.is_current() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forked,
            "the handle belongs to the parent of this forked process; make a new one here",
        ))
    }
}

/// Blocks all signals on this thread until dropped. Threads started meanwhile inherit the mask, so
/// that signal handlers of the program never run on a thread of the library.
#[derive(Debug)]
pub(crate) struct SignalsBlocked {
    previous: Option<libc::sigset_t>,
}

impl SignalsBlocked {
    pub(crate) fn new() -> Self {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut previous = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset initializes the set.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        // SAFETY: `all` was initialized above, and the call writes only `previous`.
        let failed = unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), previous.as_mut_ptr())
        };
        if failed != 0 {
            return Self { previous: None };
        }
        // SAFETY: the call succeeded, so it has written the previous mask.
        Self { previous: Some(unsafe { previous.assume_init() }) }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        if let Some(previous) = &self.previous {
            // SAFETY: `previous` is a valid mask; NULL means that the old mask is not returned.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, previous, std::ptr::null_mut()) };
        }
    }
}
