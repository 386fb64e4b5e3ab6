//! A lock on a file that belongs to this process: it ends with the process, even if a forked child
//! lives on.
//!
//! Neither kind of lock of POSIX systems does this alone, so a file has both, on one byte each. A
//! record lock is not inherited by a child, but the system drops it as soon as its process closes
//! any descriptor of the file. The lock of an open file description survives that, but a child that
//! inherits the descriptor keeps it: then the process ID in the file tells whether its owner lives.
//! Other parts of the process are kept from opening the file by a reservation of its name.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use crate::platform::{ForkGuard, Reservation};

/// A locked file. The lock ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ProcessLock {
    // Closed before the reservation ends, because closing it drops the record lock of the process.
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
    /// Only a forked child of an owner that has ended still has the file. This process alone has
    /// its record lock now, until this is dropped.
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
        if !set_lock(&file, RECORD, WRITE_LOCK)? {
            return Ok(LockAttempt::Held);
        }
        if !set_lock(&file, DESCRIPTION, WRITE_LOCK)? {
            let held = owner(&file)?.is_some_and(is_alive);
            let inherited = InheritedLock { file, _reservation: reservation };
            return Ok(if held { LockAttempt::Held } else { LockAttempt::Inherited(inherited) });
        }
        file.set_len(0)?;
        (&file).write_all(format!("{}\n", std::process::id()).as_bytes())?;
        let process = ForkGuard::current();
        Ok(LockAttempt::Locked(Self { file, _reservation: reservation, process }))
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
            // A forked child may have the descriptor still.
            let _ = set_lock(&self.file, DESCRIPTION, NO_LOCK);
        }
    }
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
    use super::*;
    use std::io::Read;
    use std::path::Path;

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

    #[test]
    fn a_process_has_the_lock_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = locked(&path);
        assert!(Reservation::new(directory.path(), "lock").unwrap().is_none());
        drop(lock);
        drop(locked(&path));
    }
}
