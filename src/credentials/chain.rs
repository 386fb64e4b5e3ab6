//! The default chain: every source that may have been set up, in one order.
//!
//! The first that was set up gives the credentials, and is asked alone from then on. If it does not
//! work, that is the error: another identity than the one that was meant is never taken in its
//! place. The metadata service comes last, because nobody sets it up, and it is not there outside
//! the cloud.

use std::sync::OnceLock;

use super::endpoint_url::EndpointUrl;
use super::env_settings::{EnvSettings, Variables};
use super::fetch_context::{FetchContext, Source, Unavailable, of_source, unusable};
use super::profile::Profiles;
use super::uri::Uri;
use super::{Credentials, environment};
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Chain {
    links: Vec<Link>,
    /// The link that has worked.
    kept: OnceLock<usize>,
}

/// A source, or in words why it is known already not to be set up.
type Link = Result<Box<dyn Source>, String>;

impl Chain {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// `Credentials` for a source that the environment sets up in a way that cannot work.
    pub(super) fn new(env_settings: &EnvSettings, variables: Variables<'_>) -> Result<Self> {
        let mut links = Vec::new();
        for names in [environment::OSS, environment::ALIBABA_CLOUD] {
            links.push(match environment::find(&names, variables)? {
                Some(key) => Ok(Box::new(key) as Box<dyn Source>),
                None => Err(format!("{} is not set", names.id)),
            });
        }
        links.push(match env_settings.oidc(variables) {
            Ok(source) => Ok(Box::new(source)),
            Err(Unavailable::Absent(text)) => Err(text),
            Err(Unavailable::Broken(error)) => return Err(error),
        });
        links.push(Ok(Box::new(Profiles::new(None, env_settings))));
        links.push(match variables(URI).filter(|url| !url.is_empty()) {
            Some(url) => {
                let address = EndpointUrl::parse(&url)
                    .map_err(|rule| Error::new(ErrorKind::Credentials, rule).with_argument(URI))?;
                Ok(Box::new(Uri(address)))
            }
            None => Err(format!("{URI} is not set")),
        });
        links.push(match env_settings.ecs_role(None) {
            Ok(source) => Ok(Box::new(source)),
            Err(disabled) => Err(disabled.to_string()),
        });
        Ok(Self { links, kept: OnceLock::new() })
    }

    fn search(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let mut reasons = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            let source = match link {
                Ok(source) => source,
                Err(reason) => {
                    reasons.push(reason.clone());
                    continue;
                }
            };
            match source.try_fetch(context) {
                Ok(credentials) => {
                    self.kept.get_or_init(|| index);
                    return Ok(credentials);
                }
                Err(Unavailable::Absent(reason)) => reasons.push(reason),
                Err(Unavailable::Broken(error)) if index + 1 < self.links.len() => {
                    return Err(error);
                }
                Err(Unavailable::Broken(error)) => {
                    let others = format!("{NOBODY}: {}; last", reasons.join("; "));
                    return Err(of_source(others, error));
                }
            }
        }
        Err(unusable(format!("{NOBODY}: {}", reasons.join("; "))))
    }
}

impl Source for Chain {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        match self.kept.get().and_then(|index| self.links.get(*index)) {
            Some(Ok(source)) => source.fetch(context),
            _ => self.search(context),
        }
    }
}

const URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
const NOBODY: &str = "no source gave credentials";
