//! A lock on a file that belongs to this process: it ends with the process.

use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::ERROR_LOCK_VIOLATION;
use windows_sys::Win32::Storage::FileSystem::{
    LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::platform::{ForkGuard, Reservation};

/// A locked file. The lock ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ProcessLock {
    // Closed before the reservation ends.
    file: File,
    _reservation: Reservation,
    process: ForkGuard,
}

/// The outcome of [`ProcessLock::try_lock`].
#[derive(Debug)]
pub(crate) enum LockAttempt {
    Locked(ProcessLock),
    /// Another process, or another part of this one, has the lock.
    Held,
    /// For systems with forked children, which may keep the file of their parent.
    #[expect(dead_code, reason = "a child never has the lock of its parent")]
    Inherited(InheritedLock),
}

#[derive(Debug)]
pub(crate) enum InheritedLock {}

impl InheritedLock {
    pub(crate) fn file(&self) -> &File {
        match *self {}
    }
}

impl ProcessLock {
    /// Locks a file that is open for reading and writing.
    // The last parameter is dropped first: the file is closed before the reservation ends.
    pub(crate) fn try_lock(reservation: Reservation, file: File) -> io::Result<LockAttempt> {
        let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
        let mut range = OVERLAPPED::default();
        // The position of the lock. It is beyond all bytes, because others could not read them.
        range.Anonymous.Anonymous.OffsetHigh = OFFSET_HIGH;
        // SAFETY: the file is open, and the call ends before it returns, because the file was not
        // opened for overlapped operations.
        if unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut range) } == 0 {
            let cause = io::Error::last_os_error();
            return match cause.raw_os_error() {
                Some(errno) if errno == ERROR_LOCK_VIOLATION.cast_signed() => Ok(LockAttempt::Held),
                _ => Err(cause),
            };
        }
        let process = ForkGuard::current();
        Ok(LockAttempt::Locked(Self { file, _reservation: reservation, process }))
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Returns true in the process that has the lock.
    pub(crate) fn is_owner(&self) -> bool {
        self.process.is_current()
    }
}

const OFFSET_HIGH: u32 = 0x7fff_ffff;

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn attempt(directory: &Path, name: &str) -> LockAttempt {
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let file = options.open(directory.join("lock")).unwrap();
        let reservation = Reservation::new(directory, name).unwrap().unwrap();
        ProcessLock::try_lock(reservation, file).unwrap()
    }

    #[test]
    fn a_file_is_locked_once_and_again_when_the_lock_has_ended() {
        let directory = tempfile::tempdir().unwrap();
        let LockAttempt::Locked(lock) = attempt(directory.path(), "a") else { panic!() };
        // The reservation of another name stands for another process.
        assert!(matches!(attempt(directory.path(), "b"), LockAttempt::Held));
        assert!(Reservation::new(directory.path(), "a").unwrap().is_none());
        drop(lock);
        assert!(matches!(attempt(directory.path(), "a"), LockAttempt::Locked(_)));
    }
}
