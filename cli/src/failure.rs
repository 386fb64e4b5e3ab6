//! The errors of a command.

use std::fmt;
use std::io;

use ossmpu::{ErrorKind, ObjectExists};

use crate::exit_status::ExitStatus;

/// The reason why a command, or one of its operations, failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line is invalid; nothing was sent.
    Usage(String),
    /// An error of the library, with the file and object it concerns.
    Library(Subject, ossmpu::Error),
    /// The object is stored, but its upload callback failed.
    Callback(Subject, ossmpu::Error),
    /// An error of the operating system, with what it concerns.
    System(String, io::Error),
    /// Writing to stdout failed.
    Output(io::Error),
}

/// The file and object that a failure concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The local file, `-` for stdin, or the URL of the object that is copied.
    pub source: Option<String>,
    /// The URL of the object, `oss://BUCKET/KEY`.
    pub target: Option<String>,
}

impl Failure {
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Usage(_) => ExitStatus::Usage,
            Self::Library(_, error) if is_usage_error(error) => ExitStatus::Usage,
            Self::Callback(..) => ExitStatus::CallbackFailed,
            Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {
                ExitStatus::StdoutClosed
            }
            Self::Library(..) | Self::System(..) | Self::Output(_) => ExitStatus::Failed,
        }
    }

    /// The `kind` field in JSON: the library's error kind, or `usage`, `system` or `output`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Library(_, error) | Self::Callback(_, error) => error.kind().as_str(),
            Self::System(..) => "system",
            Self::Output(_) => "output",
        }
    }
}

/// True if the library refused an option or argument before it sent a request that has an effect.
/// A copy may have read the properties of its source, and a delta upload those of its base.
fn is_usage_error(error: &ossmpu::Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported)
        && error.http_status().is_none()
        && error.request_id().is_none()
        && (error.upload_id().is_none() || matches!(error.argument(), Some("endpoint" | "region")))
        && !error.upload_may_exist()
        && error.object_exists() == ObjectExists::No
}

impl From<ossmpu::Error> for Failure {
    fn from(error: ossmpu::Error) -> Self {
        Self::Library(Subject::default(), error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Library(subject, error) | Self::Callback(subject, error) => {
                if let Some(name) = subject.source.as_ref().or(subject.target.as_ref()) {
                    write!(f, "{name}: ")?;
                }
                error.fmt(f)
            }
            Self::System(what, cause) => write!(f, "{what}: {cause}"),
            Self::Output(cause) => write!(f, "stdout: {cause}"),
        }
    }
}
