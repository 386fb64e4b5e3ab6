//! Options that cannot be used together, or not for a kind of call.

use crate::error::{Error, Result};
use crate::upload::options::UploadOptions;

/// What a call sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// A file that is named by its path.
    File,
    /// Memory, or a file that is known by its descriptor only.
    Unnamed,
    Stream,
    Copy,
    StepByStep,
    PresignedPart,
}

impl UploadOptions {
    /// Checks, before anything is sent, that no two options exclude each other and that each is
    /// possible for this kind of call.
    pub(crate) fn check_for(&self, call: CallKind) -> Result<()> {
        let upload_id = self.upload_id.is_some();
        let checkpoint_dir = self.checkpoint_dir.is_some();
        if upload_id && checkpoint_dir {
            let text = "upload_id and checkpoint_dir exclude each other: set one of them";
            return Err(Error::invalid("upload_id", text));
        }
        if self.is_delta() && self.sequential {
            let text = "delta and sequential exclude each other: set one of them";
            return Err(Error::invalid("delta", text));
        }
        let is_whole = matches!(call, CallKind::File | CallKind::Unnamed);
        let compares_crc64 = !matches!(call, CallKind::StepByStep | CallKind::PresignedPart);
        let compares_md5 = compares_crc64 && call != CallKind::Copy;
        let rules = [
            ("upload_id", upload_id, is_whole),
            ("checkpoint_dir", checkpoint_dir, call == CallKind::File),
            ("delta", self.is_delta(), is_whole || call == CallKind::StepByStep),
            ("expected_crc64", self.expected_crc64.is_some(), compares_crc64),
            ("expected_md5", self.expected_md5.is_some(), compares_md5),
        ];
        match rules.into_iter().find(|(_, is_set, is_possible)| *is_set && !is_possible) {
            None => Ok(()),
            Some((name, ..)) => {
                let text = format!("{name} cannot be used for {}: remove it", call.description());
                Err(Error::invalid(name, text))
            }
        }
    }
}

impl CallKind {
    fn description(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Unnamed => "memory or a descriptor",
            Self::Stream => "a stream",
            Self::Copy => "a copy",
            Self::StepByStep => "an upload that is sent step by step",
            Self::PresignedPart => "a part that is sent to a URL",
        }
    }
}
