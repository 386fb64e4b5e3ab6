//! Switches for the points where the real service's answer is not known.
//!
//! The defaults are the emulator's choice; a switch selects the other form a client must bear.

use std::str::FromStr;
use std::time::Duration;

/// The emulator's switches. Each can be set by name too, with [`Options::set`] or `--option`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// A space in url-encoded responses is `+`, not `%20`.
    pub plus_for_space: bool,
    /// `max-parts` and `max-uploads` out of range are clamped, not refused.
    pub clamp_limits: bool,
    /// Complete compares ETags without regard to case.
    pub etag_any_case: bool,
    /// UploadPartCopy responses carry `x-oss-hash-crc64ecma`.
    pub copy_crc: bool,
    /// A repeated Complete that forbids overwriting answers 409 FileAlreadyExists, not 404.
    pub complete_again_conflict: bool,
    /// A part in in_flight_part while Abort arrives is kept, and shows again until a second Abort.
    pub straggler: bool,
    /// HEAD errors carry neither `x-oss-err` nor `x-oss-ec`.
    pub bare_head_errors: bool,
    /// PutBucket of a bucket one owns answers 200, not 409.
    pub put_own_bucket: bool,
    /// XML responses carry the vendor's namespace.
    pub xml_namespace: bool,
    /// Upload IDs contain `+`, `/` and `=`.
    pub odd_upload_ids: bool,
    /// ListParts leaves `NextPartNumberMarker` empty on the last page.
    pub empty_last_marker: bool,
    /// Replies carry no `x-oss-hash-crc64ecma` at all, as very old deployments.
    pub no_crc: bool,
    /// How long a body that does not go on is waited for.
    pub body_timeout: Duration,
    /// How long the callback's server may take.
    pub callback_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plus_for_space: false,
            clamp_limits: false,
            etag_any_case: false,
            copy_crc: false,
            complete_again_conflict: false,
            straggler: false,
            bare_head_errors: false,
            put_own_bucket: false,
            xml_namespace: false,
            odd_upload_ids: false,
            empty_last_marker: false,
            no_crc: false,
            body_timeout: Duration::from_secs(20),
            callback_timeout: Duration::from_secs(5),
        }
    }
}

impl Options {
    /// Sets one switch from `name=value`: the field's name, with hyphens or underscores; values are
    /// `true` and `false` (`name` alone is true), and milliseconds for the two time limits.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        let place = match name.replace('-', "_").as_str() {
            "plus_for_space" => &mut self.plus_for_space,
            "clamp_limits" => &mut self.clamp_limits,
            "etag_any_case" => &mut self.etag_any_case,
            "copy_crc" => &mut self.copy_crc,
            "complete_again_conflict" => &mut self.complete_again_conflict,
            "straggler" => &mut self.straggler,
            "bare_head_errors" => &mut self.bare_head_errors,
            "put_own_bucket" => &mut self.put_own_bucket,
            "xml_namespace" => &mut self.xml_namespace,
            "odd_upload_ids" => &mut self.odd_upload_ids,
            "empty_last_marker" => &mut self.empty_last_marker,
            "no_crc" => &mut self.no_crc,
            "body_timeout" => return parse(name, value).map(|ms| self.body_timeout = millis(ms)),
            "callback_timeout" => {
                return parse(name, value).map(|ms| self.callback_timeout = millis(ms));
            }
            _ => return Err(format!("unknown option {name}")),
        };
        *place = parse(name, value)?;
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
