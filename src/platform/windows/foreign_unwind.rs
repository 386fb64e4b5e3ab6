//! Threads that are unwound by something other than a panic of Rust, such as a C++ exception that
//! leaves a callback.
//!
//! That cannot go on through the frames of this library, which catch panics. So the thread releases
//! all that it holds, and then it waits forever. `ExitThread` in a callback unwinds nothing.

use std::mem;

/// Runs `body`. If something other than a panic unwinds it, calls `release` and never returns.
pub(crate) fn contain_foreign_unwind<T>(body: impl FnOnce() -> T, release: impl FnOnce()) -> T {
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
        loop {
            std::thread::park();
        }
    }
}
