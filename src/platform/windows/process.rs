//! The process, and the rights and the home directory of its user.

/// The environment variable that names the home directory.
pub(crate) const HOME_VARIABLE: &str = "USERPROFILE";
pub(crate) const HOME_UNSET: &str = "USERPROFILE is not set";

/// The names of environment variables have no case.
pub(crate) fn is_same_variable(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// It separates the parts of paths.
pub(crate) const BACKSLASH_QUOTES: bool = false;

/// A program always runs with the rights of the user who has started it, or of one who chose its
/// environment.
pub(crate) fn is_secure() -> bool {
    false
}

/// Ends the process at once.
pub(crate) fn exit_process() -> ! {
    std::process::abort()
}

/// Runs a function. The standard handles are no numbers that another file could get.
pub(crate) fn with_private_descriptors<T: Send + 'static>(
    run: impl Fn() -> T + Clone + Send + 'static,
) -> T {
    run()
}
