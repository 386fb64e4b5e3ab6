//! Uploads from stdin.

use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{AsFd, BorrowedFd};

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
    let fd = stdin.as_fd();
    client.put_fd(bucket, key, FdRange::new(fd, position(fd)..), options, cancel)
}

/// The position of a regular file, and 0 for everything else. The library reports descriptors that
/// cannot be read.
fn position(fd: BorrowedFd<'_>) -> u64 {
    let file = fd.try_clone_to_owned().map(File::from);
    match file {
        Ok(mut file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => {
            file.stream_position().unwrap_or(0)
        }
        _ => 0,
    }
}
