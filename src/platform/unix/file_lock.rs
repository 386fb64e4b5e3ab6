//! The lock of a file, for one process.
//!
//! Neither kind of lock of POSIX systems is one that ends with its process though a forked child lives
//! on, so a file has both, on one byte each. A record lock is not inherited by a child, but the system
//! drops it as soon as its process closes any descriptor of the file. The lock of an open file
//! description survives that, but a child that inherits the descriptor keeps it: then the process ID
//! in the file tells whether its owner lives.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use crate::platform::lock_outcome::LockOutcome;

/// Locks a file that is open for reading and writing, and writes the process ID into it.
pub(in crate::platform) fn lock_file(mut file: &File) -> io::Result<LockOutcome> {
    if !set_lock(file, RECORD, WRITE_LOCK)? {
        return Ok(LockOutcome::Held);
    }
    if !set_lock(file, DESCRIPTION, WRITE_LOCK)? {
        let is_held = owner(file)?.is_some_and(is_alive);
        return Ok(if is_held { LockOutcome::Held } else { LockOutcome::Inherited });
    }
    file.set_len(0)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())?;
    Ok(LockOutcome::Locked)
}

/// Ends the lock although a forked child may have the descriptor still. Closing the file ends the
/// record lock.
pub(in crate::platform) fn unlock_file(file: &File) {
    let _ = set_lock(file, DESCRIPTION, NO_LOCK);
}

/// One of the two locks: the command that sets it, and the byte that it covers.
#[derive(Clone, Copy)]
struct LockKind {
    command: Option<libc::c_int>,
    byte: libc::off_t,
}

// The constants of some systems are of another integer type.
const WRITE_LOCK: libc::c_short = libc::F_WRLCK as libc::c_short;
const NO_LOCK: libc::c_short = libc::F_UNLCK as libc::c_short;

const RECORD: LockKind = LockKind { command: Some(libc::F_SETLK), byte: 0 };
// Another byte, because over NFS the two locks exclude each other.
#[cfg(any(target_os = "linux", target_os = "android"))]
const DESCRIPTION: LockKind = LockKind { command: Some(libc::F_OFD_SETLK), byte: 1 };
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const DESCRIPTION: LockKind = LockKind { command: None, byte: 1 };

/// Sets or removes a lock, without waiting. Returns false if another owner has it.
fn set_lock(file: &File, lock: LockKind, lock_type: libc::c_short) -> io::Result<bool> {
    let Some(command) = lock.command else { return Ok(true) };
    // SAFETY: `flock` consists of integers, for which zero is valid; F_OFD_SETLK requires a zero
    // `l_pid`.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = lock_type;
    range.l_whence = libc::SEEK_SET as libc::c_short;
    range.l_start = lock.byte;
    range.l_len = 1;
    // SAFETY: the descriptor is open, and the command reads one `flock`, which lives until then.
    if unsafe { libc::fcntl(file.as_raw_fd(), command, &raw const range) } == 0 {
        return Ok(true);
    }
    let cause = io::Error::last_os_error();
    match cause.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        // The system does not have this lock.
        Some(libc::EINVAL) if lock.byte == DESCRIPTION.byte => Ok(true),
        _ => Err(cause),
    }
}

/// Returns the process ID in the file.
fn owner(file: &File) -> io::Result<Option<libc::pid_t>> {
    let mut text = [0; 16];
    let count = file.read_at(&mut text, 0)?;
    let text = text.get(..count).unwrap_or_default();
    let id = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    Ok(id.filter(|id| *id > 0))
}

fn is_alive(process: libc::pid_t) -> bool {
    // SAFETY: signal 0 only checks whether the process exists.
    let sent = unsafe { libc::kill(process, 0) };
    sent == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use crate::platform::{LockAttempt, ProcessLock, Reservation};

    fn attempt(path: &Path) -> LockAttempt {
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true).open(path).unwrap();
        let reservation = Reservation::new(path.parent().unwrap(), "lock").unwrap();
        match reservation {
            Some(reservation) => ProcessLock::try_lock(reservation, file).unwrap(),
            None => LockAttempt::Held,
        }
    }

    fn locked(path: &Path) -> ProcessLock {
        match attempt(path) {
            LockAttempt::Locked(lock) => lock,
            other => panic!("{other:?}"),
        }
    }

    /// A forked child, which is killed when this is dropped.
    struct Child(libc::pid_t);

    impl Child {
        /// Runs `body` in a child, then waits there to be killed.
        fn fork(body: impl FnOnce()) -> Self {
            // SAFETY: the child takes no lock that another thread can hold: see the bodies.
            let id = unsafe { libc::fork() };
            assert!(id >= 0);
            if id == 0 {
                body();
                loop {
                    // SAFETY: only waits.
                    unsafe { libc::pause() };
                }
            }
            Self(id)
        }

        fn kill(&self) {
            // SAFETY: signals a child that was not reaped.
            unsafe { libc::kill(self.0, libc::SIGKILL) };
        }

        fn reap(&self) {
            // SAFETY: the status is not returned.
            unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) };
        }
    }

    impl Drop for Child {
        fn drop(&mut self) {
            self.kill();
            self.reap();
        }
    }

    fn is_held_for_another_process(path: &Path) -> bool {
        let (mut answer, tell) = io::pipe().unwrap();
        let _other = Child::fork(|| {
            let is_held = matches!(attempt(path), LockAttempt::Held);
            (&tell).write_all(&[is_held.into()]).unwrap();
        });
        let mut is_held = [0];
        answer.read_exact(&mut is_held).unwrap();
        is_held == [1]
    }

    #[test]
    fn a_forked_child_does_not_keep_the_lock_that_its_parent_gives_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = locked(&path);
        let child = Child::fork(|| {});
        drop(lock);
        drop(locked(&path));
        drop(child);
    }

    #[test]
    fn a_forked_child_that_drops_the_lock_does_not_end_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (mut done, tell) = io::pipe().unwrap();
        let mut lock = Some(locked(&path));
        let child = Child::fork(|| {
            drop(lock.take());
            (&tell).write_all(b"x").unwrap();
        });
        done.read_exact(&mut [0]).unwrap();
        assert!(is_held_for_another_process(&path));
        drop((child, lock));
        drop(locked(&path));
    }

    #[test]
    fn the_file_of_a_killed_owner_whose_child_lives_on_is_inherited() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (mut done, tell) = io::pipe().unwrap();
        let (ended, keep_open) = io::pipe().unwrap();
        let owner = Child::fork(|| {
            let lock = locked(&path);
            let grandchild = Child::fork(|| {
                // Ends with the test: then the other end of the pipe is closed.
                // SAFETY: closes a descriptor that is not used here again.
                unsafe { libc::close(keep_open.as_raw_fd()) };
                let _ = (&ended).read(&mut [0]);
                std::process::abort();
            });
            (&tell).write_all(b"x").unwrap();
            std::mem::forget((lock, grandchild));
        });
        done.read_exact(&mut [0]).unwrap();
        assert!(matches!(attempt(&path), LockAttempt::Held));
        drop(owner);
        let LockAttempt::Inherited(inherited) = attempt(&path) else { panic!("not inherited") };
        assert!(matches!(attempt(&path), LockAttempt::Held), "one part removes the file");
        std::fs::remove_file(&path).unwrap();
        drop(inherited);
        drop(locked(&path));
    }

    #[test]
    fn the_lock_holds_though_its_process_closes_another_descriptor_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = locked(&path);
        drop(File::open(&path).unwrap());
        assert!(is_held_for_another_process(&path));
        drop(lock);
    }
}
