//! An event that `poll` can wait for: a pipe.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::Descriptor;

/// Setting it is one `write`, which is async-signal-safe.
#[derive(Debug)]
pub(crate) struct Event {
    reader: Descriptor,
    writer: Descriptor,
}

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
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
        // The write fails only if the pipe is full, and then the event is already set.
        let _ = (&*self.writer).write(&1u64.to_ne_bytes());
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
