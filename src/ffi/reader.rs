//! A callback of the caller's that data comes from.

use std::ffi::c_void;
use std::io::{self, Read};

use super::guard::outside;
use super::ptr;
use crate::{Error, ErrorKind, Result};

/// Gives data: fills buf with at most len bytes, and returns their count, 0 at
/// the end, or a negative number to stop the upload with OSSMPU_ESTOPPED;
/// OSSMPU_ERROR_CALLBACK_VALUE is then what you returned. len is never 0, and
/// fewer bytes than len are no end. It runs on the thread that made the call,
/// and is never asked for the same bytes twice.
pub type ossmpu_read_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, buf: *mut c_void, len: usize) -> i64>;

/// A callback as the Rust interface wants it.
#[derive(Debug)]
pub(super) struct Reader {
    callback: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> i64,
    user: *mut c_void,
}

impl Reader {
    pub(super) fn new(callback: ossmpu_read_fn, user: *mut c_void) -> Result<Self> {
        let callback = callback.ok_or_else(|| ptr::is_null("callback"))?;
        Ok(Self { callback, user })
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { callback, user } = *self;
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the callback came with this pointer (contract of `ffi`), and the buffer has so
        // many bytes until it returns.
        let count = outside(|| unsafe { callback(user, start, length) });
        match usize::try_from(count) {
            Ok(count) if count <= length => Ok(count),
            Ok(_) => {
                let text = "the callback says that it has given more than there was room for";
                Err(io::Error::other(Error::invalid("callback", text)))
            }
            Err(_) => Err(io::Error::other(stopped(count))),
        }
    }
}

fn stopped(value: i64) -> Error {
    Error::new(ErrorKind::Callback, "the read callback canceled the call")
        .with_callback_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers what `user` points to, after filling what it may.
    unsafe extern "C" fn answer(user: *mut c_void, buf: *mut c_void, len: usize) -> i64 {
        // SAFETY: the buffer has that many bytes.
        unsafe { buf.cast::<u8>().write_bytes(7, len) };
        // SAFETY: the test passes a pointer to a live number.
        unsafe { *user.cast::<i64>() }
    }

    fn read(mut value: i64) -> io::Result<usize> {
        let mut buffer = [0; 4];
        let mut reader = Reader::new(Some(answer), (&raw mut value).cast()).unwrap();
        let outcome = reader.read(&mut buffer);
        assert_eq!(buffer, [7; 4]);
        outcome
    }

    #[test]
    fn a_count_is_believed_only_if_there_was_room() {
        assert_eq!(read(0).unwrap(), 0);
        assert_eq!(read(4).unwrap(), 4);
        let error: Error = read(5).unwrap_err().downcast().unwrap();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("callback")));
        let error: Error = read(i64::MAX).unwrap_err().downcast().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_negative_count_stops_and_is_told() {
        for value in [-1, i64::MIN] {
            let error: Error = read(value).unwrap_err().downcast().unwrap();
            assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Callback, Some(value)));
        }
        assert_eq!(
            Reader::new(None, std::ptr::null_mut()).unwrap_err().argument(),
            Some("callback")
        );
    }
}
