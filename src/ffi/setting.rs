//! What keyed setters and getters have in common. Texts are 1 to 99, numbers 100 to 199.

use std::ffi::c_int;
use std::time::Duration;

use crate::{Error, ErrorKind, Result};

/// The error for a key that the setter of texts does not know.
pub(super) fn unknown_text(key: c_int) -> Error {
    if (100..200).contains(&key) {
        return Error::invalid("key", format!("the value of key {key} is a number, not a text"));
    }
    unknown(key)
}

/// The error for a key that the setter of numbers does not know.
pub(super) fn unknown_number(key: c_int) -> Error {
    if (1..100).contains(&key) {
        return Error::invalid("key", format!("the value of key {key} is a text, not a number"));
    }
    unknown(key)
}

/// A number of another type, within its bounds.
pub(super) fn number<T: TryFrom<i64>>(name: &str, value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| Error::invalid(name, format!("the value cannot be {value}")))
}

/// A length of which -1 is all that there is.
pub(super) fn length(value: i64) -> Result<Option<u64>> {
    if value == -1 { Ok(None) } else { number("length", value).map(Some) }
}

/// A time that is not negative.
pub(super) fn milliseconds(name: &str, value: i64) -> Result<Duration> {
    number(name, value).map(Duration::from_millis)
}

/// 0 or 1.
pub(super) fn switch(name: &str, value: i64) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(no_choice(name, value)),
    }
}

/// The error for a number that stands for nothing.
pub(super) fn no_choice(name: &str, value: i64) -> Error {
    Error::invalid(name, format!("{value} is none of the choices"))
}

/// The error for a number that an object does not have.
pub(super) fn unknown_field(field: c_int) -> Error {
    let text = format!("this version of the library has no such field: {field}");
    Error::new(ErrorKind::Unsupported, text).with_argument("field")
}

fn unknown(key: c_int) -> Error {
    let text = format!("this version of the library has no key {key}");
    Error::new(ErrorKind::Unsupported, text).with_argument("key")
}
