//! `~/.ossutilconfig`, the file of the vendor's tool for OSS: the key pairs in it, and nothing else.

use std::path::Path;

use super::ini::{self, Section};
use super::{Found, key, place, placed};
use crate::credentials::fetch_context::{Source, Unavailable, unusable};
use crate::error::Result;

/// Version 1 of the tool has one section `Credentials`; version 2 has `default` and, for each
/// further profile, `profile NAME`.
pub(super) fn profile(path: &Path, text: &str, wanted: Option<&str>) -> Found {
    let name = wanted.unwrap_or("default");
    let place = place(name, path);
    let is_it = |section: &&Section| {
        let short = section.name.as_str();
        let is_default = name == "default" && ["default", "Credentials"].contains(&short);
        is_default || short.strip_prefix("profile ").is_some_and(|rest| rest.trim() == name)
    };
    let sections = ini::parse(text);
    match sections.iter().find(is_it) {
        Some(section) if wanted.is_none() && is_blank(section) => {
            Err(Unavailable::Absent(format!("{place} has no key pair")))
        }
        Some(section) => placed(place, source(section)),
        None => Err(Unavailable::Absent(format!("there is no {place}"))),
    }
}

fn source(section: &Section) -> Result<Box<dyn Source>> {
    let mode = section.value("mode").unwrap_or("AK");
    if !["AK", "StsToken"].iter().any(|known| mode.eq_ignore_ascii_case(known)) {
        return Err(unusable("of this file only key pairs are read, with or without a token"));
    }
    let token = section.value("sts_token").or(section.value("security_token"));
    let (id, secret) = (section.value("access_key_id"), section.value("access_key_secret"));
    Ok(Box::new(key(id, secret, token)?))
}

/// Only where a bucket is, for example.
fn is_blank(section: &Section) -> bool {
    ["mode", "access_key_id", "access_key_secret"].iter().all(|key| section.value(key).is_none())
}
