//! One read from a caller's reader.

use std::io::{self, Read};

use crate::error::{Error, ErrorKind, Result};

/// Reads into `room`, which is not empty. 0 is the end; `None` is an interrupted read, after which
/// the caller checks for a cancellation and reads again.
///
/// # Errors
///
/// `File`, when the reader fails; an [`Error`] inside of its error is returned as it is. `Invalid`,
/// when it returns a larger count than `room` has bytes.
pub(crate) fn read_some(reader: &mut dyn Read, room: &mut [u8]) -> Result<Option<usize>> {
    match reader.read(room) {
        Ok(count) if count > room.len() => {
            let text = "the reader returned more bytes than the buffer holds";
            Err(Error::new(ErrorKind::Invalid, text).with_argument("reader"))
        }
        Ok(count) => Ok(Some(count)),
        Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(cause) => match cause.downcast::<Error>() {
            Ok(error) => Err(error),
            Err(cause) => Err(Error::file("the reader failed", &cause)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says that it has read that many bytes.
    struct Claims(usize);

    impl Read for Claims {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Ok(self.0)
        }
    }

    #[test]
    fn a_reader_cannot_have_read_more_than_there_was_room_for() {
        assert_eq!(read_some(&mut Claims(4), &mut [0; 4]).unwrap(), Some(4));
        let error = read_some(&mut Claims(5), &mut [0; 4]).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("reader")));
    }

    /// Fails each time.
    struct Fails(fn() -> io::Error);

    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0())
        }
    }

    #[test]
    fn an_interrupted_read_is_neither_the_end_nor_a_failure() {
        let interrupted = &mut Fails(|| io::ErrorKind::Interrupted.into());
        assert_eq!(read_some(interrupted, &mut [0; 4]).unwrap(), None);
        let failing = &mut Fails(|| io::ErrorKind::BrokenPipe.into());
        assert_eq!(read_some(failing, &mut [0; 4]).unwrap_err().kind(), ErrorKind::File);
        let canceled = &mut Fails(|| io::Error::other(Error::canceled()));
        assert_eq!(read_some(canceled, &mut [0; 4]).unwrap_err().kind(), ErrorKind::Canceled);
    }
}
