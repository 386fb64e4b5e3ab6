//! Callbacks: the caller's function, the pointer that goes with it, and its release.

use std::ffi::c_void;

use super::handle::null_error;
use super::panic_boundary::run_callback;
use crate::{ForkGuard, Result};

/// Releases the user pointer of a callback that outlives the call that set it.
/// Called exactly once, on any thread, when the library will not call that
/// callback again; also if setting the callback failed. Must not use the
/// handle that the callback was set on if that handle is being freed. Not
/// called in a forked child.
pub type ossmpu_drop_fn = Option<unsafe extern "C-unwind" fn(user: *mut c_void)>;

/// A function of the caller and its user pointer, which is released once.
#[derive(Debug)]
pub(super) struct Callback<F> {
    function: F,
    user: UserPointer,
}

impl<F> Callback<F> {
    /// Releases the user pointer and returns an error if the function is NULL.
    ///
    /// # Safety
    ///
    /// `function` can be called with `user`, and `drop` too, on the threads that the header names.
    pub(super) unsafe fn new(
        function: Option<F>,
        user: *mut c_void,
        drop: ossmpu_drop_fn,
    ) -> Result<Self> {
        let user = UserPointer { pointer: user, drop, process: ForkGuard::current() };
        let function = function.ok_or_else(|| null_error("callback"))?;
        Ok(Self { function, user })
    }

    /// Calls the function through `call`, as code of the caller.
    pub(super) fn run<R>(&self, call: impl FnOnce(&F, *mut c_void) -> R) -> R {
        run_callback(|| call(&self.function, self.user.pointer))
    }
}

#[derive(Debug)]
struct UserPointer {
    pointer: *mut c_void,
    drop: ossmpu_drop_fn,
    process: ForkGuard,
}

impl Drop for UserPointer {
    fn drop(&mut self) {
        // In a forked child the pointer belongs to the parent.
        if let Some(drop) = self.drop.filter(|_| self.process.is_current()) {
            // SAFETY: the caller of `Callback::new` promised it for any thread; this runs once.
            run_callback(|| unsafe { drop(self.pointer) });
        }
    }
}

// SAFETY: the pointer is only passed back to the caller's functions, on threads that the caller of
// `Callback::new` has agreed to.
unsafe impl Send for UserPointer {}
// SAFETY: as for `Send`; the value itself never changes.
unsafe impl Sync for UserPointer {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    unsafe extern "C-unwind" fn count(user: *mut c_void) {
        // SAFETY: the tests pass a pointer to a live counter.
        let counter = unsafe { &*user.cast::<AtomicU32>() };
        counter.fetch_add(1, Ordering::SeqCst);
    }

    fn counted(counter: &AtomicU32, function: Option<fn()>) -> Result<Callback<fn()>> {
        // SAFETY: the counter outlives the callback.
        unsafe { Callback::new(function, (&raw const *counter).cast_mut().cast(), Some(count)) }
    }

    #[test]
    fn the_pointer_is_released_exactly_once() {
        let counter = AtomicU32::new(0);
        let callback = counted(&counter, Some(|| ())).unwrap();
        std::thread::spawn(move || drop(callback)).join().unwrap();
        assert_eq!(counter.into_inner(), 1);
    }

    #[test]
    fn the_pointer_is_released_when_the_function_is_null() {
        let counter = AtomicU32::new(0);
        assert_eq!(counted(&counter, None).unwrap_err().argument(), Some("callback"));
        assert_eq!(counter.into_inner(), 1);
    }

    #[test]
    fn a_forked_child_does_not_release_the_pointer() {
        let counter = AtomicU32::new(0);
        let mut callback = counted(&counter, Some(|| ())).unwrap();
        callback.user.process = ForkGuard::of_another_process();
        drop(callback);
        assert_eq!(counter.into_inner(), 0);
    }
}
