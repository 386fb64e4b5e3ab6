//! Opens files in a directory that others may be able to write to.
//!
//! What is not a regular file is refused, and so is a link, which would name a file elsewhere. Who
//! may read and write the file is a property of its directory.

use std::fs::{File, Metadata};
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    GetFileInformationByHandle,
};

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

pub(crate) fn open_private_file(path: &Path, access: Access) -> Result<File, PrivateFileError> {
    let writes = access == Access::ReadAndWrite;
    let mut options = File::options();
    options.read(true).write(writes).create(writes);
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(cause) => {
            // A directory cannot be opened for writing.
            let metadata = std::fs::symlink_metadata(path).ok();
            let refused = metadata.as_ref().and_then(unexpected_type).map(refused);
            return Err(refused.unwrap_or(cause.into()));
        }
    };
    let metadata = file.metadata()?;
    if let Some(what) = unexpected_type(&metadata) {
        return Err(refused(what));
    }
    // It would be another file that is written to.
    if writes && links(&file)? > 1 {
        return Err(PrivateFileError::Refused("has another name, a hard link".to_owned()));
    }
    Ok(file)
}

impl From<io::Error> for PrivateFileError {
    fn from(cause: io::Error) -> Self {
        Self::Failed(cause)
    }
}

fn refused(what: &str) -> PrivateFileError {
    PrivateFileError::Refused(format!("is {what}, not a regular file"))
}

fn unexpected_type(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_symlink() => Some("a symbolic link"),
        () if kind.is_dir() => Some("a directory"),
        () => Some("a device"),
    }
}

fn links(file: &File) -> io::Result<u32> {
    let mut info = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
    // SAFETY: the file is open, and the call writes only `info`.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), info.as_mut_ptr()) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it consists of integers, which were zeroed or written by the call.
    Ok(unsafe { info.assume_init() }.nNumberOfLinks)
}
