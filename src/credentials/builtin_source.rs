//! Parses the text form of a credentials source.

use std::fmt;
use std::sync::Arc;

use super::CredentialsSource;
use super::assume_role::AssumeRole;
use super::chain::Chain;
use super::endpoint_url::EndpointUrl;
use super::env_settings::{EnvSettings, Variables};
use super::environment;
use super::fetch_context::Fetch;
use super::process::Process;
use super::profile::Profiles;
use super::uri::Uri;
use crate::error::{Error, ErrorKind, Result};

/// A built-in source, made by [`CredentialsSource::parse`].
#[derive(Clone)]
pub struct BuiltinSource {
    name: &'static str,
    pub(super) source: Arc<dyn Fetch>,
}

impl BuiltinSource {
    pub(super) fn new(name: &'static str, source: impl Fetch + 'static) -> Self {
        Self { name, source: Arc::new(source) }
    }

    /// Returns the first word of the text form.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

/// Shows only the first word of the text form: the rest may be secret.
impl fmt::Debug for BuiltinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BuiltinSource").field(&self.name).finish()
    }
}

/// Creates a source from its text form and the environment.
pub(super) fn parse(text: &str, variables: Variables<'_>) -> Result<CredentialsSource> {
    parse_with(text, variables, &|| EnvSettings::read(variables))
}

/// Like [`parse`], with settings that tests can replace.
pub(super) fn parse_with(
    text: &str,
    variables: Variables<'_>,
    env_settings: &dyn Fn() -> Result<EnvSettings>,
) -> Result<CredentialsSource> {
    let (word, value) = match text.split_once(':') {
        Some((word, value)) => (word, Some(value)),
        None => (text, None),
    };
    let source = match (word, value) {
        ("anonymous", None) => return Ok(CredentialsSource::Anonymous),
        ("env", None) => {
            let key = environment::read(&environment::OSS, variables)?;
            return Ok(CredentialsSource::Fixed(key));
        }
        ("default", None) => {
            BuiltinSource::new("default", Chain::new(&env_settings()?, variables)?)
        }
        ("oidc", None) => BuiltinSource::new("oidc", env_settings()?.oidc(variables)?),
        ("profile" | "ecs" | "assume-role" | "process" | "uri", Some("")) => {
            return Err(refuse("there is nothing after the colon"));
        }
        ("profile", name) => BuiltinSource::new("profile", Profiles::new(name, &env_settings()?)),
        ("ecs", role) => BuiltinSource::new("ecs", env_settings()?.ecs_role(role)?),
        ("assume-role", Some(arn)) => {
            let env_settings = env_settings()?;
            let role = env_settings.role_with_external_id(arn)?;
            let identity = Box::new(Chain::new(&env_settings, variables)?);
            let sts = env_settings.sts;
            BuiltinSource::new("assume-role", AssumeRole { identity, role, sts })
        }
        ("process", Some(line)) => {
            BuiltinSource::new("process", Process::parse(line).map_err(refuse)?)
        }
        ("uri", Some(url)) => {
            BuiltinSource::new("uri", Uri(EndpointUrl::parse(url).map_err(refuse)?))
        }
        _ => return Err(unknown()),
    };
    Ok(CredentialsSource::Builtin(source))
}

fn unknown() -> Error {
    let text = "this is not a credentials source; the sources are default, env, oidc, profile, \
                profile:NAME, ecs, ecs:ROLE, assume-role:ARN, process:COMMAND, uri:URL and \
                anonymous";
    Error::new(ErrorKind::Unsupported, text).with_argument("credentials")
}

fn refuse(rule: &str) -> Error {
    Error::invalid("credentials", rule)
}
