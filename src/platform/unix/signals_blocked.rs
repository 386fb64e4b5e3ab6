//! Blocked signals for the threads of the library.

use std::mem::MaybeUninit;

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
