//! What is said of an object that was made, and of one that was not.

use ossmpu::{Error, UploadResult};
use serde::Serialize;

use crate::console::Line;
use crate::object_url::ObjectUrl;

/// An object that was made.
#[derive(Debug, Serialize)]
pub struct Stored<'a> {
    source: &'a str,
    target: String,
    size: u64,
    parts: u16,
    bytes_resumed: u64,
    /// Text, because many readers of JSON round numbers of this size.
    crc64: Option<String>,
    etag: Option<&'a str>,
    version_id: Option<&'a str>,
    request_id: &'a str,
    upload_id: Option<&'a str>,
    /// The object is there all the same.
    callback_error: Option<String>,
}

impl<'a> Stored<'a> {
    pub fn new(source: &'a str, target: &ObjectUrl, uploaded: &'a UploadResult) -> Self {
        let version_id = uploaded.version_id.as_str();
        Self {
            source,
            target: target.to_string(),
            size: uploaded.size,
            parts: uploaded.parts,
            bytes_resumed: uploaded.bytes_resumed,
            crc64: uploaded.crc64.map(|crc64| crc64.to_string()),
            etag: uploaded.etag.as_ref().map(ossmpu::ETag::unquoted),
            version_id: (!version_id.is_empty()).then_some(version_id),
            request_id: &uploaded.request_id,
            upload_id: uploaded.upload_id.as_deref(),
            callback_error: uploaded.callback_error.as_ref().map(Error::to_string),
        }
    }
}

impl Line for Stored<'_> {
    fn text(&self) -> String {
        let Self { source, target, size, .. } = self;
        let mut text = format!("{source} -> {target}: {size} bytes");
        if self.bytes_resumed > 0 {
            text += &format!(", {} of them were there already", self.bytes_resumed);
        }
        if let Some(crc64) = &self.crc64 {
            text += &format!(", CRC-64 {crc64}");
        }
        if let Some(error) = &self.callback_error {
            text += &format!("; its callback failed: {error}");
        }
        text
    }
}

/// What may be done about parts that a failure has left.
pub fn advise(error: &Error, target: &ObjectUrl, is_resumable: bool) -> Option<String> {
    let upload_id = error.upload_id().filter(|_| error.parts_left())?;
    let remove = format!("`ossmpu abort {target} {upload_id}` removes the parts");
    Some(if is_resumable {
        format!("the same command with --upload-id {upload_id} goes on; {remove}")
    } else {
        remove
    })
}
