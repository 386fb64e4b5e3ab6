//! Descriptors of the library: closed by exec, and never 0, 1 or 2; and those of the program that a
//! call uses.
//!
//! A program may run with those closed. If one of them were a connection, what the program prints
//! would become a part of the request.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;

/// An open descriptor. Unlike with a [`File`], it is harmless if the program has closed it.
#[derive(Debug)]
pub(crate) struct Descriptor {
    file: ManuallyDrop<File>,
    is_borrowed: bool,
}

impl Descriptor {
    /// Takes a descriptor, and moves it if it is one of the first three.
    pub(crate) fn new(fd: impl Into<OwnedFd>) -> io::Result<Self> {
        let file = File::from(move_up(fd.into())?);
        Ok(Self { file: ManuallyDrop::new(file), is_borrowed: false })
    }

    /// Opens a file of the kernel, which takes no time.
    pub(crate) fn open(path: &str, options: &OpenOptions) -> io::Result<Self> {
        Self::new(options.open(path)?)
    }

    /// Uses a descriptor of the program, which must stay open until the call that it was given to
    /// returns. To close a duplicate would end all record locks of the process on the file.
    ///
    /// # Errors
    ///
    /// EBADF if reading it would fail, or waiting for something to read would never end.
    pub(crate) fn borrow(fd: BorrowedFd<'_>) -> io::Result<Self> {
        // SAFETY: the descriptor is open while it is used, and never closed here.
        let file = unsafe { File::from_raw_fd(fd.as_raw_fd()) };
        let descriptor = Self { file: ManuallyDrop::new(file), is_borrowed: true };
        match descriptor.is_open_for_reading() {
            true => Ok(descriptor),
            false => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    /// True for what can only be read as a stream: a pipe, a socket or a character device.
    pub(crate) fn is_stream(&self) -> io::Result<bool> {
        let kind = self.metadata()?.file_type();
        Ok(kind.is_fifo() || kind.is_socket() || kind.is_char_device())
    }

    fn is_open_for_reading(&self) -> bool {
        // SAFETY: F_GETFL takes no argument.
        let flags = unsafe { libc::fcntl(self.as_raw_fd(), libc::F_GETFL) };
        flags >= 0 && flags & libc::O_ACCMODE != libc::O_WRONLY && flags & PATH_ONLY == 0
    }
}

impl Deref for Descriptor {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if !self.is_borrowed {
            // SAFETY: this owns the descriptor, which is not used afterwards.
            unsafe { libc::close(self.file.as_raw_fd()) };
        }
    }
}

/// Returns the descriptor that C has as this number, which must not be negative.
///
/// # Safety
///
/// It stays open as long as it is used. The first system call reports one that is not open.
#[cfg(feature = "capi")]
#[expect(clippy::unnecessary_wraps, reason = "other systems have numbers for C alone")]
pub(crate) unsafe fn descriptor_of_number<'fd>(fd: i32) -> Option<BorrowedFd<'fd>> {
    // SAFETY: the caller keeps it open.
    Some(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// True if one of the first three descriptors is closed, so that the next one that is opened is
/// one of them.
pub(super) fn has_standard_gap() -> bool {
    // SAFETY: F_GETFD takes no argument.
    (0..FIRST).any(|fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0)
}

/// Moves a descriptor if it is one of the first three.
pub(super) fn move_up(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() < FIRST { duplicate(&fd) } else { Ok(fd) }
}

fn duplicate(fd: &impl AsRawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes an integer; what it returns is checked below.
    let fd = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this open descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The flag of a descriptor that only names a file.
#[cfg(target_os = "linux")]
const PATH_ONLY: libc::c_int = libc::O_PATH;
#[cfg(not(target_os = "linux"))]
const PATH_ONLY: libc::c_int = 0;

/// The first descriptor that the library uses.
const FIRST: libc::c_int = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_duplicate_is_closed_by_exec_and_is_not_one_of_the_first_three() {
        let copy = duplicate(&io::stdin()).unwrap();
        assert!(copy.as_raw_fd() >= FIRST);
        // SAFETY: F_GETFD takes no argument.
        let flags = unsafe { libc::fcntl(copy.as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    }

    #[test]
    fn a_borrowed_descriptor_stays_open_and_is_not_duplicated() {
        let file = tempfile::tempfile().unwrap();
        let borrowed = Descriptor::borrow(file.as_fd()).unwrap();
        assert_eq!(borrowed.as_raw_fd(), file.as_raw_fd());
        drop(borrowed);
        assert_eq!(file.metadata().unwrap().len(), 0);
    }
}
