//! Stdin as the source of an object.

use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{AsFd, BorrowedFd};

use ossmpu::{BucketName, Cancel, Client, Error, ObjectKey, UploadOptions, UploadResult};

/// Uploads what comes from stdin. A file that stdin is redirected from is read from where it is.
///
/// # Errors
///
/// The library's.
pub fn put(
    client: &Client,
    bucket: &BucketName,
    key: &ObjectKey,
    options: &UploadOptions,
    cancel: &Cancel,
) -> Result<UploadResult, Error> {
    let stdin = io::stdin();
    let fd = stdin.as_fd();
    client.put_fd(bucket, key, fd, position(fd), None, options, cancel)
}

/// Pipes have no position; the library says what else is wrong with a descriptor.
fn position(fd: BorrowedFd<'_>) -> u64 {
    let file = fd.try_clone_to_owned().map(File::from);
    match file {
        Ok(mut file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => {
            file.stream_position().unwrap_or(0)
        }
        _ => 0,
    }
}
