//! What the system says about a file.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};

/// The times of a file, in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileTimes {
    /// When its content was modified.
    pub(crate) modified: (i64, i64),
    /// When content, name, links or permissions changed last.
    pub(crate) changed: (i64, i64),
}

impl FileTimes {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Identifies a file or directory while it exists: its device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity(u64, u64);

impl FileIdentity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

/// True for a pipe, which has no size and no position.
pub(crate) fn is_fifo(kind: FileType) -> bool {
    kind.is_fifo()
}

/// True for what can only be read as a stream: a pipe, a socket or a character device.
pub(crate) fn is_stream(kind: FileType) -> bool {
    kind.is_fifo() || kind.is_socket() || kind.is_char_device()
}

/// Reads by position. The position of the descriptor, which the program may use, does not change.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}
