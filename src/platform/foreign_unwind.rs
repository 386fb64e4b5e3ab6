//! Threads that are unwound by something other than a panic of Rust.
//!
//! `pthread_exit` in a callback unwinds the thread, and so does a C++ exception that leaves it;
//! `ExitThread` of Windows unwinds nothing. That cannot go on through the frames of this library,
//! which catch panics, and it cannot be stopped either: the C library would end the process. So the
//! thread releases all that it holds, and then it waits forever.

use std::mem;

use super::system::{prepare_unwinder, wait_forever};

/// Runs `body`. If something other than a panic unwinds it, calls `release` and never returns.
pub(crate) fn contain_foreign_unwind<T>(body: impl FnOnce() -> T, release: impl FnOnce()) -> T {
    prepare_unwinder();
    let guard = ForeignUnwindGuard(Some(release));
    let value = body();
    mem::forget(guard);
    value
}

struct ForeignUnwindGuard<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for ForeignUnwindGuard<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if let Some(release) = self.0.take() {
            release();
        }
        wait_forever()
    }
}
