//! The cancel token.

use std::ffi::c_int;

use super::arg_check;
use super::entry_point::guard_status;
use super::handle;
use super::panic_boundary::guard_value;
use crate::{Cancel, Error, SavedErrno};

/// A token that cancels calls. Once it is triggered, all calls that are given
/// it, running and later ones, return OSSMPU_ECANCELED. Any number of threads
/// and calls may use it at once. It belongs to the process that created it.
#[derive(Debug)]
pub struct ossmpu_cancel(pub(super) Cancel);

const _: () = handle::assert_shared::<ossmpu_cancel>();

/// Creates a token. NULL only if the process has no file descriptor left, or
/// after a bug in the library.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_cancel_new() -> Option<Box<ossmpu_cancel>> {
    guard_value(None, || Some(Box::new(ossmpu_cancel(Cancel::new().ok()?))))
}

/// Triggers a token. Async-signal-safe; does not change errno. No effect on a
/// triggered token, on NULL, and on a token of the parent process.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_cancel_trigger(cancel: Option<&ossmpu_cancel>) {
    // Without `guard`: its thread-local state is not async-signal-safe. Nothing below can panic.
    if let Some(cancel) = cancel {
        let errno = SavedErrno::save();
        cancel.0.trigger();
        errno.restore();
    }
}

/// Triggers a token after ms milliseconds; 0 triggers it now. A later call
/// replaces the time. OSSMPU_EINVAL if ms is negative.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_cancel_after_ms(cancel: Option<&ossmpu_cancel>, ms: i64) -> c_int {
    guard_status(|| {
        let cancel = &handle::required(cancel, "cancel")?.0;
        cancel.check_process()?;
        cancel
            .trigger_after(arg_check::milliseconds("ms", ms)?)
            .map_err(|cause| Error::internal("cannot set the timer").with_cause(cause))
    })
}

/// Frees a token. NULL is a no-op. No call that uses it may still be running.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_cancel_free(cancel: Option<Box<ossmpu_cancel>>) {
    guard_value((), || drop(cancel));
}

/// Returns the token of a call; NULL is one that is never triggered.
pub(super) fn or_never(cancel: Option<&ossmpu_cancel>) -> &Cancel {
    static NEVER: Cancel = Cancel::never();
    cancel.map_or(&NEVER, |cancel| &cancel.0)
}
