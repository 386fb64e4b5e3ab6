//! The ID of a multipart upload.

use crate::error::{Error, Result};

/// The ID of a multipart upload, as InitiateMultipartUpload returned it: opaque, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// Creates an upload ID from any text that is not empty.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `upload_id`, if the text is empty.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("upload_id", "an upload ID must not be empty"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(UploadId);
