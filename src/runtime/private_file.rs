//! The errors of files that must be those of this user.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{Access, PrivateFileError, errno, open_private_file};

/// Opens a file of this user; one that is written to is for this user alone. The error has the `errno`
/// of `open`, or names what was refused.
pub(crate) fn open_private(path: &Path, access: Access) -> Result<File> {
    open_private_file(path, access).map_err(|error| match error {
        PrivateFileError::Failed(cause) => Error::file(path.display(), &cause),
        PrivateFileError::Refused(reason) => {
            let text = format!("{} {reason}; remove it or use another directory", path.display());
            let cause = io::Error::from_raw_os_error(errno::EINVAL);
            Error::new(ErrorKind::File, text).with_io(&cause)
        }
    })
}

// Most are about FIFOs, links, owners and modes.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
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
