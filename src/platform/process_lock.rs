//! A lock on a file that belongs to this process: it ends with the process, even if a forked child
//! lives on.
//!
//! Other parts of the process are kept from opening the file by a reservation of its name.

use std::fs::File;
use std::io;

use super::fork_guard::ForkGuard;
use super::lock_outcome::LockOutcome;
use super::reservation::Reservation;
use super::system::{lock_file, unlock_file};

/// A locked file. The lock ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ProcessLock {
    // Closed before the reservation ends, because on POSIX systems the lock of the process ends
    // when it closes any descriptor of the file.
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
    /// Only a forked child of an owner that has ended still has the file. No other process gets
    /// this answer until it is dropped.
    Inherited(InheritedLock),
}

/// The file of a lock whose owner has ended.
#[derive(Debug)]
pub(crate) struct InheritedLock {
    // Closed before the reservation ends, as in `ProcessLock`.
    file: File,
    _reservation: Reservation,
}

impl InheritedLock {
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl ProcessLock {
    /// Locks a file that is open for reading and writing.
    // The last parameter is dropped first: the file is closed before the reservation ends.
    pub(crate) fn try_lock(reservation: Reservation, file: File) -> io::Result<LockAttempt> {
        Ok(match lock_file(&file)? {
            LockOutcome::Locked => {
                let process = ForkGuard::current();
                LockAttempt::Locked(Self { file, _reservation: reservation, process })
            }
            LockOutcome::Held => LockAttempt::Held,
            LockOutcome::Inherited => {
                LockAttempt::Inherited(InheritedLock { file, _reservation: reservation })
            }
        })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Returns true in the process that has the lock, false in its forked children.
    pub(crate) fn is_owner(&self) -> bool {
        self.process.is_current()
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        if self.is_owner() {
            unlock_file(&self.file);
        }
    }
}

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
