//! An event that `poll` can wait for: an eventfd.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::platform::Descriptor;

#[derive(Debug)]
pub(crate) struct Event(Descriptor);

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointer; what it returns is checked below.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above returned this open descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Descriptor::new(fd).map(Self)
    }

    /// Wakes the threads that poll the descriptor, now or later. Async-signal-safe.
    pub(crate) fn set(&self) {
        // The write fails only if the counter is full, and then the event is already set.
        let _ = (&*self.0).write(&1u64.to_ne_bytes());
    }

    /// Resets the event.
    pub(crate) fn clear(&self) {
        let _ = (&*self.0).read(&mut [0; size_of::<u64>()]);
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
