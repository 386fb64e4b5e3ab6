//! The name of a bucket.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits;

/// A bucket name: 3 to 63 of `a-z 0-9 -`, not beginning or ending with a hyphen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BucketName(String);

impl BucketName {
    /// Checks the rules of the OSS manual.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `bucket` and the rule that is broken.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |rule: &str| Err(Error::invalid("bucket", rule));
        if !limits::BUCKET_NAME_LENGTH.contains(&text.len()) {
            return refuse("a bucket name has 3 to 63 characters");
        }
        if !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return refuse("a bucket name has only a-z, 0-9 and hyphens");
        }
        if text.starts_with('-') || text.ends_with('-') {
            return refuse("a bucket name neither begins nor ends with a hyphen");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
