//! Which headers there are, which requests take each, and which values each has.
//!
//! The one list of them, drawn from the OSS manual's pages of the nine operations.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::RequestKind::{self, *};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{Dialect, ServiceHeader};

/// A header by what it is, not by its spelling in one dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// One that HTTP defines, in lower case.
    Http(&'static str),
    /// One that every dialect has a name for.
    Service(ServiceHeader),
    /// What follows the dialect's prefix.
    Prefixed(Cow<'static, str>),
}

/// What is known of a header.
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
    /// Finds a header by its OSS name in lower case.
    pub(super) fn parse(lower: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::invalid(lower, why));
        if OWNED.contains(&lower) || OWNED_BEGINNINGS.iter().any(|start| lower.starts_with(start)) {
            return refuse("this header is set by the library alone");
        }
        if let Some(rule) = RULES.iter().find(|rule| rule.name.on_wire(Dialect::Oss) == lower) {
            return Ok(rule.name.clone());
        }
        match lower.strip_prefix(Dialect::Oss.header_prefix()) {
            Some(rest) if is_word(rest) => Ok(Self::Prefixed(Cow::Owned(rest.to_owned()))),
            _ => refuse("this is no header that OSS takes with an object"),
        }
    }

    pub(super) fn on_wire(&self, dialect: Dialect) -> String {
        match self {
            Self::Http(name) => (*name).to_owned(),
            Self::Service(header) => dialect.header(*header).to_owned(),
            Self::Prefixed(rest) => format!("{}{rest}", dialect.header_prefix()),
        }
    }

    pub(super) fn rule(&self) -> &'static Rule {
        RULES.iter().find(|rule| rule.name == *self).unwrap_or(&UNKNOWN)
    }
}

impl Rule {
    /// Says why a value is refused.
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

/// Checks what no value alone can break: the details of encryption need KMS.
pub(super) fn check_together<'a>(value: impl Fn(&Name) -> Option<&'a str>) -> Result<()> {
    let prefixed = |name: &'static str| Name::Prefixed(Cow::Borrowed(name));
    if value(&Name::Service(ServiceHeader::ServerSideEncryption)) == Some("KMS") {
        return Ok(());
    }
    for name in [DATA_ENCRYPTION, ENCRYPTION_KEY_ID] {
        if value(&prefixed(name)).is_some() {
            return Err(Error::invalid(
                prefixed(name).on_wire(Dialect::Oss),
                "this goes only with the server side encryption KMS",
            ));
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
    let json = BASE64_STANDARD.decode(value).map_err(|_| "the value is no base64".to_owned())?;
    let json = json.trim_ascii();
    if json.starts_with(b"{") && json.ends_with(b"}") {
        return Ok(());
    }
    Err("the value is no JSON object".to_owned())
}

pub(super) const DATA_ENCRYPTION: &str = "server-side-data-encryption";
pub(super) const ENCRYPTION_KEY_ID: &str = "server-side-encryption-key-id";

const CONTENT: &[RequestKind] = &[Initiate, PutObject];
const DATA: &[RequestKind] = &[UploadPart, UploadPartCopy, PutObject];
const END: &[RequestKind] = &[Complete, PutObject];
const BOTH_ENDS: &[RequestKind] = &[Initiate, Complete, PutObject];
const ALL: &[RequestKind] = &[
    Initiate,
    UploadPart,
    UploadPartCopy,
    Complete,
    Abort,
    ListParts,
    ListUploads,
    PutObject,
    HeadObject,
];

const ACLS: &[&str] = &["default", "private", "public-read", "public-read-write"];
const ENCRYPTIONS: &[&str] = &["AES256", "KMS", "SM4"];
const STORAGE_CLASSES: &[&str] = &["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"];

static RULES: [Rule; 16] = [
    http("content-type"),
    http("cache-control"),
    http("content-disposition"),
    http("content-encoding"),
    http("expires"),
    service(ServiceHeader::ServerSideEncryption, CONTENT, Values::OneOf(ENCRYPTIONS)),
    prefixed(DATA_ENCRYPTION, Values::OneOf(&["SM4"])),
    prefixed(ENCRYPTION_KEY_ID, Values::Any),
    service(ServiceHeader::StorageClass, CONTENT, Values::OneOf(STORAGE_CLASSES)),
    service(ServiceHeader::Tagging, CONTENT, Values::Any),
    service(ServiceHeader::ForbidOverwrite, BOTH_ENDS, Values::OneOf(&["true", "false"])),
    service(ServiceHeader::Acl, END, Values::OneOf(ACLS)),
    service(ServiceHeader::Callback, END, Values::Callback),
    service(ServiceHeader::CallbackVar, END, Values::Callback),
    service(ServiceHeader::TrafficLimit, DATA, Values::TrafficLimit),
    service(ServiceHeader::RequestPayer, ALL, Values::OneOf(&["requester"])),
];

/// A header of the service that came after this list. The official clients send what they do not
/// know with Initiate and Complete, and never with a part.
static UNKNOWN: Rule =
    Rule { name: Name::Prefixed(Cow::Borrowed("")), takes: BOTH_ENDS, values: Values::Any };

/// What the library computes, or what belongs to one request and is an argument there.
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
    "x-oss-date",
];
const OWNED_BEGINNINGS: [&str; 6] = [
    "if-",
    "x-oss-additional-",
    "x-oss-complete-all",
    "x-oss-content-sha256",
    "x-oss-copy-source",
    "x-oss-security-token",
];

const fn http(name: &'static str) -> Rule {
    Rule { name: Name::Http(name), takes: CONTENT, values: Values::Any }
}

const fn prefixed(name: &'static str, values: Values) -> Rule {
    Rule { name: Name::Prefixed(Cow::Borrowed(name)), takes: CONTENT, values }
}

const fn service(header: ServiceHeader, takes: &'static [RequestKind], values: Values) -> Rule {
    Rule { name: Name::Service(header), takes, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_is_found_by_its_own_name_and_stands_once() {
        for rule in &RULES {
            let name = rule.name.on_wire(Dialect::Oss);
            assert_eq!(Name::parse(&name).unwrap(), rule.name);
            assert_eq!(RULES.iter().filter(|other| other.name == rule.name).count(), 1, "{name}");
        }
    }

    #[test]
    fn what_came_later_goes_with_the_requests_that_make_an_object() {
        let name = Name::parse("x-oss-brand-new").unwrap();
        assert_eq!(name.rule().takes, BOTH_ENDS);
        assert_eq!(name.on_wire(Dialect::Oss), "x-oss-brand-new");
    }
}
