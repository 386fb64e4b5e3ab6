//! The key of an object.

use crate::error::{Error, Result};
use crate::limits;

/// An object key: 1 to 1023 bytes of UTF-8 that do not begin with `/` or `\`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Parses an object key by the rules of the OSS manual.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `key` and the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |rule: &str| Err(Error::invalid("key", rule));
        if text.is_empty() {
            return refuse("an object key must not be empty");
        }
        if text.len() > limits::KEY_LENGTH_MAX {
            return refuse("an object key has at most 1023 bytes of UTF-8");
        }
        if text.starts_with(['/', '\\']) {
            return refuse("an object key must not begin with a slash or a backslash");
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the key, unescaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(ObjectKey);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn keys_follow_the_rules_of_the_manual() {
        for good in ["a", "a/b", "a//b/", "中", " ", ".", "..", &"k".repeat(1023)] {
            assert!(ObjectKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/a", "\\a", &"k".repeat(1024)] {
            let error = ObjectKey::parse(bad).unwrap_err();
            assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("key")));
        }
    }
}
