//! Saves and restores `errno` around code that runs in a signal handler.

/// A saved `errno` of this thread.
#[derive(Debug)]
pub(crate) struct SavedErrno(i32);

impl SavedErrno {
    pub(crate) fn save() -> Self {
        // SAFETY: the location belongs to this thread and is always valid.
        Self(unsafe { *location() })
    }

    pub(crate) fn restore(self) {
        // SAFETY: the location belongs to this thread and is always valid.
        unsafe { *location() = self.0 };
    }
}

fn location() -> *mut i32 {
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    use libc::__errno as errno_location;
    #[cfg(any(target_os = "linux", target_os = "emscripten", target_os = "redox"))]
    use libc::__errno_location as errno_location;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    use libc::__error as errno_location;
    // SAFETY: the function takes no arguments and returns an address.
    unsafe { errno_location() }
}
