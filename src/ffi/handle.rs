//! Handle arguments and the places that results are written to.

use std::mem::MaybeUninit;

use crate::{Error, Result};

/// Returns an argument that must not be NULL.
pub(super) fn required<T>(argument: Option<T>, name: &str) -> Result<T> {
    argument.ok_or_else(|| null_error(name))
}

/// Returns the error for NULL where a value is required.
pub(super) fn null_error(name: &str) -> Error {
    Error::invalid(name, "must not be NULL")
}

/// Fails to compile for a handle without a size: a reference to one would say nothing about the
/// memory behind it.
pub(super) const fn assert_sized<T>() {
    assert!(size_of::<T>() > 0, "a handle has a size");
}

/// Fails to compile for a handle that the header passes as `const` and that threads cannot share.
pub(super) const fn assert_shared<T: Send + Sync>() {
    assert_sized::<T>();
}

/// The caller's place for a pointer. It is never read, set to NULL first, and filled at most once.
#[derive(Debug)]
pub(super) struct OutParam<'call, P>(Option<&'call mut MaybeUninit<P>>);

impl<T> OutParam<'_, Option<Box<T>>> {
    /// Moves a value to the caller; drops it if the caller passed NULL.
    pub(super) fn set(self, value: T) {
        if let Some(place) = self.0 {
            place.write(Some(Box::new(value)));
        }
    }
}

impl<T> OutParam<'_, *const T> {
    /// Lends a value that the library keeps.
    pub(super) fn set_borrowed(self, value: &T) {
        if let Some(place) = self.0 {
            place.write(value);
        }
    }
}

impl<'call, P: Nullable> OutParam<'call, P> {
    /// Takes the caller's place and writes NULL to it.
    pub(super) fn init(mut place: Option<&'call mut MaybeUninit<P>>) -> Self {
        if let Some(place) = &mut place {
            place.write(P::NULL);
        }
        Self(place)
    }

    /// A place for functions that have none: drops what it is set to.
    pub(super) fn discard() -> Self {
        Self(None)
    }

    /// Returns an error if the caller passed NULL.
    pub(super) fn required(self, name: &str) -> Result<Self> {
        if self.0.is_some() { Ok(self) } else { Err(null_error(name)) }
    }
}

/// A pointer type with a NULL.
pub(super) trait Nullable {
    const NULL: Self;
}

impl<T> Nullable for Option<Box<T>> {
    const NULL: Self = None;
}

impl<T> Nullable for *const T {
    const NULL: Self = std::ptr::null();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_an_error_that_names_the_argument() {
        assert_eq!(required(None::<&u8>, "client").unwrap_err().argument(), Some("client"));
        assert_eq!(required(Some(&7), "client").unwrap(), &7);
        let out = OutParam::<Option<Box<u8>>>::init(None);
        assert_eq!(out.required("out").unwrap_err().argument(), Some("out"));
    }

    #[test]
    fn an_out_parameter_is_null_first_and_set_once() {
        let mut place = MaybeUninit::<Option<Box<String>>>::uninit();
        OutParam::init(Some(&mut place)).set("abc".to_owned());
        // SAFETY: `init` and `set` have both written it.
        assert_eq!(*unsafe { place.assume_init_read() }.unwrap(), "abc");
        let _null = OutParam::init(Some(&mut place));
        // SAFETY: `init` has written it.
        assert!(unsafe { place.assume_init() }.is_none());
    }
}
