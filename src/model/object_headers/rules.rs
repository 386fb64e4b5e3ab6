//! The table of headers that callers may set: which requests send each, and its valid values.
//!
//! Its source are the pages of the nine operations in the OSS manual.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::RequestKind::{self, *};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::oss_header;

/// The name of a header that callers may set, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(Cow<'static, str>);

/// The requests that send a header, and its valid values.
pub(super) struct Rule {
    name: Name,
    pub(super) takes: &'static [RequestKind],
    values: Values,
}

enum Values {
    Any,
    OneOf(&'static [&'static str]),
    TrafficLimit,
    Callback,
}

impl Name {
    /// Creates a name from a constant in lower case.
    pub(super) const fn known(lower: &'static str) -> Self {
        Self(Cow::Borrowed(lower))
    }

    /// Parses a name in lower case; fails if callers may not set that header.
    pub(super) fn parse(lower: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::invalid(lower, why));
        if OWNED.contains(&lower) || OWNED_BEGINNINGS.iter().any(|start| lower.starts_with(start)) {
            return refuse("only the library sets this header");
        }
        if let Some(rule) = RULES.iter().find(|rule| rule.name.as_str() == lower) {
            return Ok(rule.name.clone());
        }
        match lower.strip_prefix(oss_header::PREFIX) {
            Some(rest) if is_word(rest) => Ok(Self(Cow::Owned(lower.to_owned()))),
            _ => refuse("OSS does not accept this header with an object"),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if HTTP, not OSS, defines the header.
    pub(super) fn is_http(&self) -> bool {
        !self.0.starts_with(oss_header::PREFIX)
    }

    pub(super) fn rule(&self) -> &'static Rule {
        RULES.iter().find(|rule| rule.name == *self).unwrap_or(&UNKNOWN)
    }
}

impl Rule {
    /// Checks a value; the error says why it is refused.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        if value.contains(char::is_control) {
            return Err("the value has a control character".to_owned());
        }
        match self.values {
            Values::Any => Ok(()),
            Values::OneOf(known) if known.contains(&value) => Ok(()),
            Values::OneOf(known) => Err(format!("the value is one of {}", known.join(", "))),
            Values::TrafficLimit => check_traffic_limit(value),
            Values::Callback => check_callback(value),
        }
    }
}

/// Checks the combination of values: the details of encryption need KMS.
pub(super) fn check_together<'a>(value: impl Fn(&Name) -> Option<&'a str>) -> Result<()> {
    if value(&Name::known(oss_header::SERVER_SIDE_ENCRYPTION)) == Some("KMS") {
        return Ok(());
    }
    for name in [oss_header::SERVER_SIDE_DATA_ENCRYPTION, oss_header::SERVER_SIDE_ENCRYPTION_KEY_ID]
    {
        if value(&Name::known(name)).is_some() {
            return Err(Error::invalid(name, "this requires the server-side encryption KMS"));
        }
    }
    Ok(())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn check_traffic_limit(value: &str) -> Result<(), String> {
    let range = limits::TRAFFIC_LIMIT_BITS_PER_SEC;
    match value.parse() {
        Ok(number) if range.contains(&number) => Ok(()),
        _ => Err(format!("the value is {} to {} bits per second", range.start(), range.end())),
    }
}

fn check_callback(value: &str) -> Result<(), String> {
    if value.len() > limits::CALLBACK_MAX {
        return Err(format!("the value has at most {} bytes of base64", limits::CALLBACK_MAX));
    }
    let json = BASE64_STANDARD.decode(value).map_err(|_| "the value is not base64".to_owned())?;
    let json = json.trim_ascii();
    if json.starts_with(b"{") && json.ends_with(b"}") {
        return Ok(());
    }
    Err("the value is not a JSON object".to_owned())
}

const CONTENT: &[RequestKind] = &[Initiate, PutObject, CopyObjectReplacing];
const STORAGE: &[RequestKind] = &[Initiate, PutObject, CopyObject, CopyObjectReplacing];
const DATA: &[RequestKind] =
    &[UploadPart, UploadPartCopy, PutObject, CopyObject, CopyObjectReplacing];
const END: &[RequestKind] = &[Complete, PutObject, CopyObject, CopyObjectReplacing];
const CALLBACK: &[RequestKind] = &[Complete, PutObject];
const BOTH_ENDS: &[RequestKind] = &[Initiate, Complete, PutObject, CopyObject, CopyObjectReplacing];
const ALL: &[RequestKind] = &[
    Initiate,
    UploadPart,
    UploadPartCopy,
    Complete,
    Abort,
    ListParts,
    ListUploads,
    PutObject,
    CopyObject,
    CopyObjectReplacing,
    HeadObject,
    GetObjectTagging,
];

const ACLS: &[&str] = &["default", "private", "public-read", "public-read-write"];
const ENCRYPTIONS: &[&str] = &["AES256", "KMS", "SM4"];
const STORAGE_CLASSES: &[&str] = &["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"];

static RULES: [Rule; 17] = [
    rule("content-type", CONTENT, Values::Any),
    rule("cache-control", CONTENT, Values::Any),
    rule("content-disposition", CONTENT, Values::Any),
    rule("content-encoding", CONTENT, Values::Any),
    rule("content-language", CONTENT, Values::Any),
    rule("expires", CONTENT, Values::Any),
    rule(oss_header::SERVER_SIDE_ENCRYPTION, STORAGE, Values::OneOf(ENCRYPTIONS)),
    rule(oss_header::SERVER_SIDE_DATA_ENCRYPTION, STORAGE, Values::OneOf(&["SM4"])),
    rule(oss_header::SERVER_SIDE_ENCRYPTION_KEY_ID, STORAGE, Values::Any),
    rule(oss_header::STORAGE_CLASS, STORAGE, Values::OneOf(STORAGE_CLASSES)),
    rule(oss_header::TAGGING, CONTENT, Values::Any),
    rule(oss_header::FORBID_OVERWRITE, BOTH_ENDS, Values::OneOf(&["true", "false"])),
    rule(oss_header::ACL, END, Values::OneOf(ACLS)),
    rule(oss_header::CALLBACK, CALLBACK, Values::Callback),
    rule(oss_header::CALLBACK_VAR, CALLBACK, Values::Callback),
    rule(oss_header::TRAFFIC_LIMIT, DATA, Values::TrafficLimit),
    rule(oss_header::REQUEST_PAYER, ALL, Values::OneOf(&["requester"])),
];

/// An OSS header that is not in the table. Like the official SDKs, sends it with Initiate and
/// Complete, and never with a part.
static UNKNOWN: Rule = Rule { name: Name::known(""), takes: BOTH_ENDS, values: Values::Any };

/// Headers that the library computes, or that are arguments of one request.
const OWNED: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "host",
    "transfer-encoding",
    "user-agent",
    oss_header::DATE,
];
const OWNED_BEGINNINGS: [&str; 8] = [
    "if-",
    "x-oss-additional-",
    oss_header::COMPLETE_ALL,
    oss_header::CONTENT_SHA256,
    oss_header::COPY_SOURCE,
    oss_header::METADATA_DIRECTIVE,
    oss_header::SECURITY_TOKEN,
    oss_header::TAGGING_DIRECTIVE,
];

const fn rule(name: &'static str, takes: &'static [RequestKind], values: Values) -> Rule {
    Rule { name: Name::known(name), takes, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_is_found_by_its_name_and_listed_once() {
        for rule in &RULES {
            let name = rule.name.as_str();
            assert_eq!(Name::parse(name).unwrap(), rule.name);
            assert_eq!(RULES.iter().filter(|other| other.name == rule.name).count(), 1, "{name}");
        }
    }

    #[test]
    fn an_unknown_header_goes_with_the_requests_that_make_an_object() {
        let name = Name::parse("x-oss-brand-new").unwrap();
        assert_eq!(name.rule().takes, BOTH_ENDS);
        assert_eq!(name.as_str(), "x-oss-brand-new");
    }
}
