//! Reads the environment, for the whole library.

use std::ffi::OsString;

use super::is_secure;

/// Returns the value of an environment variable; `None` in a program that runs with more rights than
/// the user who started it, such as a set-user-ID program: that user must not choose whom it trusts
/// and what it runs.
pub(crate) fn env_var_os(name: &str) -> Option<OsString> {
    if is_secure() { None } else { std::env::var_os(name) }
}

/// Like [`env_var_os`]; `None` also for what is empty or not UTF-8.
pub(crate) fn env_var(name: &str) -> Option<String> {
    let value = env_var_os(name).filter(|value| !value.is_empty())?;
    value.into_string().ok()
}

/// Completes "the environment variable" where one has no value.
pub(crate) fn unset_reason() -> &'static str {
    match is_secure() {
        true => "is not read, because the program runs with more rights than its user",
        false => "is not set",
    }
}
