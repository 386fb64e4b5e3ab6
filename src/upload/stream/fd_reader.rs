//! A pipe, socket or terminal as a reader whose waits end with the cancel token.

use std::io::{self, Read};

use crate::error::Error;
use crate::platform::{AsRawFd, Descriptor, Interest};
use crate::runtime::{Cancel, Deadline, Wake};

pub(crate) struct FdReader {
    pub(crate) file: Descriptor,
    pub(crate) cancel: Cancel,
    pub(crate) deadline: Deadline,
}

impl Read for FdReader {
    /// Waits until there is something to read, so that the read itself does not block.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let fd = Some((self.file.as_raw_fd(), Interest::Read));
            match self.cancel.wait_for(fd, self.deadline) {
                Wake::Canceled => return Err(io::Error::other(Error::canceled())),
                Wake::TimedOut => return Err(io::Error::other(Error::deadline_passed())),
                Wake::Failed(errno) => return Err(io::Error::other(Error::wait_failed(errno))),
                Wake::Ready => match (&*self.file).read(buffer) {
                    // Another reader of the same descriptor was first.
                    Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return outcome,
                },
            }
        }
    }
}
