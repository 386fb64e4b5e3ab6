//! What is to be uploaded, and where each of it goes.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::object_url::ObjectUrl;
use crate::place::Place;

/// One object to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub source: Source,
    pub target: ObjectUrl,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Stdin,
}

impl Job {
    /// What goes where. Mistakes that can be seen now are found before anything is sent.
    ///
    /// # Errors
    ///
    /// `Usage`: a directory, several sources for one object, stdin without a key.
    pub fn plan(sources: &[PathBuf], target: &Place) -> Result<Vec<Self>, Failure> {
        let is_folder = target.rest.is_empty() || target.rest.ends_with('/');
        if sources.len() > 1 && !is_folder {
            let text = format!("several files need a target that ends with a slash: {target}/");
            return Err(Failure::Usage(text));
        }
        let jobs = sources.iter().map(|source| Self::new(source, target, is_folder));
        let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
        let mut targets = HashSet::new();
        match jobs.iter().find(|job| !targets.insert(job.target.to_string())) {
            None => Ok(jobs),
            Some(Self { target, .. }) => {
                let text = format!("two of the files would become {target}; upload one elsewhere");
                Err(Failure::Usage(text))
            }
        }
    }

    /// Without the folders that it is in.
    pub fn label(&self) -> &str {
        match &self.source {
            Source::File(path) => name(path).unwrap_or("file"),
            Source::Stdin => "stdin",
        }
    }

    pub fn is_resumable(&self) -> bool {
        self.source != Source::Stdin
    }

    fn new(source: &Path, target: &Place, is_folder: bool) -> Result<Self, Failure> {
        let refuse = |text: String| Err(Failure::Usage(text));
        if source == Path::new("-") {
            if is_folder {
                return refuse(format!("stdin has no name: give the key too, {target}KEY"));
            }
            return Ok(Self { source: Source::Stdin, target: at(target, "")? });
        }
        let shown = source.display();
        if source.is_dir() {
            return refuse(format!(
                "{shown} is a directory; give the files in it, ossmpu put FILE... \
                 oss://BUCKET/PREFIX/, or stream it, tar c {shown} | ossmpu put - oss://BUCKET/KEY"
            ));
        }
        let target = match name(source) {
            Some(name) => at(target, name)?,
            None if is_folder => {
                return refuse(format!(
                    "{shown} has no name that a key can have; give the key too"
                ));
            }
            None => at(target, "")?,
        };
        Ok(Self { source: Source::File(source.to_path_buf()), target })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("-"),
        }
    }
}

fn name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

fn at(place: &Place, name: &str) -> Result<ObjectUrl, Failure> {
    ObjectUrl::at(place, name).map_err(|error| Failure::Usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(sources: &[&str], target: &str) -> Result<Vec<String>, String> {
        let sources: Vec<_> = sources.iter().map(PathBuf::from).collect();
        match Job::plan(&sources, &Place::parse(target).unwrap()) {
            Ok(jobs) => Ok(jobs.iter().map(|job| job.target.to_string()).collect()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[test]
    fn a_file_keeps_its_name_in_a_folder_and_loses_it_under_a_key() {
        let to = |target| plan(&["some/a.bin"], target).unwrap();
        assert_eq!(to("oss://abc"), ["oss://abc/a.bin"]);
        assert_eq!(to("oss://abc/d/"), ["oss://abc/d/a.bin"]);
        assert_eq!(to("oss://abc/d"), ["oss://abc/d"]);
        assert_eq!(plan(&["-"], "oss://abc/d").unwrap(), ["oss://abc/d"]);
        assert_eq!(plan(&["a", "b"], "oss://abc").unwrap(), ["oss://abc/a", "oss://abc/b"]);
    }

    #[test]
    fn mistakes_are_named_with_the_way_out() {
        let wrong = |sources: &[&str], target| plan(sources, target).unwrap_err();
        assert!(wrong(&["a", "b"], "oss://abc/d").contains("oss://abc/d/"));
        assert!(wrong(&["-"], "oss://abc/d/").contains("oss://abc/d/KEY"));
        assert!(wrong(&["x/a", "y/a"], "oss://abc").contains("oss://abc/a"));
        let folder = std::env::temp_dir();
        assert!(wrong(&[folder.to_str().unwrap()], "oss://abc").contains("is a directory"));
    }
}
