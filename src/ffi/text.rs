//! Text from C and text for C.
//!
//! In: NUL-terminated UTF-8, or any bytes for a path, borrowed for the call. Out: owned by a handle,
//! never NULL.

use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;
use std::path::Path;

use super::handle::null_error;
use crate::{Error, Result, path_of_bytes};

/// A text from C: NULL, or NUL-terminated and unchanged during `'call`.
///
/// This is the invariant of the type, as validity is for a reference: C passes such pointers by the
/// contract of `ffi`, and safe Rust code cannot construct any other. `const char *` in C.
///
/// cbindgen:ignore
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Text<'call> {
    start: *const c_char,
    call: PhantomData<&'call CStr>,
}

impl<'call> Text<'call> {
    /// Returns the text, or an error if it is NULL or not UTF-8.
    pub(super) fn required(self, name: &str) -> Result<&'call str> {
        self.optional(name)?.ok_or_else(|| null_error(name))
    }

    /// Returns the bytes as a path, or an error if it is NULL.
    pub(super) fn required_path(self, name: &str) -> Result<&'call Path> {
        let bytes = self.bytes().ok_or_else(|| null_error(name))?;
        path_of_bytes(bytes)
            .map_err(|cause| Error::invalid(name, "is not valid UTF-8").with_cause(cause))
    }

    /// Returns the value of a setting. The error has the key, because a builder keeps it until the
    /// settings are used.
    pub(super) fn of_key(self, key: c_int) -> Result<&'call str> {
        self.required(VALUE).map_err(|error| with_key(error, key))
    }

    /// Returns the value of a setting that is a path; otherwise as `of_key`.
    pub(super) fn path_of_key(self, key: c_int) -> Result<&'call Path> {
        self.required_path(VALUE).map_err(|error| with_key(error, key))
    }

    /// Returns the text, `None` if it is NULL, or an error if it is not UTF-8.
    pub(super) fn optional(self, name: &str) -> Result<Option<&'call str>> {
        match self.bytes().map(std::str::from_utf8).transpose() {
            Ok(text) => Ok(text),
            Err(cause) => Err(Error::invalid(name, "is not valid UTF-8").with_cause(cause)),
        }
    }

    /// Returns the bytes without the NUL, `None` if it is NULL.
    fn bytes(self) -> Option<&'call [u8]> {
        if self.start.is_null() {
            return None;
        }
        // SAFETY: it is not NULL, so it is NUL-terminated by the invariant of the type.
        Some(unsafe { CStr::from_ptr(self.start) }.to_bytes())
    }
}

fn with_key(error: Error, key: c_int) -> Error {
    error.with_context(format_args!("of key {key}"))
}

/// The name of the argument that is the value of a setting.
const VALUE: &str = "value";

#[cfg(test)]
impl<'call> From<Option<&'call CStr>> for Text<'call> {
    fn from(text: Option<&'call CStr>) -> Self {
        Self { start: text.map_or(std::ptr::null(), CStr::as_ptr), call: PhantomData }
    }
}

/// Creates a text for C, with a space for each NUL.
pub(super) fn to_c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', " ")).unwrap_or_default())
}

/// The texts of a handle by field number; empty texts are not stored.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<(c_int, CString)>);

impl Texts {
    pub(super) fn new<const N: usize>(fields: [(c_int, &str); N]) -> Self {
        let texts = fields.into_iter().filter(|(_, text)| !text.is_empty());
        Self(texts.map(|(field, text)| (field, to_c_string(text))).collect())
    }

    /// Returns the text of a field; empty if it is unknown.
    pub(super) fn get(&self, field: c_int) -> &CStr {
        self.0.iter().find(|(known, _)| *known == field).map_or(EMPTY, |(_, text)| text)
    }
}

/// The value of an unknown text.
pub(super) const EMPTY: &CStr = c"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_invalid_utf8_name_the_argument() {
        assert_eq!(Text::from(None).required("key").unwrap_err().argument(), Some("key"));
        assert_eq!(Text::from(None).optional("token").unwrap(), None);
        assert_eq!(Text::from(Some(c"\xff")).required("key").unwrap_err().argument(), Some("key"));
        assert_eq!(Text::from(Some(c"\u{e9}")).required("key").unwrap(), "\u{e9}");
    }

    #[test]
    fn the_value_of_a_setting_is_refused_with_its_key() {
        for error in [
            Text::from(None).of_key(1001).unwrap_err(),
            Text::from(Some(c"\xff")).of_key(1001).unwrap_err(),
            Text::from(None).path_of_key(1001).unwrap_err(),
        ] {
            assert_eq!(error.argument(), Some("value"));
            assert!(error.to_string().contains("key 1001"), "{error}");
        }
    }

    #[test]
    fn a_path_is_what_the_system_takes() {
        assert_eq!(Text::from(None).required_path("path").unwrap_err().argument(), Some("path"));
        let path = Text::from(Some(c"/\xd6\xd0")).required_path("path");
        match path_of_bytes(b"/\xd6\xd0") {
            Ok(expected) => assert_eq!(path.unwrap(), expected),
            Err(_) => assert_eq!(path.unwrap_err().argument(), Some("path")),
        }
    }

    #[test]
    fn a_text_for_c_never_ends_early() {
        assert_eq!(to_c_string("a\0b").as_c_str(), c"a b");
        assert_eq!(to_c_string("").as_c_str(), EMPTY);
    }

    #[test]
    fn an_unknown_field_is_empty() {
        let texts = Texts::new([(1, "one"), (2, "")]);
        assert_eq!(texts.get(1), c"one");
        assert_eq!([texts.get(2), texts.get(3), texts.get(-1)], [EMPTY; 3]);
    }
}
