//! `~/.alibabacloud/credentials`, the file of the vendor's SDKs.

use std::path::Path;

use super::ini::{self, Section};
use super::{Found, key, place, placed};
use crate::credentials::asking::{Lack, Source, unusable};
use crate::credentials::assume_role::AssumeRole;
use crate::credentials::oidc::Oidc;
use crate::credentials::role::Role;
use crate::credentials::surroundings::Surroundings;
use crate::error::Result;
use crate::sign::AccessKey;

/// The section of that name, or `default`.
pub(super) fn profile(
    path: &Path,
    text: &str,
    wanted: Option<&str>,
    surroundings: &Surroundings,
) -> Found {
    let name = wanted.unwrap_or("default");
    let place = place(name, path);
    let sections = ini::parse(text);
    match sections.iter().find(|section| section.name == name) {
        None => Err(Lack::Absent(format!("there is no {place}"))),
        Some(section) => placed(place, source(section, surroundings)),
    }
}

fn source(section: &Section, surroundings: &Surroundings) -> Result<Box<dyn Source>> {
    Ok(match required(section, "type")? {
        "access_key" => Box::new(pair(section)?),
        "ram_role_arn" => Box::new(AssumeRole {
            identity: Box::new(pair(section)?),
            role: role(section, surroundings)?,
            sts: surroundings.sts.clone(),
        }),
        "ecs_ram_role" => Box::new(surroundings.ecs_role(section.value("role_name"))?),
        "oidc_role_arn" => Box::new(Oidc {
            role: role(section, surroundings)?,
            provider_arn: required(section, "oidc_provider_arn")?.to_owned(),
            token_file: required(section, "oidc_token_file_path")?.into(),
            sts: surroundings.sts.clone(),
        }),
        _ => return Err(unusable("a profile of this type cannot be used here")),
    })
}

fn pair(section: &Section) -> Result<AccessKey> {
    key(section.value("access_key_id"), section.value("access_key_secret"), None)
}

fn role(section: &Section, surroundings: &Surroundings) -> Result<Role> {
    let arn = required(section, "role_arn")?;
    let role = surroundings.role(arn, section.value("role_session_name"))?;
    Ok(Role { policy: section.value("policy").map(str::to_owned), ..role })
}

fn required<'a>(section: &'a Section, key: &str) -> Result<&'a str> {
    section.value(key).ok_or_else(|| unusable(format!("{key} is missing")))
}
