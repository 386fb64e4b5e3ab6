//! A callback that data is read from.

use std::ffi::c_void;
use std::io::{self, Read};

use super::callback::Callback;
use crate::{Error, ErrorKind};

/// Reads data: fills buf with at most len bytes and returns their number, 0 at
/// the end, or a negative value to cancel the upload with OSSMPU_ECALLBACK; the
/// value is then OSSMPU_ERRINFO_CALLBACK_VALUE. len is never 0. Fewer bytes
/// than len do not mean the end. It runs on the thread that made the call and
/// never has to rewind.
pub type ossmpu_read_fn =
    Option<unsafe extern "C-unwind" fn(user: *mut c_void, buf: *mut c_void, len: usize) -> i64>;

type ReadFunction = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, usize) -> i64;

/// A read callback as a reader of the Rust interface.
#[derive(Debug)]
pub(super) struct CallbackReader(pub(super) Callback<ReadFunction>);

impl Read for CallbackReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        let count = self.0.run(|function, user| {
            // SAFETY: `Callback::new` was promised that it can be called with `user`; the buffer
            // has that many bytes.
            unsafe { function(user, start, length) }
        });
        match usize::try_from(count) {
            Ok(count) if count <= length => Ok(count),
            _ if count >= 0 => {
                let text = "the callback returned more bytes than the buffer holds";
                Err(io::Error::other(Error::invalid("callback", text)))
            }
            _ => Err(io::Error::other(stopped(count))),
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

    /// Fills the buffer and returns the number that `user` points to.
    unsafe extern "C-unwind" fn callback(user: *mut c_void, buf: *mut c_void, len: usize) -> i64 {
        // SAFETY: the buffer has that many bytes.
        unsafe { buf.cast::<u8>().write_bytes(7, len) };
        // SAFETY: the test passes a pointer to a live number.
        unsafe { *user.cast::<i64>() }
    }

    fn read(mut value: i64) -> io::Result<usize> {
        let mut buffer = [0; 4];
        let function: ReadFunction = callback;
        // SAFETY: the number outlives the reader.
        let callback = unsafe { Callback::new(Some(function), (&raw mut value).cast(), None) };
        let outcome = CallbackReader(callback.unwrap()).read(&mut buffer);
        assert_eq!(buffer, [7; 4]);
        outcome
    }

    #[test]
    fn a_count_beyond_the_buffer_is_an_error() {
        assert_eq!(read(0).unwrap(), 0);
        assert_eq!(read(4).unwrap(), 4);
        let error: Error = read(5).unwrap_err().downcast().unwrap();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("callback")));
        let error: Error = read(i64::MAX).unwrap_err().downcast().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_negative_count_is_the_callback_value_of_the_error() {
        for value in [-1, i64::MIN] {
            let error: Error = read(value).unwrap_err().downcast().unwrap();
            assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Callback, Some(value)));
        }
    }
}
