//! Output for an uploaded or copied object.

use ossmpu::{Error, UploadResult};
use serde::Serialize;

use crate::console::{Console, Output};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Subject};
use crate::object_url::ObjectUrl;
use crate::sanitize::sanitize;

/// The result of an upload or a copy.
#[derive(Debug, Serialize)]
pub struct StoredObject<'a> {
    source: &'a str,
    target: String,
    size: u64,
    parts: u16,
    bytes_resumed: u64,
    bytes_sent: u64,
    bytes_reused: u64,
    parts_reused: u64,
    copies_in_vain: u64,
    /// Why no more parts were copied from the base of a delta upload.
    delta_stopped: Option<String>,
    throttled_ms: u64,
    /// A string, because many JSON parsers round integers of this size.
    crc64: Option<String>,
    verified: bool,
    etag: Option<&'a str>,
    version_id: Option<&'a str>,
    request_id: Option<&'a str>,
    upload_id: Option<&'a str>,
    /// The object was stored, but its callback failed.
    callback_error: Option<String>,
}

impl<'a> StoredObject<'a> {
    fn new(source: &'a str, target: &ObjectUrl, result: &'a UploadResult) -> Self {
        Self {
            source,
            target: target.to_string(),
            size: result.size,
            parts: result.parts,
            bytes_resumed: result.bytes_resumed,
            bytes_sent: result.bytes_sent,
            bytes_reused: result.bytes_reused,
            parts_reused: result.parts_reused,
            copies_in_vain: result.copies_in_vain,
            delta_stopped: result.delta_stopped.as_ref().map(Error::to_string),
            throttled_ms: result.throttled_ms,
            crc64: result.crc64.map(|crc64| crc64.to_string()),
            verified: result.verified,
            etag: result.etag.as_ref().map(ossmpu::ETag::unquoted),
            version_id: result.version_id.as_deref(),
            request_id: result.request_id.as_deref(),
            upload_id: result.upload_id.as_ref().map(ossmpu::UploadId::as_str),
            callback_error: result.callback_error.as_ref().map(Error::to_string),
        }
    }
}

impl Output for StoredObject<'_> {
    fn to_fields(&self) -> Vec<String> {
        let Self { source, target, size, .. } = self;
        let mut text = format!("{source} -> {target}: {size} bytes");
        if self.bytes_resumed > 0 {
            text += &format!(", {} of them resumed", self.bytes_resumed);
        }
        if self.bytes_reused > 0 {
            let (reused, sent) = (self.bytes_reused, self.bytes_sent);
            text += &format!(", {reused} of them reused, {sent} sent");
        }
        if let Some(crc64) = &self.crc64 {
            text += &format!(", CRC-64 {crc64}");
        }
        if let Some(reason) = &self.delta_stopped {
            text += &format!("; the base was not used, or not to the end: {reason}");
        }
        vec![text]
    }
}

/// Prints the result of an upload or a copy, and to stderr the error of its upload callback.
///
/// # Errors
///
/// As for [`Console::print_action`].
pub fn print_stored(
    console: Console,
    source: &str,
    target: &ObjectUrl,
    result: &UploadResult,
) -> Result<ExitStatus, Failure> {
    let printed = console.print_action(&StoredObject::new(source, target, result));
    let status = result.callback_error.clone().map_or(ExitStatus::Success, |error| {
        let (source, target) = (Some(source.to_owned()), Some(target.to_string()));
        console.print_failure(&Failure::Callback(Subject { source, target }, error))
    });
    printed.map(|()| status)
}

/// Suggests how to resume or abort an upload that a failure has left unfinished.
pub fn recovery_hint(error: &Error, target: &ObjectUrl, resume: Resume) -> Option<String> {
    let upload_id = error.upload_id().filter(|_| error.parts_left())?;
    let target = target.to_string();
    // What a terminal cannot show cannot be typed.
    if sanitize(&target) != target {
        return None;
    }
    let (target, upload_id) = (shell_word(&target), shell_word(upload_id));
    let abort = format!("to remove the parts: ossmpu abort {target} {upload_id}");
    Some(match resume {
        Resume::Impossible => abort,
        Resume::Repeat => format!("to resume: the same command; {abort}"),
        Resume::ById => {
            format!("to resume: the same command with --upload-id {upload_id}; {abort}")
        }
        Resume::ThisFileById => format!(
            "to resume: the same command for this file only, with --upload-id {upload_id}; {abort}"
        ),
    })
}

/// Quotes a text for a POSIX shell if it has characters with a meaning there.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=-".contains(c);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// How the upload of a command can be resumed.
#[derive(Debug, Clone, Copy)]
pub enum Resume {
    Impossible,
    /// By its checkpoint, or the upload ID that the command has.
    Repeat,
    ById,
    /// The command has other files, which the ID is not for.
    ThisFileById,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_with_other_characters_are_quoted() {
        for (text, word) in [
            ("oss://b/a-1_2.bin", "oss://b/a-1_2.bin"),
            ("oss://b/a b;c", "'oss://b/a b;c'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
            ("中", "'中'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
