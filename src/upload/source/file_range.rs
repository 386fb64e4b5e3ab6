//! Ranges of files, by path and by descriptor.

use std::path::PathBuf;

use crate::model::ByteRange;
use crate::platform::BorrowedDescriptor;

/// A range of the regular file at a path.
#[derive(Debug, Clone)]
pub struct FileRange {
    pub(crate) path: PathBuf,
    pub(crate) range: ByteRange,
}

impl FileRange {
    /// Creates the range of the file at `path`: `..`, `1000..`, or a [`ByteRange`].
    pub fn new(path: impl Into<PathBuf>, range: impl Into<ByteRange>) -> Self {
        Self { path: path.into(), range: range.into() }
    }
}

/// A range of an open descriptor (a handle on Windows), or all of a pipe, socket or terminal.
#[derive(Debug, Clone, Copy)]
pub struct FdRange<'fd> {
    pub(crate) fd: BorrowedDescriptor<'fd>,
    pub(crate) range: ByteRange,
}

impl<'fd> FdRange<'fd> {
    /// Creates the range of `fd`: `..`, `1000..`, or a [`ByteRange`].
    ///
    /// The offset counts from the start of a regular file. A pipe, socket or terminal is read from
    /// its current position and needs the offset 0; a length is how many bytes are read from it.
    pub fn new(fd: BorrowedDescriptor<'fd>, range: impl Into<ByteRange>) -> Self {
        Self { fd, range: range.into() }
    }
}
