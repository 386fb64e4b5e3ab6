//! The default chain: all sources that may be configured, in a fixed order.
//!
//! The first configured source provides the credentials and is used alone from then on. If it
//! fails, the fetch fails: the chain never falls back to an identity that the user did not
//! configure. The metadata service is last, because it needs no configuration and exists only in
//! the cloud.

use std::sync::OnceLock;

use super::endpoint_url::EndpointUrl;
use super::env_settings::{EnvSettings, Variables};
use super::fetch_context::{Fetch, FetchContext, Unavailable, of_source, unusable};
use super::profile::Profiles;
use super::uri::Uri;
use super::{Credentials, environment};
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Chain {
    candidates: Vec<Candidate>,
    /// The index of the candidate that has provided credentials.
    selected: OnceLock<usize>,
}

/// A source, or the reason why it is not configured.
type Candidate = Result<Box<dyn Fetch>, String>;

impl Chain {
    /// Creates the chain from the environment.
    ///
    /// # Errors
    ///
    /// `Credentials` if the environment has an invalid setting of a source.
    pub(super) fn new(env_settings: &EnvSettings, variables: Variables<'_>) -> Result<Self> {
        let mut candidates = Vec::new();
        for names in [environment::OSS, environment::ALIBABA_CLOUD] {
            candidates.push(match environment::find(&names, variables)? {
                Some(key) => Ok(Box::new(key) as Box<dyn Fetch>),
                None => Err(format!("{} is not set", names.id)),
            });
        }
        candidates.push(match env_settings.oidc(variables) {
            Ok(source) => Ok(Box::new(source)),
            Err(Unavailable::Absent(text)) => Err(text),
            Err(Unavailable::Broken(error)) => return Err(error),
        });
        candidates.push(Ok(Box::new(Profiles::new(None, env_settings))));
        candidates.push(match variables(URI).filter(|url| !url.is_empty()) {
            Some(url) => {
                let endpoint = EndpointUrl::parse(&url)
                    .map_err(|rule| Error::new(ErrorKind::Credentials, rule).with_argument(URI))?;
                Ok(Box::new(Uri(endpoint)))
            }
            None => Err(format!("{URI} is not set")),
        });
        candidates.push(match env_settings.ecs_role(None) {
            Ok(source) => Ok(Box::new(source)),
            Err(disabled) => Err(disabled.to_string()),
        });
        Ok(Self { candidates, selected: OnceLock::new() })
    }

    fn search(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let mut reasons = Vec::new();
        for (index, candidate) in self.candidates.iter().enumerate() {
            let source = match candidate {
                Ok(source) => source,
                Err(reason) => {
                    reasons.push(reason.clone());
                    continue;
                }
            };
            match source.try_fetch(context) {
                Ok(credentials) => {
                    self.selected.get_or_init(|| index);
                    return Ok(credentials);
                }
                Err(Unavailable::Absent(reason)) => reasons.push(reason),
                Err(Unavailable::Broken(error)) if index + 1 < self.candidates.len() => {
                    return Err(error);
                }
                Err(Unavailable::Broken(error)) => {
                    let context = format!("{NO_CREDENTIALS}: {}; last", reasons.join("; "));
                    return Err(of_source(context, error));
                }
            }
        }
        Err(unusable(format!("{NO_CREDENTIALS}: {}", reasons.join("; "))))
    }
}

impl Fetch for Chain {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        match self.selected.get().and_then(|index| self.candidates.get(*index)) {
            Some(Ok(source)) => source.fetch(context),
            _ => self.search(context),
        }
    }
}

const URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
const NO_CREDENTIALS: &str = "no source provided credentials";
