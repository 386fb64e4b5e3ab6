//! A regular file as the content of bodies: read by position, and watched for changes.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind as Io};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::Descriptor;
use crate::wire::Content;

#[derive(Debug)]
pub(crate) struct WatchedFile {
    file: Descriptor,
    /// For error messages.
    name: String,
    stamp: Stamp,
}

/// What must stay the same while a file is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: Identity,
    changed: (i64, i64),
}

/// What must be the same for a file to be the one of an earlier call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) size: u64,
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    pub(crate) inode: u64,
}

impl WatchedFile {
    /// Opens a regular file. A FIFO is refused at once; opening one would wait for its writer.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file =
            Descriptor::open(path, File::options().read(true).custom_flags(libc::O_NONBLOCK))
                .map_err(|cause| Error::file(&name, &cause).with_argument("path"))?;
        Self::new(file, name).map_err(|error| error.with_argument("path"))
    }

    /// Watches an open regular file; the name is for error messages.
    pub(crate) fn new(file: Descriptor, name: String) -> Result<Self> {
        let metadata = file.metadata().map_err(|cause| Error::file(&name, &cause))?;
        let (what, errno) = match metadata.is_file() {
            true => return Self { file, name, stamp: Stamp::of(&metadata) }.with_true_size(),
            false if metadata.is_dir() => ("a directory", libc::EISDIR),
            false => ("no regular file", libc::EINVAL),
        };
        let error = Error::new(ErrorKind::File, format!("{name} is {what}"));
        Err(error.with_io(&io::Error::from_raw_os_error(errno)))
    }

    /// Files of the kernel, such as those in `/proc`, have more bytes than their size says.
    fn with_true_size(self) -> Result<Self> {
        let size = self.stamp.identity.size;
        match self.file.read_at(&mut [0], size) {
            // Any other failure is reported when the content is read.
            Ok(0) | Err(_) => Ok(self),
            Ok(_) => {
                self.check_unchanged()?;
                let text = format!("{} has more than its {size} bytes", self.name);
                let error = Error::new(ErrorKind::File, format!("{text}; upload it as a stream"));
                Err(error.with_io(&io::Error::from_raw_os_error(libc::EINVAL)))
            }
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.stamp.identity
    }

    /// An error of kind `Changed` if the file is not as it was when it was opened.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let metadata = self.file.metadata().map_err(|cause| Error::file(&self.name, &cause))?;
        let now = Stamp::of(&metadata);
        if now == self.stamp {
            return Ok(());
        }
        let what = if now.identity.size == self.stamp.identity.size {
            "was modified".to_owned()
        } else {
            format!("had {} bytes and has {}", self.stamp.identity.size, now.identity.size)
        };
        let text = format!("{} {what} while it was being uploaded", self.name);
        Err(Error::new(ErrorKind::Changed, text))
    }
}

impl Content for WatchedFile {
    fn length(&self) -> u64 {
        self.stamp.identity.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Ok(0) => {
                    self.check_unchanged()?;
                    return Ok(0);
                }
                Ok(count) => return Ok(count),
                Err(cause) if cause.kind() == Io::Interrupted => {}
                Err(cause) => return Err(Error::file(&self.name, &cause)),
            }
        }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            identity: Identity {
                size: metadata.len(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                inode: metadata.ino(),
            },
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let error = WatchedFile::open(directory.path()).unwrap_err();
        assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(libc::EISDIR)));
        let missing = WatchedFile::open(&directory.path().join("none")).unwrap_err();
        assert_eq!((missing.kind(), missing.os_errno()), (ErrorKind::File, Some(libc::ENOENT)));
        assert_eq!(WatchedFile::open(Path::new("/dev/null")).unwrap_err().kind(), ErrorKind::File);
    }

    #[test]
    fn a_file_that_shrinks_or_is_written_to_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, [7; 100]).unwrap();
        let watched = WatchedFile::open(&path).unwrap();
        assert_eq!(watched.read_at(90, &mut [0; 20]).unwrap(), 10);
        watched.check_unchanged().unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(50).unwrap();
        assert_eq!(watched.check_unchanged().unwrap_err().kind(), ErrorKind::Changed);
        assert_eq!(watched.read_at(60, &mut [0; 20]).unwrap_err().kind(), ErrorKind::Changed);
    }
}
