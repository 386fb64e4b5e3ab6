//! Pairs the sources on the command line with their target objects.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::bucket_url::BucketUrl;
use crate::failure::Failure;
use crate::object_url::ObjectUrl;

/// One source and the object to create from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadJob {
    pub source: Source,
    pub target: ObjectUrl,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Stdin,
}

impl UploadJob {
    /// Makes one job per source and detects invalid combinations before anything is sent.
    ///
    /// # Errors
    ///
    /// `Usage`, for a directory, several sources of one object, or stdin without a key.
    pub fn plan(sources: &[PathBuf], target: &BucketUrl) -> Result<Vec<Self>, Failure> {
        let is_prefix = target.path.is_empty() || target.path.ends_with('/');
        if sources.len() > 1 && !is_prefix {
            let text = format!("several files need a target that ends with a slash: {target}/");
            return Err(Failure::Usage(text));
        }
        let jobs = sources.iter().map(|source| Self::new(source, target, is_prefix));
        let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
        let mut targets = HashSet::new();
        match jobs.iter().find(|job| !targets.insert(job.target.to_string())) {
            None => Ok(jobs),
            Some(Self { target, .. }) => {
                let text = format!("two of the files have the same target {target}");
                Err(Failure::Usage(text))
            }
        }
    }

    /// The file name without its directory.
    pub fn label(&self) -> &str {
        match &self.source {
            Source::File(path) => name(path).unwrap_or("file"),
            Source::Stdin => "stdin",
        }
    }

    /// False for stdin, which cannot be read again.
    pub fn is_resumable(&self) -> bool {
        self.source != Source::Stdin
    }

    fn new(source: &Path, target: &BucketUrl, is_prefix: bool) -> Result<Self, Failure> {
        let refuse = |text: String| Err(Failure::Usage(text));
        if source == Path::new("-") {
            if is_prefix {
                return refuse(format!("stdin has no name: specify the key, {target}KEY"));
            }
            return Ok(Self { source: Source::Stdin, target: resolve(target, "")? });
        }
        let shown = source.display();
        if source.is_dir() {
            return refuse(format!(
                "{shown} is a directory; upload its files, ossmpu put FILE... \
                 oss://BUCKET/PREFIX/, or stream it, tar c {shown} | ossmpu put - oss://BUCKET/KEY"
            ));
        }
        let target = match name(source) {
            Some(name) => resolve(target, name)?,
            None if is_prefix => {
                return refuse(format!("the name of {shown} cannot be a key; specify the key"));
            }
            None => resolve(target, "")?,
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

fn resolve(target: &BucketUrl, name: &str) -> Result<ObjectUrl, Failure> {
    ObjectUrl::resolve(target, name).map_err(|error| Failure::Usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(sources: &[&str], target: &str) -> Result<Vec<String>, String> {
        let sources: Vec<_> = sources.iter().map(PathBuf::from).collect();
        match UploadJob::plan(&sources, &BucketUrl::parse(target).unwrap()) {
            Ok(jobs) => Ok(jobs.iter().map(|job| job.target.to_string()).collect()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[test]
    fn a_file_keeps_its_name_under_a_prefix_but_not_under_a_key() {
        let to = |target| plan(&["some/a.bin"], target).unwrap();
        assert_eq!(to("oss://abc"), ["oss://abc/a.bin"]);
        assert_eq!(to("oss://abc/d/"), ["oss://abc/d/a.bin"]);
        assert_eq!(to("oss://abc/d"), ["oss://abc/d"]);
        assert_eq!(plan(&["-"], "oss://abc/d").unwrap(), ["oss://abc/d"]);
        assert_eq!(plan(&["a", "b"], "oss://abc").unwrap(), ["oss://abc/a", "oss://abc/b"]);
    }

    #[test]
    fn errors_suggest_a_remedy() {
        let error = |sources: &[&str], target| plan(sources, target).unwrap_err();
        assert!(error(&["a", "b"], "oss://abc/d").contains("oss://abc/d/"));
        assert!(error(&["-"], "oss://abc/d/").contains("oss://abc/d/KEY"));
        assert!(error(&["x/a", "y/a"], "oss://abc").contains("oss://abc/a"));
        let folder = std::env::temp_dir();
        assert!(error(&[folder.to_str().unwrap()], "oss://abc").contains("is a directory"));
    }
}
