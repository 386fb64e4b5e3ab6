//! Uploads from stdin.

use std::fs::File;
use std::io::{self, Seek};
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd as OwnedDescriptor};
#[cfg(windows)]
use std::os::windows::io::{AsHandle, OwnedHandle as OwnedDescriptor};

use ossmpu::{BucketName, Cancel, Client, Error, FdRange, ObjectKey, UploadOptions, UploadResult};

/// Uploads stdin until its end. If stdin is a regular file, reads from its current position.
///
/// # Errors
///
/// The error of the library.
pub fn put(
    client: &Client,
    bucket: &BucketName,
    key: &ObjectKey,
    options: &UploadOptions,
    cancel: &Cancel,
) -> Result<UploadResult, Error> {
    let stdin = io::stdin();
    #[cfg(unix)]
    let fd = stdin.as_fd();
    #[cfg(windows)]
    let fd = stdin.as_handle();
    let start = position(fd.try_clone_to_owned());
    client.put_fd(bucket, key, FdRange::new(fd, start..), options, cancel)
}

/// A standard handle of Windows that is closed stays closed, which the library reports.
#[cfg(windows)]
pub fn may_have_been_closed() -> bool {
    false
}

/// Returns true if stdin was closed at startup, or may have been. The Rust runtime then opens
/// `/dev/null` in its place, for reading and writing, as `daemon(3)` and `subprocess.DEVNULL` of
/// Python do; `< /dev/null` opens it for reading only. False where `/proc` does not exist.
#[cfg(unix)]
pub fn may_have_been_closed() -> bool {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let device = |path| fs::metadata(path).map(|metadata| metadata.rdev());
    let is_null = match (device("/proc/self/fd/0"), device("/dev/null")) {
        (Ok(stdin), Ok(null)) => stdin == null,
        _ => false,
    };
    is_null && fs::read_to_string("/proc/self/fdinfo/0").is_ok_and(|info| is_read_write(&info))
}

#[cfg(unix)]
fn is_read_write(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & ACCESS_MODE == READ_WRITE)
}

/// `O_ACCMODE` and `O_RDWR`.
#[cfg(unix)]
const ACCESS_MODE: u32 = 3;
#[cfg(unix)]
const READ_WRITE: u32 = 2;

/// The position of a regular file, and 0 for everything else. The library reports descriptors that
/// cannot be read.
fn position(descriptor: io::Result<OwnedDescriptor>) -> u64 {
    match descriptor.map(File::from) {
        Ok(mut file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => {
            file.stream_position().unwrap_or(0)
        }
        _ => 0,
    }
}
