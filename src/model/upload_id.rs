//! The ID of a multipart upload.

use std::fmt;

use crate::error::{Error, Result};

/// What OSS answered to Initiate: opaque, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// Takes the text as it is.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `upload_id`, if the text is empty.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("upload_id", "an upload ID is not empty"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
