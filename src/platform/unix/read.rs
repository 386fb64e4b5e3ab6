//! Reads by position, and what is there without waiting.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use super::RawDescriptor;

/// Reads by position. The position of the descriptor, which the program may use, does not change.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}

/// Reads from a pipe, socket or terminal. It does not wait if [`poll_descriptor`] was polled first;
/// the error is `WouldBlock` if nothing is there.
pub(crate) fn read_available(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    file.read(buffer)
}

/// The descriptor that becomes readable with the file; `None` where [`read_available`] has to be
/// called again and again.
#[expect(clippy::unnecessary_wraps, reason = "other systems cannot poll each kind of file")]
pub(crate) fn poll_descriptor(file: &File) -> Option<RawDescriptor> {
    Some(file.as_raw_fd())
}
