//! The token that ends calls.

use std::ffi::c_int;

use super::errno::Errno;
use super::guard::{guard_status, guard_value};
use super::ptr::{self, Handle};
use super::setting;
use crate::{Cancel, Error};

/// A token that ends the calls that were given it, running and later ones,
/// with OSSMPU_ECANCELED once it is triggered. Any number of threads may use
/// it at once, and any number of calls. It belongs to the process that made
/// it.
pub struct ossmpu_cancel {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_cancel {
    type Inner = Cancel;
}

/// Makes a token. NULL only if no file descriptor is left, or after a bug (a
/// caught panic).
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_cancel_new() -> *mut ossmpu_cancel {
    guard_value(std::ptr::null_mut(), || Cancel::new().map_or(std::ptr::null_mut(), ptr::give))
}

/// Triggers a token. Async-signal-safe, and leaves errno alone. Triggering
/// again, NULL, or a token of the parent process has no effect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_cancel_trigger(cancel: *const ossmpu_cancel) {
    // There is no guard here: it has a state of the thread, which a signal handler may not touch.
    // Nothing below can panic.
    let call = ();
    // SAFETY: NULL or a live token (contract of `ffi`).
    if let Some(cancel) = unsafe { ptr::borrow_or_none(cancel, &call) } {
        let errno = Errno::save();
        cancel.trigger();
        errno.restore();
    }
}

/// Triggers a token by itself after so many milliseconds; 0 is at once. Another
/// call moves the time. OSSMPU_EINVAL if ms is negative.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_cancel_after_ms(cancel: *const ossmpu_cancel, ms: i64) -> c_int {
    guard_status(|| {
        let call = ();
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { ptr::borrow(cancel, &call, "cancel") }?;
        cancel.check_process()?;
        cancel
            .trigger_after(setting::milliseconds("ms", ms)?)
            .map_err(|cause| Error::internal("the timer cannot be set").with_cause(cause))
    })
}

/// Frees a token. NULL is a no-op. No call that was given it may still run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_cancel_free(cancel: *mut ossmpu_cancel) {
    // SAFETY: NULL or a token that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(cancel) }));
}

/// The token of a call; NULL is one that is never triggered.
///
/// # Safety
///
/// `cancel` is NULL or a live token.
pub(super) unsafe fn or_never(cancel: *const ossmpu_cancel, call: &()) -> &Cancel {
    static NEVER: Cancel = Cancel::never();
    // SAFETY: the caller promises it.
    unsafe { ptr::borrow_or_none(cancel, call) }.unwrap_or(&NEVER)
}
