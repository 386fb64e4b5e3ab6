//! Opens files of this user in a directory that others may be able to write to.
//!
//! What is not a regular file of this user is refused: a FIFO would wait for its other end, a link
//! would name a file elsewhere, and another user could lock or change the file.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::open_file;
use crate::error::{Error, ErrorKind, Result};

/// What a private file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// The file is created if it is missing.
    ReadAndWrite,
}

/// Opens the file; one that is written to is for this user alone. The error has the `errno` of
/// `open`, or names what was refused.
pub(crate) fn open_private(path: &Path, access: Access) -> Result<File> {
    let failed = |cause: io::Error| Error::file(path.display(), &cause);
    // Before it is opened, because opening a device may have an effect.
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => check(path, access, &metadata)?,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(failed(cause)),
    }
    let writes = access == Access::ReadAndWrite;
    let mut options = File::options();
    options.read(true).write(writes).create(writes).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = open_file(path, &options).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check(path, access, &metadata)?;
    if writes && metadata.mode() & 0o077 != 0 {
        file.set_permissions(PermissionsExt::from_mode(0o600)).map_err(failed)?;
    }
    Ok(file)
}

fn check(path: &Path, access: Access, metadata: &Metadata) -> Result<()> {
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
    let text = format!("{} {reason}; remove it or use another directory", path.display());
    let cause = io::Error::from_raw_os_error(libc::EINVAL);
    Err(Error::new(ErrorKind::File, text).with_io(&cause))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn open(path: &Path) -> Result<File> {
        open_private(path, Access::ReadAndWrite)
    }

    #[test]
    fn what_is_not_a_regular_file_is_refused_at_once_and_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(path("a FIFO")).status().unwrap();
        assert!(made.success());
        std::fs::create_dir(path("a directory")).unwrap();
        std::os::unix::fs::symlink(path("target"), path("a symbolic link")).unwrap();
        let _socket = UnixListener::bind(path("a socket")).unwrap();
        std::fs::write(path("one"), "").unwrap();
        std::fs::hard_link(path("one"), path("a hard link")).unwrap();
        for name in ["a FIFO", "a directory", "a symbolic link", "a socket"] {
            for access in [Access::Read, Access::ReadAndWrite] {
                let error = open_private(&path(name), access).unwrap_err();
                assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(libc::EINVAL)));
                let expected = format!("is {name}, not a regular file");
                assert!(error.to_string().contains(&expected), "{error}");
            }
        }
        let error = open(&path("a hard link")).unwrap_err();
        assert!(error.to_string().contains("another name, a hard link"), "{error}");
        assert!(open(Path::new("/dev/null")).unwrap_err().to_string().contains("a device"));
        assert!(!path("target").exists(), "no file is made through a link");
    }

    #[test]
    fn a_file_is_made_private_or_becomes_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let mode = || std::fs::metadata(&path).unwrap().mode() & 0o777;
        drop(open(&path).unwrap());
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        // A file of root for all others, and a file of another user for root.
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path().join("file");
        std::fs::write(&own, "").unwrap();
        let given = std::os::unix::fs::chown(&own, Some(64_123), None).is_ok();
        let path = if given { own.as_path() } else { Path::new("/etc/passwd") };
        let error = open_private(path, Access::Read).unwrap_err();
        assert!(error.to_string().contains("belongs to another user"), "{error}");
    }
}
