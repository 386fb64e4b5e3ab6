//! `pthread_cancel`, which must not act inside the library: the unwinding would end the process.

use std::ffi::c_int;
use std::ptr;

/// The cancellation state of this thread before [`disable_cancellation`].
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "capi"), expect(dead_code, reason = "only C calls restore it"))]
pub(crate) struct CancellationState(c_int);

/// Makes this thread ignore `pthread_cancel` until the state is restored.
///
/// The type becomes deferred, and stays so: with the asynchronous type a pending cancellation would
/// act when the state is restored.
pub(crate) fn disable_cancellation() -> CancellationState {
    let mut state = ENABLE;
    // SAFETY: the pointer is to a live variable. The function fails only for an invalid state.
    unsafe { pthread_setcancelstate(DISABLE, &raw mut state) };
    // SAFETY: NULL means that the previous type is not returned.
    unsafe { pthread_setcanceltype(DEFERRED, ptr::null_mut()) };
    CancellationState(state)
}

#[cfg(feature = "capi")]
impl CancellationState {
    /// Restores the state. A pending cancellation acts at the next cancellation point.
    pub(crate) fn restore(self) {
        // SAFETY: NULL means that the previous state is not returned.
        unsafe { pthread_setcancelstate(self.0, ptr::null_mut()) };
    }
}

// The `libc` crate has these only for some systems.
unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, previous: *mut c_int) -> c_int;
    fn pthread_setcanceltype(kind: c_int, previous: *mut c_int) -> c_int;
}

#[cfg(not(target_vendor = "apple"))]
const ENABLE: c_int = 0;
#[cfg(not(target_vendor = "apple"))]
const DISABLE: c_int = 1;
#[cfg(not(target_vendor = "apple"))]
const DEFERRED: c_int = 0;
#[cfg(target_vendor = "apple")]
const ENABLE: c_int = libc::PTHREAD_CANCEL_ENABLE;
#[cfg(target_vendor = "apple")]
const DISABLE: c_int = libc::PTHREAD_CANCEL_DISABLE;
#[cfg(target_vendor = "apple")]
const DEFERRED: c_int = libc::PTHREAD_CANCEL_DEFERRED;
