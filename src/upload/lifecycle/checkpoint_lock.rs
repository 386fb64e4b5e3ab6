//! The lock of a checkpoint: a file beside it, which is removed with the lock.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{Access, FileIdentity, LockAttempt, ProcessLock, Reservation};
use crate::runtime::open_private;

/// A locked file. When this is dropped, the file is removed and the lock ends.
#[derive(Debug)]
pub(super) struct CheckpointLock {
    lock: ProcessLock,
    path: PathBuf,
}

impl CheckpointLock {
    /// Takes the lock, and retries if its last owner has removed the file meanwhile.
    ///
    /// # Errors
    ///
    /// `Busy`, when another upload has it; `File`, when there is no such directory, or not a file
    /// of this user.
    pub(super) fn take(directory: &Path, name: &str) -> Result<Self> {
        let path = directory.join(name);
        let failed = |cause: io::Error| {
            let what = format!("checkpoint {}", path.display());
            Error::file(what, &cause).with_argument("checkpoint_dir")
        };
        for _ in 0..LOCK_ATTEMPTS {
            let Some(reservation) = Reservation::new(directory, name).map_err(failed)? else {
                return Err(busy(&path));
            };
            let file = open_private(&path, Access::ReadAndWrite)
                .map_err(|error| error.with_argument("checkpoint_dir"))?;
            match ProcessLock::try_lock(reservation, file).map_err(failed)? {
                LockAttempt::Locked(lock) if is_at(lock.file(), &path) => {
                    return Ok(Self { lock, path });
                }
                LockAttempt::Inherited(inherited) if is_at(inherited.file(), &path) => {
                    std::fs::remove_file(&path).map_err(failed)?;
                }
                LockAttempt::Locked(_) | LockAttempt::Inherited(_) => {}
                LockAttempt::Held => return Err(busy(&path)),
            }
        }
        Err(busy(&path))
    }
}

impl Drop for CheckpointLock {
    fn drop(&mut self) {
        // While the lock lasts, no other process removes the file.
        if self.lock.is_owner() && is_at(self.lock.file(), &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Returns true if the path names the open file.
fn is_at(file: &File, path: &Path) -> bool {
    let is_same = || io::Result::Ok(FileIdentity::of_file(file)? == FileIdentity::of_name(path)?);
    is_same().unwrap_or(false)
}

fn busy(path: &Path) -> Error {
    let text = format!(
        "another upload of this file and object is using the checkpoint, and has locked {}",
        path.display()
    );
    Error::new(ErrorKind::Busy, text).with_remedy("wait until that upload, or its process, ends")
}

const LOCK_ATTEMPTS: u32 = 8;

// They need FIFOs, links and forked children.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_lock_whose_file_was_replaced_while_it_was_taken_is_not_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = CheckpointLock::take(directory.path(), "lock").unwrap();
        assert!(is_at(lock.lock.file(), &path));
        std::fs::remove_file(&path).unwrap();
        assert!(!is_at(lock.lock.file(), &path));
        std::fs::write(&path, "another").unwrap();
        assert!(!is_at(lock.lock.file(), &path));
        drop(lock);
        assert!(path.exists(), "the file of another lock is not removed");
    }

    #[test]
    fn the_error_of_a_held_lock_names_its_file_and_is_retryable() {
        let directory = tempfile::tempdir().unwrap();
        let _lock = CheckpointLock::take(directory.path(), "lock").unwrap();
        let error = CheckpointLock::take(directory.path(), "lock").unwrap_err();
        assert!(error.kind() == ErrorKind::Busy && error.is_retryable(), "{error:?}");
        let text = error.to_string();
        let path = directory.path().join("lock").display().to_string();
        assert!(text.contains(&path) && text.contains("wait until that upload"), "{text}");
    }

    #[test]
    fn what_is_not_a_file_in_the_place_of_the_lock_is_refused_and_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let refused = || {
            let error = CheckpointLock::take(directory.path(), "lock").unwrap_err();
            assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("checkpoint_dir")));
            assert!(path.symlink_metadata().is_ok());
            std::fs::remove_file(&path).unwrap();
        };
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        refused();
        let target = directory.path().join("target");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        refused();
        assert!(!target.exists(), "no file is made through a link");
        drop(CheckpointLock::take(directory.path(), "lock").unwrap());
    }

    /// Leaves the file of a lock whose owner has ended, and whose descriptor a forked child still
    /// has, until the result is dropped. Only the owner of the lock may call it.
    fn leave_inherited(directory: &Path) -> ProcessLock {
        let name = format!("lock of {}", std::process::id());
        let path = directory.join(&name);
        let reservation = Reservation::new(directory, &name).unwrap().unwrap();
        let file = open_private(&path, Access::ReadAndWrite).unwrap();
        let LockAttempt::Locked(lock) = ProcessLock::try_lock(reservation, file).unwrap() else {
            panic!("another process has the lock");
        };
        // This ends the record lock, as the end of the process does.
        drop(File::open(&path).unwrap());
        // No process has this ID.
        lock.file().write_all_at(i32::MAX.to_string().as_bytes(), 0).unwrap();
        std::fs::rename(path, directory.join("lock")).unwrap();
        lock
    }

    #[test]
    fn a_lock_that_only_a_child_of_its_owner_still_has_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let inherited = leave_inherited(directory.path());
        let lock = CheckpointLock::take(directory.path(), "lock").unwrap();
        let second = CheckpointLock::take(directory.path(), "lock").unwrap_err();
        assert_eq!(second.kind(), ErrorKind::Busy);
        drop((lock, inherited));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    /// Each process takes the lock, which removes and creates its file all the time, and leaves it
    /// to a child every other time.
    #[test]
    fn two_processes_never_have_the_lock_at_once() {
        const DIRECTORY: &str = "OSSMPU_TEST_LOCK_DIRECTORY";
        if let Some(directory) = std::env::var_os(DIRECTORY) {
            let directory = Path::new(&directory);
            let (mut taken, mut inherited) = (0, None);
            while taken < 300 {
                let lock = match CheckpointLock::take(directory, "lock") {
                    Ok(lock) => lock,
                    Err(error) if error.kind() == ErrorKind::Busy => continue,
                    Err(error) => panic!("{error}"),
                };
                let proof = directory.join("proof");
                File::create_new(&proof).expect("another process has the lock too");
                std::fs::remove_file(&proof).unwrap();
                if taken % 2 == 0 {
                    drop(inherited.take());
                    inherited = Some(leave_inherited(directory));
                }
                drop(lock);
                taken += 1;
            }
            drop(inherited);
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let start = |_| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .arg("two_processes_never_have_the_lock_at_once")
                .env(DIRECTORY, directory.path())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        };
        for process in [0, 1, 2].map(start) {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_threads_never_have_the_lock_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let holders = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let taken = CheckpointLock::take(directory.path(), "lock");
                        if taken.is_ok() {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                            holders.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
