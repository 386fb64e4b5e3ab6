//! `~/.alibabacloud/credentials`, the file of the Alibaba Cloud SDKs.

use std::path::Path;

use super::ini::{self, IniSection, token};
use super::{ProfileLookup, access_key, describe, with_description};
use crate::credentials::assume_role::AssumeRole;
use crate::credentials::env_settings::EnvSettings;
use crate::credentials::fetch_context::{Fetch, Unavailable, unusable};
use crate::credentials::oidc::Oidc;
use crate::credentials::role::Role;
use crate::error::Result;
use crate::sign::AccessKey;

/// Finds the section of that name, or `default`.
pub(super) fn profile(
    path: &Path,
    text: &str,
    requested: Option<&str>,
    env_settings: &EnvSettings,
) -> ProfileLookup {
    let name = requested.unwrap_or("default");
    let description = describe(name, path);
    let sections = ini::parse(text);
    match sections.iter().find(|section| section.name == name) {
        None => Err(Unavailable::Absent(format!("there is no {description}"))),
        Some(section) => with_description(description, source(section, env_settings)),
    }
}

fn source(section: &IniSection, env_settings: &EnvSettings) -> Result<Box<dyn Fetch>> {
    Ok(match required(section, "type")? {
        "access_key" => Box::new(section_key(section)?),
        "ram_role_arn" => Box::new(AssumeRole {
            identity: Box::new(section_key(section)?),
            role: role(section, env_settings)?,
            sts: env_settings.sts.clone(),
        }),
        "ecs_ram_role" => Box::new(env_settings.ecs_role(section.value("role_name"))?),
        "oidc_role_arn" => Box::new(Oidc {
            role: role(section, env_settings)?,
            provider_arn: required(section, "oidc_provider_arn")?.to_owned(),
            token_file: required(section, "oidc_token_file_path")?.into(),
            sts: env_settings.sts.clone(),
        }),
        _ => return Err(unusable("the type of the profile is not supported")),
    })
}

fn section_key(section: &IniSection) -> Result<AccessKey> {
    let (id, secret) = (section.value("access_key_id"), section.value("access_key_secret"));
    access_key(id, secret, token(section))
}

fn role(section: &IniSection, env_settings: &EnvSettings) -> Result<Role> {
    let arn = required(section, "role_arn")?;
    let role = env_settings.role(arn, section.value("role_session_name"))?;
    Ok(Role { policy: section.value("policy").map(str::to_owned), ..role })
}

fn required<'a>(section: &'a IniSection, key: &str) -> Result<&'a str> {
    section.value(key).ok_or_else(|| unusable(format!("{key} is missing")))
}
