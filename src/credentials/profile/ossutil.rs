//! `~/.ossutilconfig`, the configuration of ossutil. Only its access keys are read.

use std::path::Path;

use super::ini::{self, IniSection, token};
use super::{ProfileLookup, access_key, describe, with_description};
use crate::credentials::fetch_context::{Fetch, Unavailable, unusable};
use crate::error::Result;

/// Finds the profile of that name. ossutil 1 has one section `Credentials`; ossutil 2 has `default`
/// and a section `profile NAME` for each further profile.
pub(super) fn profile(path: &Path, text: &str, requested: Option<&str>) -> ProfileLookup {
    let name = requested.unwrap_or("default");
    let description = describe(name, path);
    let is_match = |section: &&IniSection| {
        let short = section.name.as_str();
        let is_default = name == "default" && ["default", "Credentials"].contains(&short);
        is_default || short.strip_prefix("profile ").is_some_and(|rest| rest.trim() == name)
    };
    let sections = ini::parse(text);
    match sections.iter().find(is_match) {
        Some(section) if requested.is_none() && is_blank(section) => {
            Err(Unavailable::Absent(format!("{description} has no access key")))
        }
        Some(section) => with_description(description, source(section)),
        None => Err(Unavailable::Absent(format!("there is no {description}"))),
    }
}

fn source(section: &IniSection) -> Result<Box<dyn Fetch>> {
    let mode = section.value("mode").unwrap_or("AK");
    if !["AK", "StsToken"].iter().any(|known| mode.eq_ignore_ascii_case(known)) {
        return Err(unusable(
            "only access keys of this file are supported, with or without a token",
        ));
    }
    let token = token(section);
    if token.is_none() && mode.eq_ignore_ascii_case("StsToken") {
        return Err(unusable("stsToken is missing"));
    }
    let (id, secret) = (section.value("access_key_id"), section.value("access_key_secret"));
    Ok(Box::new(access_key(id, secret, token)?))
}

/// Returns true if the section has only other settings, for example an endpoint.
fn is_blank(section: &IniSection) -> bool {
    ["mode", "access_key_id", "access_key_secret"].iter().all(|key| section.value(key).is_none())
}
