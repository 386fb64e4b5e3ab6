//! The process, and the rights and the home directory of its user.

/// The environment variable that names the home directory.
pub(crate) const HOME_VARIABLE: &str = "HOME";
pub(crate) const HOME_UNSET: &str = "HOME is not set";

pub(crate) fn is_same_variable(name: &str, other: &str) -> bool {
    name == other
}

/// A shell takes the character after a backslash as it is.
pub(crate) const BACKSLASH_QUOTES: bool = true;

/// True in a set-user-ID or set-group-ID program, and in one with capabilities of its file.
pub(crate) fn is_secure() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: getauxval takes no pointer.
    return unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: issetugid takes nothing.
    return unsafe { libc::issetugid() } != 0;
}

/// Ends the process at once, without the functions of `atexit`.
pub(crate) fn exit_process() -> ! {
    // SAFETY: _exit has no preconditions.
    unsafe { libc::_exit(libc::EXIT_FAILURE) }
}
