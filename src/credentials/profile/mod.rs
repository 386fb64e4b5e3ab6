//! Profiles in the configuration files of the Alibaba Cloud tools. The files are read in each fetch
//! and never written.

mod aliyun_cli;
mod credentials_ini;
mod ini;
mod ossutil;

use std::io::ErrorKind;
use std::path::Path;

use super::env_settings::EnvSettings;
use super::fetch_context::{Fetch, FetchContext, Unavailable, of_source, unusable};
use super::{Credentials, secret_file};
use crate::error::{Error, Result, io_text};
use crate::sign::AccessKey;

/// Uses the first of the files that has the profile.
pub(super) struct Profiles {
    /// `None` means the default profile of each file.
    name: Option<String>,
    env_settings: EnvSettings,
}

/// The source of a profile, or why there is none.
type ProfileLookup = Result<Box<dyn Fetch>, Unavailable>;

impl Profiles {
    /// Creates the source; the default name is that of the environment.
    pub(super) fn new(name: Option<&str>, env_settings: &EnvSettings) -> Self {
        let name = name.map(str::to_owned).or_else(|| env_settings.profile.clone());
        Self { name, env_settings: env_settings.clone() }
    }

    fn find(&self) -> ProfileLookup {
        let name = self.name.as_deref();
        let env_settings = &self.env_settings;
        let mut reasons = Vec::new();
        let mut continue_if_absent = |found: ProfileLookup| match found {
            Err(Unavailable::Absent(reason)) => {
                reasons.push(reason);
                None
            }
            found => Some(found),
        };
        let aliyun_cli = match &env_settings.aliyun_cli_file {
            Ok(path) => in_file(path, |text| aliyun_cli::profile(path, text, name, env_settings)),
            Err(reason) => Err(Unavailable::Absent(format!(
                "the file of the Alibaba Cloud CLI is not read: {reason}"
            ))),
        };
        if let Some(found) = continue_if_absent(aliyun_cli) {
            return found;
        }
        for path in &env_settings.ini_files {
            let found =
                in_file(path, |text| credentials_ini::profile(path, text, name, env_settings));
            if let Some(found) = continue_if_absent(found) {
                return found;
            }
        }
        if let Some(path) = &env_settings.ossutil_file {
            let found = in_file(path, |text| ossutil::profile(path, text, name));
            if let Some(found) = continue_if_absent(found) {
                return found;
            }
        }
        Err(Unavailable::Absent(reasons.join("; ")))
    }
}

impl Fetch for Profiles {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.try_fetch(context).map_err(|unavailable| match unavailable {
            Unavailable::Absent(reasons) => unusable(format!("no file has the profile: {reasons}")),
            Unavailable::Broken(error) => error,
        })
    }

    fn try_fetch(&self, context: &FetchContext<'_>) -> Result<Credentials, Unavailable> {
        self.find()?.try_fetch(context)
    }
}

/// A source whose errors name the profile and the file.
struct DescribedSource {
    description: String,
    source: Box<dyn Fetch>,
}

impl Fetch for DescribedSource {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.source.fetch(context).map_err(|error| of_source(&self.description, error))
    }
}

/// Describes a profile for errors.
fn describe(name: &str, path: &Path) -> String {
    format!("profile {name:?} of {}", path.display())
}

fn with_description(description: String, source: Result<Box<dyn Fetch>>) -> ProfileLookup {
    match source {
        Ok(source) => Ok(Box::new(DescribedSource { description, source })),
        Err(error) => Err(Unavailable::Broken(of_source(description, error))),
    }
}

fn in_file(path: &Path, find: impl FnOnce(&str) -> ProfileLookup) -> ProfileLookup {
    let refuse = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Unavailable::Absent(format!("there is no {}", path.display()))
        }
        _ => Unavailable::Broken(
            unusable(format!("{}: {}", path.display(), io_text(&cause))).with_io(&cause),
        ),
    };
    find(&secret_file::read(path, FILE_SIZE_MAX).map_err(refuse)?)
}

/// Creates the access key of a profile.
fn access_key(id: Option<&str>, secret: Option<&str>, token: Option<&str>) -> Result<AccessKey> {
    let missing = |name: &str| -> Error { unusable(format!("{name} is missing")) };
    let id = id.ok_or_else(|| missing("the access key ID"))?;
    let secret = secret.ok_or_else(|| missing("the access key secret"))?;
    let key = AccessKey::new(id, secret)?;
    match token {
        Some(token) => key.with_token(token),
        None => Ok(key),
    }
}

/// Parses a text as each of the files, without fetching from the sources.
#[cfg(fuzzing)]
pub(super) fn fuzz(text: &str) -> Result<()> {
    let path = Path::new("file");
    let env_settings = EnvSettings::read(&|_| None)?;
    for name in [None, Some("default"), Some("a")] {
        let _ = aliyun_cli::profile(path, text, name, &env_settings);
        let _ = credentials_ini::profile(path, text, name, &env_settings);
        let _ = ossutil::profile(path, text, name);
    }
    Ok(())
}

const FILE_SIZE_MAX: usize = 256 * 1024;
