//! Log lines for a callback.

use std::ffi::{c_char, c_int, c_void};

use super::callback::Callback;
use super::text;
use crate::{Error, LogLevel, Result};

/// A failure.
pub const OSSMPU_LOG_ERROR: c_int = 1;
/// Something unexpected that did not fail the call.
pub const OSSMPU_LOG_WARN: c_int = 2;
/// The steps of an upload.
pub const OSSMPU_LOG_INFO: c_int = 3;
/// Each request and response with its headers. Secrets and signatures are
/// always redacted.
pub const OSSMPU_LOG_DEBUG: c_int = 4;

/// Receives one log line, without a line end, valid during the callback. It
/// runs on a thread that is in a call, one at a time, also for lines of other
/// calls. Calls on the client that it serves return OSSMPU_ESTATE.
pub type ossmpu_log_fn =
    Option<unsafe extern "C-unwind" fn(user: *mut c_void, level: c_int, line: *const c_char)>;

type LogFunction = unsafe extern "C-unwind" fn(*mut c_void, c_int, *const c_char);

pub(super) fn parse_level(number: c_int) -> Result<LogLevel> {
    match number {
        OSSMPU_LOG_ERROR => Ok(LogLevel::Error),
        OSSMPU_LOG_WARN => Ok(LogLevel::Warn),
        OSSMPU_LOG_INFO => Ok(LogLevel::Info),
        OSSMPU_LOG_DEBUG => Ok(LogLevel::Debug),
        _ => Err(Error::invalid("level", format!("a log level is 1 to 4, not {number}"))),
    }
}

/// A log callback as a closure of the Rust interface.
pub(super) fn log_callback(
    callback: Callback<LogFunction>,
) -> impl Fn(LogLevel, &str) + Send + Sync + 'static {
    move |level, line| {
        let level = match level {
            LogLevel::Error => OSSMPU_LOG_ERROR,
            LogLevel::Warn => OSSMPU_LOG_WARN,
            LogLevel::Info => OSSMPU_LOG_INFO,
            LogLevel::Debug => OSSMPU_LOG_DEBUG,
        };
        let line = text::to_c_string(line);
        callback.run(|function, user| {
            // SAFETY: `Callback::new` was promised that it can be called with `user`; `line` is
            // live.
            unsafe { function(user, level, line.as_ptr()) }
        });
    }
}
