//! Data from C: a pointer and a length.

use std::ffi::c_void;
use std::ptr::NonNull;

use super::handle::null_error;
use crate::{Error, Result};

/// Bytes of the caller, borrowed for one call.
#[derive(Debug)]
pub(super) struct Bytes {
    start: NonNull<u8>,
    length: usize,
}

impl Bytes {
    /// Checks pointer and length. `(NULL, 0)` is the empty slice.
    ///
    /// # Safety
    ///
    /// `data` is NULL, or points to `length` bytes that are neither changed nor freed while the
    /// value lives. So the value may only be passed to functions that drop it before they return.
    pub(super) unsafe fn borrow(data: *const c_void, length: usize, name: &str) -> Result<Self> {
        if isize::try_from(length).is_err() {
            return Err(Error::invalid("len", "exceeds the address space"));
        }
        match NonNull::new(data.cast_mut().cast()) {
            Some(start) => Ok(Self { start, length }),
            None if length == 0 => Ok(Self { start: NonNull::dangling(), length: 0 }),
            None => Err(null_error(name)),
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the caller of `borrow` promised that many bytes for as long as the value lives.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

// SAFETY: the bytes are only read, and do not change while the value lives (promise of `borrow`).
unsafe impl Send for Bytes {}
// SAFETY: as for `Send`; the value itself never changes.
unsafe impl Sync for Bytes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_the_empty_slice_only() {
        let borrow = |data: Option<&[u8]>, length| {
            let start = data.map_or(std::ptr::null(), <[u8]>::as_ptr);
            // SAFETY: the tests pass NULL, a length that is refused, or the length of a constant.
            unsafe { Bytes::borrow(start.cast(), length, "data") }
        };
        assert_eq!(borrow(None, 0).unwrap().as_ref(), b"");
        assert_eq!(borrow(None, 1).unwrap_err().argument(), Some("data"));
        assert_eq!(borrow(Some(b"a"), usize::MAX).unwrap_err().argument(), Some("len"));
        assert_eq!(borrow(Some(b"abc"), 3).unwrap().as_ref(), b"abc");
    }
}
