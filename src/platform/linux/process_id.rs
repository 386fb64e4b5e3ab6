//! The ID of this process, without a system call where the kernel clears a page in forked children.
//!
//! Each step of an upload asks whether it runs in a forked child. `getpid` would be a third of the
//! system calls of a file, and three quarters of those of a small object. A child that shares the
//! memory of its parent (`vfork`) has its parent's ID.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Returns the ID of this process. Async-signal-safe.
pub(crate) fn process_id() -> u32 {
    known_id().map_or_else(std::process::id, refresh)
}

/// The page with the ID; null until it is first asked for. A `OnceLock` would not do: in a child
/// that is forked while another thread sets it, it would be waited for without an end.
static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());
/// `PAGE` points to it if the kernel has no such pages.
static UNSUPPORTED: AtomicU32 = AtomicU32::new(0);

/// Returns the value that has the ID, or 0 in a process that has not asked for it yet.
fn known_id() -> Option<&'static AtomicU32> {
    let mut page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        let unsupported = ptr::from_ref(&UNSUPPORTED).cast_mut();
        let new = map_cleared_on_fork().unwrap_or(unsupported);
        let unset = ptr::null_mut();
        match PAGE.compare_exchange(unset, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => page = new,
            Err(other) => {
                if new != unsupported {
                    unmap(new);
                }
                page = other;
            }
        }
    }
    // SAFETY: it points to the static value or to a page that is never unmapped.
    unsafe { page.as_ref() }.filter(|known| !ptr::eq(*known, &UNSUPPORTED))
}

/// Returns the known ID; asks for it if there is none.
fn refresh(known: &AtomicU32) -> u32 {
    loop {
        let id = known.load(Ordering::Relaxed);
        if id != 0 {
            return id;
        }
        let id = std::process::id();
        known.store(id, Ordering::Relaxed);
        // A signal handler may have forked in between.
        if std::process::id() != id {
            known.store(0, Ordering::Relaxed);
        }
    }
}

/// Maps a page that is zero in a forked child (Linux 4.14).
fn map_cleared_on_fork() -> Option<*mut AtomicU32> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the kernel chooses the address.
    let page = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return None;
    }
    // Some emulators accept any advice and ignore it.
    if advise(page, UNKNOWN_ADVICE) || !advise(page, libc::MADV_WIPEONFORK) {
        unmap(page.cast());
        return None;
    }
    Some(page.cast())
}

fn advise(page: *mut libc::c_void, advice: libc::c_int) -> bool {
    // SAFETY: only this function's caller uses the page, which it has just mapped.
    unsafe { libc::madvise(page, SIZE, advice) == 0 }
}

fn unmap(page: *mut AtomicU32) {
    // SAFETY: the caller has mapped it and has told no one.
    unsafe { libc::munmap(page.cast(), SIZE) };
}

const SIZE: usize = size_of::<AtomicU32>();
const UNKNOWN_ADVICE: libc::c_int = -1;

#[cfg(test)]
mod tests {
    use super::*;

    /// Forks; returns true if the check is true in the child.
    fn holds_in_child(check: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child only makes system calls.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let status = if check() { 0 } else { 1 };
            // SAFETY: _exit has no preconditions.
            unsafe { libc::_exit(status) };
        }
        let mut status = -1;
        // SAFETY: `status` is valid for writes.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        waited == child && status == 0
    }

    #[test]
    fn a_forked_child_and_its_child_have_their_own_ids() {
        let own = process_id();
        assert_eq!(own, std::process::id());
        assert!(holds_in_child(|| {
            let child = process_id();
            child != own
                && child == std::process::id()
                && child == process_id()
                && holds_in_child(|| process_id() != child && process_id() == std::process::id())
        }));
        assert_eq!(process_id(), own);
    }
}
