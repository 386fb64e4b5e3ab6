//! What is set for an upload, and which settings exclude each other.

use std::ops::ControlFlow;
use std::time::Duration;

use ossmpu::{Integrity, UploadOptions};

use crate::fixture::PART;

/// A kind of source, or an option that differs from its default. Without a kind of source an upload
/// sends a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    Range,
    Descriptor,
    Memory,
    Stream,
    Writer,
    Copy,
    StepByStep,
    PutObject,
    CheckpointDir,
    UploadId,
    PartSize,
    Parallelism,
    KeepParts,
    CompleteAll,
    Sequential,
    Delta,
    Hedging,
    NoIntegrity,
    Md5,
    RequireVerified,
    ExpectedCrc64,
    ExpectedMd5,
    ForbidOverwrite,
    Timeout,
    Rate,
    Progress,
    Headers,
    Metadata,
    CopyTags,
    KeepCache,
    Encryption,
    Callback,
    Service,
}

pub const SETTINGS: [Setting; 33] = [
    Setting::Range,
    Setting::Descriptor,
    Setting::Memory,
    Setting::Stream,
    Setting::Writer,
    Setting::Copy,
    Setting::StepByStep,
    Setting::PutObject,
    Setting::CheckpointDir,
    Setting::UploadId,
    Setting::PartSize,
    Setting::Parallelism,
    Setting::KeepParts,
    Setting::CompleteAll,
    Setting::Sequential,
    Setting::Delta,
    Setting::Hedging,
    Setting::NoIntegrity,
    Setting::Md5,
    Setting::RequireVerified,
    Setting::ExpectedCrc64,
    Setting::ExpectedMd5,
    Setting::ForbidOverwrite,
    Setting::Timeout,
    Setting::Rate,
    Setting::Progress,
    Setting::Headers,
    Setting::Metadata,
    Setting::CopyTags,
    Setting::KeepCache,
    Setting::Encryption,
    Setting::Callback,
    Setting::Service,
];

/// Setters that are not options of an upload to OSS by themselves.
const OTHER_SETTERS: [&str; 3] = ["set_md5_kernel", "set_header", "set_callback_var"];

impl Setting {
    /// The name, as in an error that refuses it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Range => "a range of a file",
            Self::Descriptor => "memory or a descriptor",
            Self::Memory => "memory",
            Self::Stream | Self::Writer => "a stream",
            Self::Copy => "a copy",
            Self::StepByStep => "step by step",
            Self::PutObject => "one PutObject",
            Self::CheckpointDir => "checkpoint_dir",
            Self::UploadId => "upload_id",
            Self::PartSize => "part_size",
            Self::Parallelism => "parallelism",
            Self::KeepParts => "keep_parts",
            Self::CompleteAll => "complete_all",
            Self::Sequential => "sequential",
            Self::Delta => "delta",
            Self::Hedging => "hedging",
            Self::NoIntegrity => "no integrity",
            Self::Md5 => "Content-MD5",
            Self::RequireVerified => "require_verified",
            Self::ExpectedCrc64 => "expected_crc64",
            Self::ExpectedMd5 => "expected_md5",
            Self::ForbidOverwrite => "forbid_overwrite",
            Self::Timeout => "timeout",
            Self::Rate => "bytes_per_sec",
            Self::Progress => "progress",
            Self::Headers => "HTTP headers",
            Self::Metadata => "metadata and tags",
            Self::CopyTags => "no copy_tags",
            Self::KeepCache => "keep_cache",
            Self::Encryption => "encryption, storage class and ACL",
            Self::Callback => "callback",
            Self::Service => "request payer and traffic limit",
        }
    }

    /// The name in the table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Descriptor => "a descriptor",
            Self::Stream => "a reader",
            Self::Writer => "a writer",
            _ => self.name(),
        }
    }

    /// The setters of the Rust interface that it calls.
    pub fn setters(self) -> &'static [&'static str] {
        match self {
            Self::Range
            | Self::Descriptor
            | Self::Memory
            | Self::Stream
            | Self::Writer
            | Self::Copy
            | Self::StepByStep => &[],
            Self::PutObject => &["set_single_below"],
            Self::CheckpointDir => &["set_checkpoint_dir"],
            Self::UploadId => &["set_upload_id"],
            Self::PartSize => &["set_part_size"],
            Self::Parallelism => &["set_parallelism"],
            Self::KeepParts => &["set_keep_parts"],
            Self::CompleteAll => &["set_complete_all"],
            Self::Sequential => &["set_sequential"],
            Self::Delta => &["set_delta", "set_delta_base"],
            Self::Hedging => &["set_hedging"],
            Self::NoIntegrity | Self::Md5 => &["set_integrity"],
            Self::RequireVerified => &["set_require_verified"],
            Self::ExpectedCrc64 => &["set_expected_crc64"],
            Self::ExpectedMd5 => &["set_expected_md5"],
            Self::ForbidOverwrite => &["set_forbid_overwrite"],
            Self::Timeout => &["set_timeout"],
            Self::Rate => &["set_bytes_per_sec"],
            Self::Progress => &["set_progress"],
            Self::Headers => &[
                "set_content_type",
                "set_content_type_guess",
                "set_cache_control",
                "set_content_disposition",
                "set_content_encoding",
                "set_expires",
            ],
            Self::Metadata => &["set_metadata", "set_tag"],
            Self::CopyTags => &["set_copy_tags"],
            Self::KeepCache => &["set_keep_cache"],
            Self::Encryption => &[
                "set_acl",
                "set_storage_class",
                "set_server_side_encryption",
                "set_server_side_data_encryption",
                "set_server_side_encryption_key_id",
            ],
            Self::Callback => &["set_callback"],
            Self::Service => &["set_request_payer", "set_traffic_limit"],
        }
    }

    /// True if it says what is sent; an upload has one source.
    pub fn is_source(self) -> bool {
        matches!(
            self,
            Self::Range
                | Self::Descriptor
                | Self::Memory
                | Self::Stream
                | Self::Writer
                | Self::Copy
                | Self::StepByStep
        )
    }

    /// True if two settings are values of one option.
    pub fn is_alternative_to(self, other: Self) -> bool {
        let is_integrity = |setting| matches!(setting, Self::NoIntegrity | Self::Md5);
        self == other
            || (self.is_source() && other.is_source())
            || (is_integrity(self) && is_integrity(other))
    }

    /// True if the two together make no sense and are refused.
    pub fn excludes(self, other: Self) -> bool {
        self.excludes_as_first(other) || other.excludes_as_first(self)
    }

    fn excludes_as_first(self, other: Self) -> bool {
        let streams = [Self::Stream, Self::Writer, Self::Copy, Self::StepByStep];
        match self {
            Self::UploadId => other == Self::CheckpointDir || streams.contains(&other),
            Self::CheckpointDir => {
                matches!(other, Self::Memory | Self::Descriptor) || streams.contains(&other)
            }
            Self::Delta => {
                matches!(other, Self::Stream | Self::Writer | Self::Copy | Self::Sequential)
            }
            Self::ExpectedCrc64 => other == Self::StepByStep,
            Self::ExpectedMd5 => matches!(other, Self::Copy | Self::StepByStep),
            _ => false,
        }
    }

    /// Sets the options that do not depend on the run.
    pub fn apply(self, options: &mut UploadOptions) {
        let headers = options.headers_mut();
        match self {
            Self::PutObject => _ = options.set_single_below(1 << 30).unwrap(),
            Self::PartSize => _ = options.set_part_size(PART + PART / 2).unwrap(),
            Self::Parallelism => _ = options.set_parallelism(1).unwrap(),
            Self::KeepParts => _ = options.set_keep_parts(true),
            Self::CompleteAll => _ = options.set_complete_all(true),
            Self::Sequential => _ = options.set_sequential(true),
            Self::Delta => _ = options.set_delta(true),
            Self::Hedging => _ = options.set_hedging(true),
            Self::NoIntegrity => _ = options.set_integrity(Integrity::NONE),
            Self::Md5 => _ = options.set_integrity(Integrity::MD5 | Integrity::CRC64),
            Self::RequireVerified => _ = options.set_require_verified(true),
            Self::CopyTags => _ = options.set_copy_tags(false),
            Self::KeepCache => _ = options.set_keep_cache(true),
            Self::ForbidOverwrite => _ = headers.set_forbid_overwrite(true),
            Self::Timeout => _ = options.set_timeout(Some(Duration::from_secs(600))),
            Self::Rate => _ = options.set_bytes_per_sec(8 << 20),
            Self::Progress => _ = options.set_progress(|_| ControlFlow::Continue(())),
            Self::Headers => {
                headers
                    .set_content_type_guess(false)
                    .set_content_type("x/y")
                    .and_then(|headers| headers.set_cache_control("no-cache"))
                    .and_then(|headers| headers.set_content_disposition("attachment"))
                    .and_then(|headers| headers.set_content_encoding("identity"))
                    .and_then(|headers| headers.set_expires("Thu, 01 Dec 2044 16:00:00 GMT"))
                    .unwrap();
            }
            Self::Metadata => {
                headers.set_metadata("owner", "me").unwrap().set_tag("a", "b").unwrap();
            }
            Self::Encryption => {
                headers
                    .set_server_side_encryption("KMS")
                    .and_then(|headers| headers.set_server_side_data_encryption("SM4"))
                    .and_then(|headers| headers.set_server_side_encryption_key_id("key-1"))
                    .and_then(|headers| headers.set_storage_class("IA"))
                    .and_then(|headers| headers.set_acl("private"))
                    .unwrap();
            }
            Self::Service => {
                headers.set_request_payer(true).set_traffic_limit(838_860_800).unwrap();
            }
            // A kind of source, or an option that depends on the run.
            Self::Range
            | Self::Descriptor
            | Self::Memory
            | Self::Stream
            | Self::Writer
            | Self::Copy
            | Self::StepByStep
            | Self::CheckpointDir
            | Self::UploadId
            | Self::ExpectedCrc64
            | Self::ExpectedMd5
            | Self::Callback => {}
        }
    }
}

/// All pairs that may meet.
pub fn pairs() -> Vec<[Setting; 2]> {
    let all = SETTINGS.iter().enumerate();
    all.flat_map(|(index, first)| SETTINGS[index + 1..].iter().map(|second| [*first, *second]))
        .filter(|[first, second]| !first.is_alternative_to(*second))
        .collect()
}

#[test]
fn every_setter_of_an_upload_is_in_the_pairs() {
    let sources = [
        include_str!("../../src/upload/options.rs"),
        include_str!("../../src/model/object_headers.rs"),
    ];
    let of_settings: Vec<&str> =
        SETTINGS.iter().flat_map(|setting| setting.setters()).copied().collect();
    let mut count = 0;
    for line in sources.iter().flat_map(|source| source.lines()) {
        let Some(rest) = line.strip_prefix("    pub fn set_") else { continue };
        let name = format!("set_{}", rest.split(['(', '<']).next().unwrap());
        let is_known = of_settings.contains(&&*name) || OTHER_SETTERS.contains(&&*name);
        assert!(is_known, "add {name} to a setting, so that it runs in pairs");
        count += 1;
    }
    let others: std::collections::BTreeSet<&str> = of_settings.into_iter().collect();
    assert_eq!(count, others.len() + OTHER_SETTERS.len(), "a setter was renamed");
}
