//! Pointers from C: with `text` the only code that turns one into anything.
//!
//! What is borrowed lives no longer than the call, because it is tied to a local of the function
//! that was called.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use super::guard::Success;
use crate::{Error, Result};

/// A type that C knows by a pointer only. It is a marker without size; what is behind the pointer
/// is a boxed `Inner`.
pub(super) trait Handle {
    type Inner;
}

/// Moves a value to where C can hold it; [`take`] gives it back.
pub(super) fn give<H: Handle>(inner: H::Inner) -> *mut H {
    Box::into_raw(Box::new(inner)).cast()
}

/// Takes back what [`give`] gave; NULL is nothing.
///
/// # Safety
///
/// `handle` is NULL or from [`give`], and nobody uses it any more.
pub(super) unsafe fn take<H: Handle>(handle: *mut H) -> Option<Box<H::Inner>> {
    let inner = NonNull::new(handle)?.cast::<H::Inner>();
    // SAFETY: the caller promises that it came from `give`, which boxed an `Inner`, and that this
    // is its only owner.
    Some(unsafe { Box::from_raw(inner.as_ptr()) })
}

/// Borrows what a handle holds for the duration of the call.
///
/// # Safety
///
/// `handle` is NULL or from [`give`], and is not freed or changed before `_call` ends.
pub(super) unsafe fn borrow<'call, H: Handle>(
    handle: *const H,
    call: &'call (),
    name: &str,
) -> Result<&'call H::Inner> {
    // SAFETY: the caller promises the same to this function.
    unsafe { borrow_or_none(handle, call) }.ok_or_else(|| is_null(name))
}

/// The same for a handle that may be missing.
///
/// # Safety
///
/// As for [`borrow`].
pub(super) unsafe fn borrow_or_none<H: Handle>(handle: *const H, _call: &()) -> Option<&H::Inner> {
    // SAFETY: the caller promises NULL or a live handle, behind which `give` has put an `Inner`.
    unsafe { handle.cast::<H::Inner>().as_ref() }
}

/// Borrows what a handle holds in order to change it.
///
/// # Safety
///
/// As for [`borrow`], and nobody else uses the handle before `_call` ends.
#[expect(clippy::mut_from_ref, reason = "the local only bounds how long the borrow lives")]
pub(super) unsafe fn borrow_mut<'call, H: Handle>(
    handle: *mut H,
    _call: &'call (),
    name: &str,
) -> Result<&'call mut H::Inner> {
    // SAFETY: the caller promises NULL or a live handle of its own, behind which `give` has put an
    // `Inner`.
    unsafe { handle.cast::<H::Inner>().as_mut() }.ok_or_else(|| is_null(name))
}

/// Borrows a local value of the library as a handle for a callback.
pub(super) fn lend<H: Handle>(inner: &mut H::Inner) -> *mut H {
    std::ptr::from_mut(inner).cast()
}

/// The error for NULL where something is needed.
pub(super) fn is_null(name: &str) -> Error {
    Error::invalid(name, "this may not be NULL")
}

/// A place of the caller's for a pointer. It is never read, NULL from the start, and filled at most
/// once.
#[derive(Debug)]
pub(super) struct Slot<'call, P>(Option<&'call mut MaybeUninit<P>>);

impl<'call, T> Slot<'call, *mut T> {
    /// Writes NULL.
    ///
    /// # Safety
    ///
    /// `place` is NULL or can be written, and nobody else uses it before `_call` ends.
    pub(super) unsafe fn open(place: *mut *mut T, _call: &'call ()) -> Self {
        // SAFETY: the caller promises NULL or a place that can be written; it may hold anything.
        let place = unsafe { place.cast::<MaybeUninit<*mut T>>().as_mut() };
        Self::emptied(place, std::ptr::null_mut())
    }

    /// Moves a value to the caller, or drops it if nobody wants it.
    pub(super) fn fill(self, inner: T::Inner)
    where
        T: Handle,
    {
        if let Some(place) = self.0 {
            place.write(give::<T>(inner));
        }
    }
}

impl<'call, T> Slot<'call, *const T> {
    /// Writes NULL.
    ///
    /// # Safety
    ///
    /// As for the other kind of slot.
    pub(super) unsafe fn open_entry(place: *mut *const T, _call: &'call ()) -> Self {
        // SAFETY: the caller promises NULL or a place that can be written; it may hold anything.
        let place = unsafe { place.cast::<MaybeUninit<*const T>>().as_mut() };
        Self::emptied(place, std::ptr::null())
    }

    /// Shows a value that stays the library's.
    pub(super) fn show(self, entry: &T) {
        if let Some(place) = self.0 {
            place.write(entry);
        }
    }
}

impl<'call, P> Slot<'call, P> {
    /// A slot that drops what it is filled with.
    pub(super) fn unwanted() -> Self {
        Self(None)
    }

    /// An error if the caller has given no place.
    pub(super) fn required(self, name: &str) -> Result<Self> {
        if self.0.is_some() { Ok(self) } else { Err(is_null(name)) }
    }

    fn emptied(mut place: Option<&'call mut MaybeUninit<P>>, null: P) -> Self {
        if let Some(place) = &mut place {
            place.write(null);
        }
        Self(place)
    }
}

/// Reads a number of the caller's; NULL is none.
///
/// # Safety
///
/// `place` is NULL or has a number that nobody changes meanwhile.
pub(super) unsafe fn read_number(place: *const u64) -> Option<u64> {
    // SAFETY: the caller promises it.
    unsafe { place.as_ref() }.copied()
}

/// Writes a number, if it is known, to a place of the caller's.
///
/// # Safety
///
/// `place` is NULL or can be written.
pub(super) unsafe fn write_number(place: *mut u64, number: Option<u64>) -> Result<Success> {
    if place.is_null() {
        return Err(is_null("out"));
    }
    let Some(number) = number else { return Ok(Success::Absent) };
    // SAFETY: the caller promises a place that can be written.
    unsafe { place.write(number) };
    Ok(Success::Ok)
}

/// Bytes of the caller's, lent for the duration of one call.
#[derive(Debug)]
pub(super) struct Bytes {
    start: NonNull<u8>,
    length: usize,
}

impl Bytes {
    /// `(NULL, 0)` is the empty slice.
    ///
    /// # Safety
    ///
    /// `data` is NULL or has `length` bytes that nobody changes or frees while the value lives. So
    /// it may only be given to a function that drops it before it returns.
    pub(super) unsafe fn lend(data: *const c_void, length: usize, name: &str) -> Result<Self> {
        if isize::try_from(length).is_err() {
            return Err(Error::invalid("len", "no memory has so many bytes"));
        }
        match NonNull::new(data.cast_mut().cast()) {
            Some(start) => Ok(Self { start, length }),
            None if length == 0 => Ok(Self { start: NonNull::dangling(), length: 0 }),
            None => Err(is_null(name)),
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `lend` was promised that so many bytes are there while this value lives, and has
        // checked their number.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

// SAFETY: the bytes are only read, and reading memory that nobody changes is possible anywhere.
unsafe impl Send for Bytes {}
// SAFETY: as for `Send`; nothing in the value changes after it is made.
unsafe impl Sync for Bytes {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Marker {
        _opaque: [u8; 0],
    }

    impl Handle for Marker {
        type Inner = String;
    }

    #[test]
    fn a_handle_holds_its_value_until_it_is_taken() {
        let call = ();
        let handle = give::<Marker>("abc".to_owned());
        // SAFETY: the handle was made above and is taken only below.
        assert_eq!(unsafe { borrow(handle, &call, "handle") }.unwrap(), "abc");
        // SAFETY: as before, and no other reference is in use.
        unsafe { borrow_mut(handle, &call, "handle") }.unwrap().push('d');
        // SAFETY: nobody uses the handle after this.
        assert_eq!(*unsafe { take(handle) }.unwrap(), "abcd");
    }

    #[test]
    fn null_is_an_error_that_names_the_argument_or_nothing() {
        let call = ();
        let null = std::ptr::null_mut::<Marker>();
        // SAFETY: NULL is allowed everywhere here.
        let error = unsafe { borrow(null, &call, "client") }.unwrap_err();
        assert_eq!(error.argument(), Some("client"));
        // SAFETY: as before.
        let error = unsafe { borrow_mut(null, &call, "config") }.unwrap_err();
        assert_eq!(error.argument(), Some("config"));
        // SAFETY: as before.
        assert!(unsafe { borrow_or_none(null, &call) }.is_none());
        // SAFETY: as before.
        assert!(unsafe { take(null) }.is_none());
        // SAFETY: as before.
        let slot = unsafe { Slot::<*mut Marker>::open(std::ptr::null_mut(), &call) };
        assert_eq!(slot.required("out").unwrap_err().argument(), Some("out"));
        // SAFETY: as before.
        assert!(unsafe { write_number(std::ptr::null_mut(), Some(1)) }.is_err());
    }

    #[test]
    fn a_slot_is_null_from_the_start_and_is_filled_once() {
        let call = ();
        let mut place = MaybeUninit::<*mut Marker>::uninit();
        // SAFETY: the place is a local variable.
        let slot = unsafe { Slot::open(place.as_mut_ptr(), &call) };
        slot.fill("abc".to_owned());
        // SAFETY: `open` and `fill` have both written it.
        let handle = unsafe { place.assume_init() };
        // SAFETY: the slot was filled with it, and nobody else has it.
        assert_eq!(*unsafe { take(handle) }.unwrap(), "abc");
        // SAFETY: the place is a local variable.
        let _emptied = unsafe { Slot::open(place.as_mut_ptr(), &call) };
        // SAFETY: `open` has written it.
        assert!(unsafe { place.assume_init() }.is_null());
    }

    #[test]
    fn no_bytes_may_be_null_and_some_may_not() {
        let null = std::ptr::null();
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { Bytes::lend(null, 0, "data") }.unwrap().as_ref(), b"");
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { Bytes::lend(null, 1, "data") }.unwrap_err().argument(), Some("data"));
        // SAFETY: this many bytes are refused before they are looked at.
        let error = unsafe { Bytes::lend(b"a".as_ptr().cast(), usize::MAX, "data") }.unwrap_err();
        assert_eq!(error.argument(), Some("len"));
        // SAFETY: the three bytes are constant.
        let bytes = unsafe { Bytes::lend(b"abc".as_ptr().cast(), 3, "data") }.unwrap();
        assert_eq!(bytes.as_ref(), b"abc");
    }
}
