//! `~/.aliyun/config.json`, the configuration of the Alibaba Cloud CLI.

use std::path::Path;

use super::{ProfileLookup, access_key, describe, with_description};
use crate::credentials::assume_role::AssumeRole;
use crate::credentials::cloud_sso::CloudSso;
use crate::credentials::endpoint_url::EndpointUrl;
use crate::credentials::env_settings::EnvSettings;
use crate::credentials::fetch_context::{Fetch, Unavailable, of_source, unusable};
use crate::credentials::json::Json;
use crate::credentials::oidc::Oidc;
use crate::credentials::process::Process;
use crate::credentials::role::Role;
use crate::credentials::sts::Sts;
use crate::credentials::uri::Uri;
use crate::error::{Error, Result};
use crate::sign::AccessKey;

/// Finds the profile of that name, or the current one of the file.
pub(super) fn profile(
    path: &Path,
    text: &str,
    requested: Option<&str>,
    env_settings: &EnvSettings,
) -> ProfileLookup {
    let refuse = |error| Unavailable::Broken(of_source(path.display(), error));
    let mut file = Json::parse(text.as_bytes()).map_err(refuse)?;
    let profiles = file.take_objects("profiles").unwrap_or_default();
    let profiles = CliConfig { profiles, env_settings };
    let Some(name) = requested.or(file.text(&["current"])) else {
        return Err(Unavailable::Absent(format!("{} has no current profile", path.display())));
    };
    let description = describe(name, path);
    match profiles.find(name) {
        None if requested.is_some() => {
            Err(Unavailable::Absent(format!("there is no {description}")))
        }
        None => Err(refuse(unusable(format!("the current profile {name:?} does not exist")))),
        // The CLI creates a blank profile before it is configured.
        Some(profile) if requested.is_none() && profile.is_blank() => {
            Err(Unavailable::Absent(format!("{description} is blank")))
        }
        Some(profile) => with_description(description, profiles.source(profile, &mut vec![name])),
    }
}

struct CliConfig<'a> {
    profiles: Vec<Json>,
    env_settings: &'a EnvSettings,
}

#[derive(Clone, Copy)]
struct CliProfile<'a>(&'a Json);

impl CliConfig<'_> {
    fn find(&self, name: &str) -> Option<CliProfile<'_>> {
        self.profiles.iter().find(|profile| profile.text(&["name"]) == Some(name)).map(CliProfile)
    }

    /// Creates the source of a profile. `visited` has the names of the chain, its own last.
    fn source<'a>(
        &'a self,
        profile: CliProfile<'a>,
        visited: &mut Vec<&'a str>,
    ) -> Result<Box<dyn Fetch>> {
        let mode = profile.text("mode").unwrap_or("AK").to_ascii_lowercase();
        Ok(match mode.as_str() {
            "ak" => Box::new(profile.key(None)?),
            "ststoken" => Box::new(profile.key(Some(profile.required("sts_token")?))?),
            "ramrolearn" => {
                self.assume_role(profile, Box::new(profile.key(profile.text("sts_token"))?))?
            }
            "ecsramrole" => Box::new(self.env_settings.ecs_role(profile.text("ram_role_name"))?),
            "ramrolearnwithrolename" => {
                let instance = self.env_settings.ecs_role(profile.text("ram_role_name"))?;
                self.assume_role(profile, Box::new(instance))?
            }
            "chainableramrolearn" => {
                let inner = self.source_profile(profile, visited)?;
                self.assume_role(profile, inner)?
            }
            "oidc" => Box::new(Oidc {
                role: profile.role(self.env_settings)?,
                provider_arn: profile.required("oidc_provider_arn")?.to_owned(),
                token_file: profile.required("oidc_token_file")?.into(),
                sts: profile.sts(self.env_settings)?,
            }),
            "external" => {
                let command = profile.required("process_command")?;
                Box::new(Process::parse_of_profile(command).map_err(unusable)?)
            }
            "credentialsuri" => {
                let url = profile.required("credentials_uri")?;
                Box::new(Uri(EndpointUrl::parse(url).map_err(unusable)?))
            }
            "cloudsso" => Box::new(CloudSso::from_profile(profile.0)?),
            _ => return Err(unusable("the mode of the profile is not supported")),
        })
    }

    /// Creates the source of the `source_profile` of a profile.
    fn source_profile<'a>(
        &'a self,
        profile: CliProfile<'a>,
        visited: &mut Vec<&'a str>,
    ) -> Result<Box<dyn Fetch>> {
        let name = profile.required("source_profile")?;
        if visited.contains(&name) {
            let cycle = format!("{} > {name}", visited.join(" > "));
            return Err(unusable(format!("the profiles form a cycle: {cycle:?}")));
        }
        visited.push(name);
        let missing = || unusable(format!("its source_profile {name:?} does not exist"));
        let inner = self.find(name).ok_or_else(missing)?;
        self.source(inner, visited)
    }

    fn assume_role(
        &self,
        profile: CliProfile<'_>,
        identity: Box<dyn Fetch>,
    ) -> Result<Box<dyn Fetch>> {
        let role = profile.role(self.env_settings)?;
        Ok(Box::new(AssumeRole { identity, role, sts: profile.sts(self.env_settings)? }))
    }
}

impl<'a> CliProfile<'a> {
    fn text(self, name: &str) -> Option<&'a str> {
        self.0.text(&[name])
    }

    fn required(self, name: &str) -> Result<&'a str> {
        self.text(name).ok_or_else(|| -> Error { unusable(format!("{name} is missing")) })
    }

    /// Returns true for a profile of mode `AK` without a key.
    fn is_blank(self) -> bool {
        let mode = self.text("mode").unwrap_or("AK");
        let key = self.0.text(&["access_key_id", "access_key_secret"]);
        mode.eq_ignore_ascii_case("AK") && key.is_none()
    }

    fn key(self, token: Option<&str>) -> Result<AccessKey> {
        access_key(self.text("access_key_id"), self.text("access_key_secret"), token)
    }

    fn role(self, env_settings: &EnvSettings) -> Result<Role> {
        let role = env_settings
            .role(self.required("ram_role_arn")?, self.text("ram_session_name"))?
            .with_duration(self.0.number("expired_seconds").unwrap_or(0))?;
        Ok(Role {
            policy: self.text("policy").map(str::to_owned),
            external_id: self.text("external_id").map(str::to_owned),
            ..role
        })
    }

    fn sts(self, env_settings: &EnvSettings) -> Result<Sts> {
        match (self.text("sts_endpoint"), self.text("sts_region")) {
            (None, None) => Ok(env_settings.sts.clone()),
            (endpoint, region) => Sts::new(endpoint, region, self.0.flag("enable_vpc")),
        }
    }
}
