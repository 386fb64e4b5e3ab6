//! Profiles in the files of the vendor's tools. They are read anew at each refresh, and never
//! written.

mod aliyun_cli;
mod credentials_ini;
mod ini;
mod ossutil;

use std::io::ErrorKind;
use std::path::Path;

use super::env_settings::EnvSettings;
use super::fetch_context::{FetchContext, Source, Unavailable, of_source, unusable};
use super::{Credentials, secret_file};
use crate::error::{Error, Result};
use crate::sign::AccessKey;

/// The first of the files that has the profile gives it.
pub(super) struct Profiles {
    /// `None` is the one that each file has for when none is named.
    wanted: Option<String>,
    env_settings: EnvSettings,
}

/// What a file makes of itself: the source of a profile, or that it has none of that name.
type Found = Result<Box<dyn Source>, Unavailable>;

impl Profiles {
    /// Unless a name is given, the one in the environment counts.
    pub(super) fn new(name: Option<&str>, env_settings: &EnvSettings) -> Self {
        let wanted = name.map(str::to_owned).or_else(|| env_settings.profile.clone());
        Self { wanted, env_settings: env_settings.clone() }
    }

    fn find(&self) -> Found {
        let wanted = self.wanted.as_deref();
        let env_settings = &self.env_settings;
        let mut reasons = Vec::new();
        let mut note = |found: Found| match found {
            Err(Unavailable::Absent(reason)) => {
                reasons.push(reason);
                None
            }
            found => Some(found),
        };
        let aliyun_cli = match &env_settings.command_line_file {
            Ok(path) => in_file(path, |text| aliyun_cli::profile(path, text, wanted, env_settings)),
            Err(reason) => Err(Unavailable::Absent(format!(
                "the file of the command line tool is not read: {reason}"
            ))),
        };
        if let Some(found) = note(aliyun_cli) {
            return found;
        }
        for path in &env_settings.ini_files {
            let found =
                in_file(path, |text| credentials_ini::profile(path, text, wanted, env_settings));
            if let Some(found) = note(found) {
                return found;
            }
        }
        if let Some(path) = &env_settings.ossutil_file {
            let found = in_file(path, |text| ossutil::profile(path, text, wanted));
            if let Some(found) = note(found) {
                return found;
            }
        }
        Err(Unavailable::Absent(reasons.join("; ")))
    }
}

impl Source for Profiles {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.try_fetch(context).map_err(|lack| match lack {
            Unavailable::Absent(reasons) => unusable(format!("no file has the profile: {reasons}")),
            Unavailable::Broken(error) => error,
        })
    }

    fn try_fetch(&self, context: &FetchContext<'_>) -> Result<Credentials, Unavailable> {
        self.find()?.try_fetch(context)
    }
}

/// A source that says which profile of which file it came from when it fails.
struct InFile {
    place: String,
    source: Box<dyn Source>,
}

impl Source for InFile {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.source.fetch(context).map_err(|error| of_source(&self.place, error))
    }
}

/// How an error names a profile; its name and path may have any characters.
fn place(name: &str, path: &Path) -> String {
    format!("profile {name:?} of {}", path.display())
}

fn placed(place: String, source: Result<Box<dyn Source>>) -> Found {
    match source {
        Ok(source) => Ok(Box::new(InFile { place, source })),
        Err(error) => Err(Unavailable::Broken(of_source(place, error))),
    }
}

fn in_file(path: &Path, find: impl FnOnce(&str) -> Found) -> Found {
    let refuse = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Unavailable::Absent(format!("there is no {}", path.display()))
        }
        _ => Unavailable::Broken(unusable(format!("{}: {cause}", path.display())).with_io(&cause)),
    };
    find(&secret_file::read(path, FILE_MAX).map_err(refuse)?)
}

/// The key pair of a profile.
fn key(id: Option<&str>, secret: Option<&str>, token: Option<&str>) -> Result<AccessKey> {
    let missing = |name: &str| -> Error { unusable(format!("{name} is missing")) };
    let id = id.ok_or_else(|| missing("the access key ID"))?;
    let secret = secret.ok_or_else(|| missing("the access key secret"))?;
    let key = AccessKey::new(id, secret)?;
    match token {
        Some(token) => key.with_token(token),
        None => Ok(key),
    }
}

/// Any text as each of the files. Sources are made of it, and none is asked.
#[cfg(fuzzing)]
pub(super) fn fuzz(text: &str) -> Result<()> {
    let path = Path::new("file");
    let env_settings = EnvSettings::read(&|_| None)?;
    for wanted in [None, Some("default"), Some("a")] {
        let _ = aliyun_cli::profile(path, text, wanted, &env_settings);
        let _ = credentials_ini::profile(path, text, wanted, &env_settings);
        let _ = ossutil::profile(path, text, wanted);
    }
    Ok(())
}

const FILE_MAX: usize = 256 * 1024;
