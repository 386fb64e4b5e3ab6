//! Options for behavior of OSS that is undocumented or varies.
//!
//! The defaults are the emulator's choice; an option selects the alternative.

use std::str::FromStr;
use std::time::Duration;

/// Behavior options. Each can also be set by name, with [`Options::set`] or `--option`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Encode a space in url-encoded responses as `+`, not `%20`.
    pub plus_for_space: bool,
    /// Clamp `max-parts`, `max-uploads` and `max-keys` to their range instead of rejecting them.
    pub clamp_limits: bool,
    /// Compare the ETags of CompleteMultipartUpload case-insensitively.
    pub etag_any_case: bool,
    /// Send `x-oss-hash-crc64ecma` in UploadPartCopy and CopyObject responses.
    pub copy_crc: bool,
    /// Give parts an ETag that is not their MD5, as for objects that KMS encrypts.
    pub opaque_part_etags: bool,
    /// Respond to a repeated CompleteMultipartUpload that forbids overwriting with 409
    /// FileAlreadyExists, not 404.
    pub complete_again_conflict: bool,
    /// Keep a part that is in flight during an abort; it is listed until a second abort.
    pub straggler: bool,
    /// Omit `x-oss-err` and `x-oss-ec` from 404 responses to HEAD.
    pub bare_head_errors: bool,
    /// Allow callbacks to loopback and private addresses.
    pub private_callbacks: bool,
    /// Use the OSS namespace in XML responses.
    pub xml_namespace: bool,
    /// Include `+`, `/` and `=` in upload IDs.
    pub odd_upload_ids: bool,
    /// Leave `NextPartNumberMarker` empty on the last page of ListParts.
    pub empty_last_marker: bool,
    /// Never send `x-oss-hash-crc64ecma`, like very old deployments.
    pub no_crc: bool,
    /// No caller may read tags: HeadObject does not count them, and GetObjectTagging is refused.
    pub deny_tagging: bool,
    /// How long to wait for more of a request body.
    pub body_timeout: Duration,
    /// How long to wait for a callback server.
    pub callback_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plus_for_space: false,
            clamp_limits: false,
            etag_any_case: false,
            copy_crc: false,
            opaque_part_etags: false,
            complete_again_conflict: false,
            straggler: false,
            bare_head_errors: false,
            private_callbacks: false,
            xml_namespace: false,
            odd_upload_ids: false,
            empty_last_marker: false,
            no_crc: false,
            deny_tagging: false,
            body_timeout: Duration::from_secs(20),
            callback_timeout: Duration::from_secs(5),
        }
    }
}

impl Options {
    /// Sets one option from `name=value`. The name is that of the field, with hyphens or
    /// underscores; the value is `true` or `false` (`name` alone is true), or milliseconds for the
    /// two timeouts.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        let field = match name.replace('-', "_").as_str() {
            "plus_for_space" => &mut self.plus_for_space,
            "clamp_limits" => &mut self.clamp_limits,
            "etag_any_case" => &mut self.etag_any_case,
            "copy_crc" => &mut self.copy_crc,
            "opaque_part_etags" => &mut self.opaque_part_etags,
            "complete_again_conflict" => &mut self.complete_again_conflict,
            "straggler" => &mut self.straggler,
            "bare_head_errors" => &mut self.bare_head_errors,
            "private_callbacks" => &mut self.private_callbacks,
            "xml_namespace" => &mut self.xml_namespace,
            "odd_upload_ids" => &mut self.odd_upload_ids,
            "empty_last_marker" => &mut self.empty_last_marker,
            "no_crc" => &mut self.no_crc,
            "deny_tagging" => &mut self.deny_tagging,
            "body_timeout" => return parse(name, value).map(|ms| self.body_timeout = millis(ms)),
            "callback_timeout" => {
                return parse(name, value).map(|ms| self.callback_timeout = millis(ms));
            }
            _ => return Err(format!("unknown option {name}")),
        };
        *field = parse(name, value)?;
        Ok(())
    }
}

fn parse<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("option {name}: bad value {value}"))
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_set_by_name() {
        let mut options = Options::default();
        options.set("straggler").unwrap();
        options.set("xml-namespace=true").unwrap();
        options.set("body_timeout=150").unwrap();
        assert!(options.straggler && options.xml_namespace);
        assert_eq!(options.body_timeout, Duration::from_millis(150));
        assert!(options.set("nonsense=1").is_err());
        assert!(options.set("straggler=maybe").is_err());
    }
}
