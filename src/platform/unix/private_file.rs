//! Opens files of this user in a directory that others may be able to write to.
//!
//! What is not a regular file of this user is refused: a FIFO would wait for its other end, a link
//! would name a file elsewhere, and another user could lock or change the file.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::open_file;

/// What a private file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// The file is created if it is missing.
    ReadAndWrite,
}

/// Why a private file could not be opened.
#[derive(Debug)]
pub(crate) enum PrivateFileError {
    Failed(io::Error),
    /// What the file is that it must not be.
    Refused(String),
}

/// Opens the file; one that is written to is for this user alone.
pub(crate) fn open_private_file(path: &Path, access: Access) -> Result<File, PrivateFileError> {
    // Before it is opened, because opening a device may have an effect.
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => check(access, &metadata)?,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(cause.into()),
    }
    let writes = access == Access::ReadAndWrite;
    let mut options = File::options();
    options.read(true).write(writes).create(writes).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = open_file(path, &options)?;
    let metadata = file.metadata()?;
    check(access, &metadata)?;
    if writes && metadata.mode() & 0o077 != 0 {
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

impl From<io::Error> for PrivateFileError {
    fn from(cause: io::Error) -> Self {
        Self::Failed(cause)
    }
}

fn check(access: Access, metadata: &Metadata) -> Result<(), PrivateFileError> {
    // SAFETY: takes nothing and cannot fail.
    let user = unsafe { libc::geteuid() };
    let reason = match unexpected_type(metadata) {
        Some(what) => format!("is {what}, not a regular file"),
        None if metadata.uid() != user => format!("belongs to another user, {}", metadata.uid()),
        // It would be another file of this user that is written to.
        None if access == Access::ReadAndWrite && metadata.nlink() > 1 => {
            "has another name, a hard link".to_owned()
        }
        None => return Ok(()),
    };
    Err(PrivateFileError::Refused(reason))
}

fn unexpected_type(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_file() => return None,
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Some(what)
}
