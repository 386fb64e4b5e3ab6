//! Threads that are unwound by something other than a panic of Rust.
//!
//! `pthread_exit` in a callback unwinds the thread. That cannot go on through the frames of this
//! library, which catch panics, and it cannot be stopped either: the C library would end the
//! process. So the thread releases all that it holds, and then it waits forever.

use std::mem;

/// Runs `body`. If something other than a panic unwinds it, calls `release` and never returns.
pub(crate) fn contain_foreign_unwind<T>(
    body: impl FnOnce() -> T,
    release: impl FnOnce(),
) -> T {
    let guard = UnwindGuard(Some(release));
    let value = body();
    mem::forget(guard);
    value
}

struct UnwindGuard<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for UnwindGuard<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if is_cpp_exception() {
            std::process::abort();
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

/// True while a C++ exception unwinds this thread, as the C++ runtime counts it.
fn is_cpp_exception() -> bool {
    /// `__cxa_eh_globals` of the C++ ABI.
    #[repr(C)]
    struct ExceptionGlobals {
        caught: *const libc::c_void,
        uncaught: libc::c_uint,
    }
    // SAFETY: the name is NUL-terminated.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__cxa_get_globals".as_ptr()) };
    if symbol.is_null() {
        return false;
    }
    // SAFETY: the C++ ABI defines this function with that signature.
    let globals: unsafe extern "C" fn() -> *const ExceptionGlobals =
        unsafe { mem::transmute(symbol) };
    // SAFETY: the function has no preconditions.
    let globals = unsafe { globals() };
    // SAFETY: it returns NULL or the globals of this thread.
    unsafe { globals.as_ref() }.is_some_and(|globals| globals.uncaught > 0)
}
