//! `errno`, which a function that runs in a signal handler has to leave as it was.

/// What `errno` of this thread was.
#[derive(Debug)]
pub(super) struct Errno(i32);

impl Errno {
    pub(super) fn save() -> Self {
        // SAFETY: the place belongs to this thread and is always there.
        Self(unsafe { *place() })
    }

    pub(super) fn restore(self) {
        // SAFETY: the place belongs to this thread and is always there.
        unsafe { *place() = self.0 };
    }
}

fn place() -> *mut i32 {
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    use libc::__errno as location;
    #[cfg(any(target_os = "linux", target_os = "emscripten", target_os = "redox"))]
    use libc::__errno_location as location;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    use libc::__error as location;
    // SAFETY: the function takes nothing and only gives the address.
    unsafe { location() }
}
