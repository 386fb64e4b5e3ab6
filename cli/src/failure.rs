//! Why a command could not be done.

use std::fmt;
use std::io;

use ossmpu::ErrorKind;

use crate::ending::Ending;

/// Why a command, or one of several things that it does, could not be done.
#[derive(Debug)]
pub enum Failure {
    /// The command line asks for what cannot be; nothing was sent.
    Usage(String),
    /// The library's word, and what it is about if there are several.
    Library(Subject, ossmpu::Error),
    /// The operating system's, at something of this program's own.
    System(String, io::Error),
    /// Stdout cannot be written to.
    Output(io::Error),
}

/// What a failure is about, when a command does several things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The local file, or `-`.
    pub source: Option<String>,
    /// The object, as `oss://BUCKET/KEY`.
    pub target: Option<String>,
}

impl Failure {
    pub fn ending(&self) -> Ending {
        match self {
            Self::Usage(_) => Ending::Usage,
            // What the library lacks is something that was asked for.
            Self::Library(_, error)
                if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported) =>
            {
                Ending::Usage
            }
            Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {
                Ending::OutputClosed
            }
            Self::Library(..) | Self::System(..) | Self::Output(_) => Ending::Failed,
        }
    }

    /// The word that stands for it in JSON: the library's for the kind, or `usage` or `output`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Library(_, error) => error.kind().as_str(),
            Self::System(..) => "system",
            Self::Output(_) => "output",
        }
    }
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
            Self::Library(subject, error) => {
                if let Some(what) = subject.source.as_ref().or(subject.target.as_ref()) {
                    write!(f, "{what}: ")?;
                }
                error.fmt(f)
            }
            Self::System(what, cause) => write!(f, "{what}: {cause}"),
            Self::Output(cause) => write!(f, "stdout: {cause}"),
        }
    }
}
