//! Text from C and text for C.
//!
//! In: UTF-8 that ends with NUL, borrowed for the call. Out: owned by a handle, never NULL.

use std::ffi::{CStr, CString, c_char, c_int};

use super::ptr::is_null;
use crate::{Error, Result};

/// Borrows a text for the duration of the call.
///
/// # Safety
///
/// `text` is NULL or ends with NUL, and is not changed before `_call` ends.
pub(super) unsafe fn required<'call>(
    text: *const c_char,
    call: &'call (),
    name: &str,
) -> Result<&'call str> {
    // SAFETY: the caller promises the same to this function.
    unsafe { optional(text, call, name) }?.ok_or_else(|| is_null(name))
}

/// The same for a text that may be missing.
///
/// # Safety
///
/// As for [`required`].
pub(super) unsafe fn optional<'call>(
    text: *const c_char,
    _call: &'call (),
    name: &str,
) -> Result<Option<&'call str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, and the caller promises that it ends with NUL.
    let text = unsafe { CStr::from_ptr(text) };
    match text.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(cause) => Err(Error::invalid(name, "this is not UTF-8").with_cause(cause)),
    }
}

/// A text for C. It cannot hold NUL; should there be one all the same, it becomes a space.
pub(super) fn owned(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', " ")).unwrap_or_default())
}

/// The texts of a handle, by the number of their field. Empty ones are not kept.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<(c_int, CString)>);

impl Texts {
    pub(super) fn new<const N: usize>(fields: [(c_int, &str); N]) -> Self {
        let there = fields.into_iter().filter(|(_, text)| !text.is_empty());
        Self(there.map(|(field, text)| (field, owned(text))).collect())
    }

    /// Empty if the text is unknown or there is no such field.
    pub(super) fn get(&self, field: c_int) -> &CStr {
        self.0.iter().find(|(known, _)| *known == field).map_or(EMPTY, |(_, text)| text)
    }
}

/// What a getter answers when there is nothing to say.
pub(super) const EMPTY: &CStr = c"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_bad_utf8_are_named() {
        let call = ();
        // SAFETY: NULL is allowed.
        let error = unsafe { required(std::ptr::null(), &call, "key") }.unwrap_err();
        assert_eq!(error.argument(), Some("key"));
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { optional(std::ptr::null(), &call, "token") }.unwrap(), None);
        // SAFETY: the literal ends with NUL.
        let error = unsafe { required(c"\xff".as_ptr(), &call, "key") }.unwrap_err();
        assert_eq!(error.argument(), Some("key"));
        // SAFETY: the literal ends with NUL.
        assert_eq!(unsafe { required(c"\u{e9}".as_ptr(), &call, "key") }.unwrap(), "\u{e9}");
    }

    #[test]
    fn a_text_for_c_never_ends_early() {
        assert_eq!(owned("a\0b").as_c_str(), c"a b");
        assert_eq!(owned("").as_c_str(), EMPTY);
    }

    #[test]
    fn an_unknown_field_is_empty() {
        let texts = Texts::new([(1, "one"), (2, "")]);
        assert_eq!(texts.get(1), c"one");
        assert_eq!([texts.get(2), texts.get(3), texts.get(-1)], [EMPTY; 3]);
    }
}
