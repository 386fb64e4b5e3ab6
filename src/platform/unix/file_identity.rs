//! What the system says about a file.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// The times of a file, in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileTimes {
    /// When its content was modified.
    pub(crate) modified: (i64, i64),
    /// When content, name, links or permissions changed last.
    pub(crate) changed: (i64, i64),
}

impl FileTimes {
    /// The metadata are those of the file.
    #[expect(clippy::unnecessary_wraps, reason = "other systems ask for them")]
    pub(crate) fn of(_: &File, metadata: &Metadata) -> io::Result<Self> {
        Ok(Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// Identifies a file or directory while it exists: its device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity(u64, u64);

impl FileIdentity {
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        Ok(Self::of(&file.metadata()?))
    }

    pub(crate) fn of_directory(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&std::fs::metadata(path)?))
    }

    /// What has this name; a symbolic link is not followed.
    pub(crate) fn of_name(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&std::fs::symlink_metadata(path)?))
    }

    fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

/// True for a pipe, which has no size and no position.
pub(crate) fn is_fifo(kind: FileType) -> bool {
    kind.is_fifo()
}
