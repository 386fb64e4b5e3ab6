//! The key of an object.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits;

/// An object key: 1 to 1023 bytes of UTF-8 that do not begin with `/` or `\`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Checks the rules of the OSS manual.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `key` and the rule that is broken.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |rule: &str| Err(Error::invalid("key", rule));
        if text.is_empty() {
            return refuse("an object key is not empty");
        }
        if text.len() > limits::KEY_LENGTH_MAX {
            return refuse("an object key has at most 1023 bytes of UTF-8");
        }
        if text.starts_with(['/', '\\']) {
            return refuse("an object key does not begin with a slash or a backslash");
        }
        Ok(Self(text.to_owned()))
    }

    /// The key, not escaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_rules_of_the_manual_hold() {
        for good in ["a", "a/b", "a//b/", "中", " ", ".", "..", &"k".repeat(1023)] {
            assert!(ObjectKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/a", "\\a", &"k".repeat(1024)] {
            let error = ObjectKey::parse(bad).unwrap_err();
            assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("key")));
        }
    }
}
