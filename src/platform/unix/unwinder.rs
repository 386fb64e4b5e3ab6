//! What a thread needs that something other than a panic unwinds.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Once;

/// Fills the tables of the unwinder that is linked into this library. It does so when it unwinds
/// for the first time, but the unwinder of the C library, which runs `pthread_exit`, then uses it
/// without.
pub(in crate::platform) fn prepare_unwinder() {
    extern "C" fn stop(_: *mut c_void, _: *mut c_void) -> c_int {
        END_OF_STACK
    }
    PREPARED.call_once(|| {
        // SAFETY: the function calls `stop` with the innermost frame, and returns.
        unsafe { _Unwind_Backtrace(stop, ptr::null_mut()) };
    });
}

pub(in crate::platform) fn wait_forever() -> ! {
    loop {
        // SAFETY: pause has no preconditions. It returns after a signal handler has run.
        unsafe { libc::pause() };
    }
}

unsafe extern "C" {
    fn _Unwind_Backtrace(
        trace: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
}

/// Of the C++ ABI: `_URC_END_OF_STACK`.
const END_OF_STACK: c_int = 5;

static PREPARED: Once = Once::new();
