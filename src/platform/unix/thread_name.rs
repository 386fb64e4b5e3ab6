//! The name of this thread.

/// Returns true if the name of this thread begins like that. `std::thread::current` would panic in
/// destructors of thread-local values.
pub(crate) fn has_name_prefix(prefix: &str) -> bool {
    let mut name = [0u8; 64];
    // SAFETY: pthread_self has no preconditions.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: the thread exists, and the buffer has the length that is passed with it.
    let failed = unsafe { libc::pthread_getname_np(thread, name.as_mut_ptr().cast(), name.len()) };
    failed == 0 && name.starts_with(prefix.as_bytes())
}
