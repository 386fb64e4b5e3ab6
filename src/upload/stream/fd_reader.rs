//! A pipe, socket or terminal as a reader whose waits end with the cancel token.

use std::io::{self, Read};

use crate::error::Error;
use crate::platform::{Descriptor, poll_descriptor, read_available};
use crate::runtime::{Cancel, Deadline, ReadinessWait, Wake};

pub(crate) struct FdReader {
    pub(crate) file: Descriptor,
    pub(crate) cancel: Cancel,
    pub(crate) deadline: Deadline,
}

impl Read for FdReader {
    /// Waits until there is something to read, so that the read itself does not block.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut waits = ReadinessWait::default();
        loop {
            match waits.wait(poll_descriptor(&self.file), &self.cancel, self.deadline) {
                Wake::Canceled => return Err(io::Error::other(Error::canceled())),
                Wake::TimedOut if self.deadline.has_passed() => {
                    return Err(io::Error::other(Error::deadline_passed()));
                }
                Wake::Failed(errno) => return Err(io::Error::other(Error::wait_failed(errno))),
                Wake::Ready | Wake::TimedOut => match read_available(&self.file, buffer) {
                    // It was not ready, or another reader of the same descriptor was first.
                    Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return outcome,
                },
            }
        }
    }
}
