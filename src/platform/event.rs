//! An event that `poll` can wait for: an eventfd on Linux, a pipe elsewhere.
//!
//! Setting it is one `write`, which is async-signal-safe.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};

use super::Descriptor;

#[derive(Debug)]
pub(crate) struct Event {
    reader: Descriptor,
    #[cfg(not(target_os = "linux"))]
    writer: Descriptor,
}

impl Event {
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> io::Result<Self> {
        use std::os::fd::{FromRawFd, OwnedFd};

        // SAFETY: eventfd takes no pointer; what it returns is checked below.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above returned this open descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { reader: Descriptor::new(fd)? })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> io::Result<Self> {
        use std::os::fd::OwnedFd;

        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
        for fd in [&reader, &writer] {
            // SAFETY: the descriptor is open, and F_SETFL takes an integer.
            let set = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
            if set < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Self { reader: Descriptor::new(reader)?, writer: Descriptor::new(writer)? })
    }

    /// Wakes the threads that poll the descriptor, now or later. Async-signal-safe.
    pub(crate) fn set(&self) {
        #[cfg(target_os = "linux")]
        let mut writer = &*self.reader;
        #[cfg(not(target_os = "linux"))]
        let mut writer = &*self.writer;
        // The write fails only if the counter or pipe is full, and then the event is already set.
        let _ = writer.write(&1u64.to_ne_bytes());
    }

    /// Resets the event.
    pub(crate) fn clear(&self) {
        let mut sink = [0u8; 64];
        while matches!((&*self.reader).read(&mut sink), Ok(n) if n == sink.len()) {}
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}
