//! The boundary of a call from C: no panic unwinds into C, none prints a message, and a callback
//! that ends its thread does not end the process.
//!
//! A panic is a bug in this library. It becomes `OSSMPU_EINTERNAL`, never a value that could be a
//! result.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::limits::THREAD_NAME_PREFIX;
use crate::{Error, Result, contain_foreign_unwind, disable_cancellation, has_name_prefix};

/// Runs the body of a function that cannot fail; returns `after_panic` if it panics.
pub(super) fn guard_value<T>(after_panic: T, body: impl FnOnce() -> T) -> T {
    catch_panic(body).unwrap_or(after_panic)
}

/// Runs `body` and turns a panic into an error of kind `Internal`.
pub(super) fn catch_panic<T>(body: impl FnOnce() -> T) -> Result<T> {
    let cancellation = disable_cancellation();
    install_hook();
    let context = ContextGuard::enter(Context::Library);
    // Shared state survives unwinding by the rules of the Rust interface; `TryLocked` poisons the
    // rest.
    let outcome = catch_unwind(AssertUnwindSafe(|| contain_foreign_unwind(body, || ())));
    drop(context);
    cancellation.restore();
    outcome.map_err(|payload| {
        let error = Error::internal("the library panicked; please report this bug");
        error.with_cause(panic_message(&*payload))
    })
}

/// Runs the caller's code. A panic in there is the caller's, and its message is printed.
///
/// The code may be unwound by `pthread_exit`, so functions of the caller are called with the ABI
/// `C-unwind`.
pub(super) fn run_callback<T>(callback: impl FnOnce() -> T) -> T {
    let _context = ContextGuard::enter(Context::Callback);
    let value = callback();
    // The callback may have enabled it.
    disable_cancellation();
    value
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Whose code this thread runs, for the panic hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Host,
    Library,
    Callback,
}

thread_local! {
    static CONTEXT: Cell<Context> = const { Cell::new(Context::Host) };
}

/// Restores the previous context when dropped.
struct ContextGuard {
    previous: Context,
}

impl ContextGuard {
    fn enter(context: Context) -> Self {
        Self { previous: CONTEXT.replace(context) }
    }
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        CONTEXT.set(self.previous);
    }
}

/// Silences panics of this library; all others go to the previous hook.
fn install_hook() {
    // A panicking thread cannot change the hook; the next call does it.
    if HOOK.is_completed() || std::thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_silenced() {
                previous(panic);
            }
        }));
    });
}

fn is_silenced() -> bool {
    match CONTEXT.get() {
        Context::Library => true,
        Context::Callback => false,
        Context::Host => is_library_thread(),
    }
}

/// True on the threads that the library starts, by their name. `std::thread::current` would panic
/// in destructors of thread-local values.
fn is_library_thread() -> bool {
    has_name_prefix(THREAD_NAME_PREFIX)
}

static HOOK: Once = Once::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_silent_in_the_library_and_on_workers_but_not_in_callbacks() {
        assert!(!is_silenced());
        let seen = guard_value((false, true), || (is_silenced(), run_callback(is_silenced)));
        assert_eq!(seen, (true, false));
        assert!(!is_silenced());
        let worker = std::thread::Builder::new().name(format!("{THREAD_NAME_PREFIX}-3"));
        assert!(worker.spawn(is_silenced).unwrap().join().unwrap());
        assert_eq!(guard_value(7, || panic!("on purpose")), 7);
        assert!(!is_silenced(), "a panic restores the context too");
    }
}
