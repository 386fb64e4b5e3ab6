//! A pipe, socket or terminal as a reader whose waits end with the cancel token.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;

use crate::error::Error;
use crate::runtime::{Cancel, Deadline, Interest, Wake};

pub(crate) struct FdReader {
    pub(crate) file: File,
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
                Wake::Ready => match self.file.read(buffer) {
                    // Another reader of the same descriptor was first.
                    Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return outcome,
                },
            }
        }
    }
}
