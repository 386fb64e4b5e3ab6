//! Checks of numbers and names that C passes.

use std::time::Duration;

use super::text::Text;
use crate::{BucketName, ByteRange, Error, ObjectKey, Result};

/// Converts a number, or returns an error if the type cannot hold it.
pub(super) fn number<T: TryFrom<i64>>(name: &str, value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| Error::invalid(name, format!("{value} is out of range")))
}

/// Converts a length; -1 means "to the end".
pub(super) fn length(value: i64) -> Result<Option<u64>> {
    if value == -1 { Ok(None) } else { number("length", value).map(Some) }
}

/// Converts a range; length -1 means "to the end".
pub(super) fn byte_range(offset: i64, length: i64) -> Result<ByteRange> {
    Ok(ByteRange::new(number("offset", offset)?, self::length(length)?))
}

/// Converts a duration in milliseconds, which must not be negative.
pub(super) fn milliseconds(name: &str, value: i64) -> Result<Duration> {
    number(name, value).map(Duration::from_millis)
}

/// Converts 0 or 1.
pub(super) fn switch(name: &str, value: i64) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(no_choice(name, value)),
    }
}

/// The error for a number that is none of the defined values.
pub(super) fn no_choice(name: &str, value: i64) -> Error {
    Error::invalid(name, format!("{value} is not one of the allowed values"))
}

/// Parses the name of an object.
pub(super) fn bucket_and_key(bucket: Text<'_>, key: Text<'_>) -> Result<(BucketName, ObjectKey)> {
    let bucket = bucket.required("bucket")?;
    let key = key.required("key")?;
    Ok((BucketName::parse(bucket)?, ObjectKey::parse(key)?))
}
