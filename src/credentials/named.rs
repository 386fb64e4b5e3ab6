//! The text form of a source, which C and Rust share.

use std::fmt;
use std::sync::Arc;

use super::CredentialsSource;
use super::address::Address;
use super::asking::Source;
use super::assume_role::AssumeRole;
use super::chain::Chain;
use super::environment;
use super::process::Process;
use super::profile::Profiles;
use super::surroundings::{Surroundings, Variables};
use super::uri::Uri;
use crate::error::{Error, ErrorKind, Result};

/// One of the library's own sources, made by [`CredentialsSource::parse`].
#[derive(Clone)]
pub struct NamedSource {
    name: &'static str,
    pub(super) source: Arc<dyn Source>,
}

impl NamedSource {
    pub(super) fn new(name: &'static str, source: impl Source + 'static) -> Self {
        Self { name, source: Arc::new(source) }
    }

    /// The first word of its text form.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

/// Shows the first word of the text form: the rest may be a secret.
impl fmt::Debug for NamedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedSource").field(&self.name).finish()
    }
}

/// Makes a source of its text form and the environment.
pub(super) fn parse(text: &str, variables: Variables<'_>) -> Result<CredentialsSource> {
    parse_near(text, variables, &|| Surroundings::read(variables))
}

/// The same, where tests have surroundings of their own.
pub(super) fn parse_near(
    text: &str,
    variables: Variables<'_>,
    surroundings: &dyn Fn() -> Result<Surroundings>,
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
        ("default", None) => NamedSource::new("default", Chain::new(&surroundings()?, variables)?),
        ("oidc", None) => NamedSource::new("oidc", surroundings()?.oidc(variables)?),
        ("profile" | "ecs" | "assume-role" | "process" | "uri", Some("")) => {
            return Err(refuse("there is nothing behind the colon"));
        }
        ("profile", name) => NamedSource::new("profile", Profiles::new(name, &surroundings()?)),
        ("ecs", role) => NamedSource::new("ecs", surroundings()?.ecs_role(role)?),
        ("assume-role", Some(arn)) => {
            let surroundings = surroundings()?;
            let role = surroundings.role_of_others(arn)?;
            let identity = Box::new(Chain::new(&surroundings, variables)?);
            let sts = surroundings.sts;
            NamedSource::new("assume-role", AssumeRole { identity, role, sts })
        }
        ("process", Some(line)) => {
            NamedSource::new("process", Process::parse(line).map_err(refuse)?)
        }
        ("uri", Some(url)) => NamedSource::new("uri", Uri(Address::parse(url).map_err(refuse)?)),
        _ => return Err(unknown()),
    };
    Ok(CredentialsSource::Named(source))
}

fn unknown() -> Error {
    let text = "this library has no such source; it knows default, env, oidc, profile, \
                profile:NAME, ecs, ecs:ROLE, assume-role:ARN, process:COMMAND, uri:URL and \
                anonymous";
    Error::new(ErrorKind::Unsupported, text).with_argument("credentials")
}

fn refuse(rule: &str) -> Error {
    Error::invalid("credentials", rule)
}
