//! The name of a bucket.

use crate::error::{Error, Result};
use crate::limits;

/// A bucket name: 3 to 63 characters of `a-z`, `0-9` and `-`, with no hyphen at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BucketName(String);

impl BucketName {
    /// Parses a bucket name by the rules of the OSS manual.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `bucket` and the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |rule: &str| Err(Error::invalid("bucket", rule));
        if !limits::BUCKET_NAME_LENGTH.contains(&text.len()) {
            return refuse("a bucket name has 3 to 63 characters");
        }
        if !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return refuse("a bucket name has only a-z, 0-9 and hyphens");
        }
        if text.starts_with('-') || text.ends_with('-') {
            return refuse("a bucket name must not begin or end with a hyphen");
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(BucketName);
