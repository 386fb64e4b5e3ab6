//! Log lines for a callback.

use std::ffi::{c_char, c_int, c_void};

use super::callback::User;
use super::guard::outside;
use super::text;
use crate::{Error, LogLevel, Result};

/// Something failed.
pub const OSSMPU_LOG_ERROR: c_int = 1;
/// Something was odd, and the library went on.
pub const OSSMPU_LOG_WARN: c_int = 2;
/// What uploads do.
pub const OSSMPU_LOG_INFO: c_int = 3;
/// Each request and answer with its headers. Secrets and signatures are
/// always masked.
pub const OSSMPU_LOG_DEBUG: c_int = 4;

/// Gets one log line, without a line end, valid during the call. It may run on
/// any thread of the library, never two at a time, and must not use the client
/// that it serves.
pub type ossmpu_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: c_int, line: *const c_char)>;

/// Reads the level that a caller wants.
pub(super) fn level(number: c_int) -> Result<LogLevel> {
    match number {
        OSSMPU_LOG_ERROR => Ok(LogLevel::Error),
        OSSMPU_LOG_WARN => Ok(LogLevel::Warn),
        OSSMPU_LOG_INFO => Ok(LogLevel::Info),
        OSSMPU_LOG_DEBUG => Ok(LogLevel::Debug),
        _ => Err(Error::invalid("level", format!("a log level is 1 to 4, not {number}"))),
    }
}

/// The callback of one configuration, as the Rust interface wants it.
pub(super) fn sink(
    callback: unsafe extern "C" fn(*mut c_void, c_int, *const c_char),
    user: User,
) -> impl Fn(LogLevel, &str) + Send + Sync + 'static {
    move |level, line| {
        let level = match level {
            LogLevel::Error => OSSMPU_LOG_ERROR,
            LogLevel::Warn => OSSMPU_LOG_WARN,
            LogLevel::Info => OSSMPU_LOG_INFO,
            LogLevel::Debug => OSSMPU_LOG_DEBUG,
        };
        let line = text::owned(line);
        // SAFETY: the callback came with this pointer (contract of `ffi`), and the line lives until
        // it returns.
        outside(|| unsafe { callback(user.pointer(), level, line.as_ptr()) });
    }
}
