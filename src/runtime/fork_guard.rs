//! The process that made a value, so that a forked child is recognized, and
//! whose signals must not run on the library's threads.

use std::mem::MaybeUninit;

use crate::error::{Error, ErrorKind};

/// The process in which this value was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForkGuard(u32);

impl ForkGuard {
    pub(crate) fn current() -> Self {
        Self(std::process::id())
    }

    /// True in the process that made it; async-signal-safe.
    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// An error of kind `Forked` anywhere but in the process that made it.
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

/// While it lives, this thread has all signals blocked, and so have the threads that it starts.
/// The host's handlers then never run on a thread of the library.
#[derive(Debug)]
pub(crate) struct SignalsBlocked {
    before: Option<libc::sigset_t>,
}

impl SignalsBlocked {
    pub(crate) fn new() -> Self {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset initialises the set that it is given.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        // SAFETY: `all` was initialised above, and the call writes nothing but `before`.
        let failed =
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
        if failed != 0 {
            return Self { before: None };
        }
        // SAFETY: the call succeeded, so it has written the mask of before.
        Self { before: Some(unsafe { before.assume_init() }) }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: the mask is the one that this thread had; NULL asks for no old one.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
        }
    }
}
