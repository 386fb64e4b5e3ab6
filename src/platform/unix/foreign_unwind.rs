//! Threads that are unwound by something other than a panic of Rust.
//!
//! `pthread_exit` in a callback unwinds the thread, and so does a C++ exception that leaves it.
//! That cannot go on through the frames of this library, which catch panics, and it cannot be
//! stopped either: the C library would end the process. So the thread releases all that it holds,
//! and then it waits forever.

use std::ffi::{c_int, c_void};
use std::mem;
use std::ptr;
use std::sync::Once;

/// Runs `body`. If something other than a panic unwinds it, calls `release` and never returns.
pub(crate) fn contain_foreign_unwind<T>(body: impl FnOnce() -> T, release: impl FnOnce()) -> T {
    UNWINDER.call_once(init_unwinder);
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
            // SAFETY: pause has no preconditions. It returns after a signal handler has run.
            unsafe { libc::pause() };
        }
    }
}

/// Fills the tables of the unwinder that is linked into this library. It does so when it unwinds
/// for the first time, but the unwinder of the C library, which runs `pthread_exit`, then uses it
/// without.
fn init_unwinder() {
    extern "C" fn stop(_: *mut c_void, _: *mut c_void) -> c_int {
        END_OF_STACK
    }
    // SAFETY: the function calls `stop` with the innermost frame, and returns.
    unsafe { _Unwind_Backtrace(stop, ptr::null_mut()) };
}

unsafe extern "C" {
    fn _Unwind_Backtrace(
        trace: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
}

/// Of the C++ ABI: `_URC_END_OF_STACK`.
const END_OF_STACK: c_int = 5;

static UNWINDER: Once = Once::new();
