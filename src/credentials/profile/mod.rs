//! Profiles in the files of the vendor's tools. They are read anew at each refresh, and never
//! written.

mod command_line;
mod ini;
mod ini_file;
mod ossutil;

use std::io::ErrorKind;
use std::path::Path;

use super::asking::{Asking, Lack, Source, of_source, unusable};
use super::surroundings::Surroundings;
use super::{Credentials, small_file};
use crate::error::{Error, Result};
use crate::sign::AccessKey;

/// The first of the files that has the profile gives it.
pub(super) struct Profiles {
    /// `None` is the one that each file has for when none is named.
    wanted: Option<String>,
    surroundings: Surroundings,
}

/// What a file makes of itself: the source of a profile, or that it has none of that name.
type Found = Result<Box<dyn Source>, Lack>;

impl Profiles {
    /// Unless a name is given, the one in the environment counts.
    pub(super) fn new(name: Option<&str>, surroundings: &Surroundings) -> Self {
        let wanted = name.map(str::to_owned).or_else(|| surroundings.profile.clone());
        Self { wanted, surroundings: surroundings.clone() }
    }

    fn find(&self) -> Found {
        let wanted = self.wanted.as_deref();
        let surroundings = &self.surroundings;
        let mut reasons = Vec::new();
        let mut note = |found: Found| match found {
            Err(Lack::Absent(reason)) => {
                reasons.push(reason);
                None
            }
            found => Some(found),
        };
        let command_line = match &surroundings.command_line_file {
            Ok(path) => {
                in_file(path, |text| command_line::profile(path, text, wanted, surroundings))
            }
            Err(reason) => Err(Lack::Absent(format!(
                "the file of the command line tool is not read: {reason}"
            ))),
        };
        if let Some(found) = note(command_line) {
            return found;
        }
        for path in &surroundings.ini_files {
            let found = in_file(path, |text| ini_file::profile(path, text, wanted, surroundings));
            if let Some(found) = note(found) {
                return found;
            }
        }
        if let Some(path) = &surroundings.ossutil_file {
            let found = in_file(path, |text| ossutil::profile(path, text, wanted));
            if let Some(found) = note(found) {
                return found;
            }
        }
        Err(Lack::Absent(reasons.join("; ")))
    }
}

impl Source for Profiles {
    fn fetch(&self, asking: &Asking<'_>) -> Result<Credentials> {
        self.offer(asking).map_err(|lack| match lack {
            Lack::Absent(reasons) => unusable(format!("no file has the profile: {reasons}")),
            Lack::Broken(error) => error,
        })
    }

    fn offer(&self, asking: &Asking<'_>) -> Result<Credentials, Lack> {
        self.find()?.offer(asking)
    }
}

/// A source that says which profile of which file it came from when it fails.
struct InFile {
    place: String,
    source: Box<dyn Source>,
}

impl Source for InFile {
    fn fetch(&self, asking: &Asking<'_>) -> Result<Credentials> {
        self.source.fetch(asking).map_err(|error| of_source(&self.place, error))
    }
}

/// How an error names a profile; its name and path may have any characters.
fn place(name: &str, path: &Path) -> String {
    format!("profile {name:?} of {}", path.display())
}

fn placed(place: String, source: Result<Box<dyn Source>>) -> Found {
    match source {
        Ok(source) => Ok(Box::new(InFile { place, source })),
        Err(error) => Err(Lack::Broken(of_source(place, error))),
    }
}

fn in_file(path: &Path, find: impl FnOnce(&str) -> Found) -> Found {
    let refuse = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Lack::Absent(format!("there is no {}", path.display()))
        }
        _ => Lack::Broken(unusable(format!("{}: {cause}", path.display())).with_io(&cause)),
    };
    find(&small_file::read(path, FILE_MAX).map_err(refuse)?)
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
    let surroundings = Surroundings::read(&|_| None)?;
    for wanted in [None, Some("default"), Some("a")] {
        let _ = command_line::profile(path, text, wanted, &surroundings);
        let _ = ini_file::profile(path, text, wanted, &surroundings);
        let _ = ossutil::profile(path, text, wanted);
    }
    Ok(())
}

const FILE_MAX: usize = 256 * 1024;
