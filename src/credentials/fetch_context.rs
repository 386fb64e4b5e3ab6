//! What a source of this library is asked with: the means and the limits of one call.

use std::fmt;
use std::time::Duration;

use super::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::runtime::{Cancel, Clock, Deadline};
use crate::transport::Http;

/// The call that needs credentials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchContext<'a> {
    /// The client's own way to servers: its proxy, its certificates.
    pub(crate) http: &'a Http,
    /// The local clock as it is: an offset learned from OSS has no say here.
    pub(crate) clock: &'a Clock,
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
}

impl FetchContext<'_> {
    /// The same call with no more time than one fetch may take.
    pub(super) fn bounded(&self) -> Self {
        self.within(limits::CREDENTIALS_TIMEOUT)
    }

    /// The same call with this time at the most.
    pub(super) fn within(&self, time: Duration) -> Self {
        Self { deadline: self.deadline.earlier(Deadline::after(time)), ..*self }
    }
}

/// One of the library's own sources.
pub(super) trait Source: Send + Sync {
    /// Gives credentials that are good now.
    ///
    /// # Errors
    ///
    /// `Canceled` if the call was; everything else becomes one of kind `Credentials`. No error has
    /// a secret in it.
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials>;

    /// The same, and told apart whether the source was set up at all.
    fn try_fetch(&self, context: &FetchContext<'_>) -> Result<Credentials, Unavailable> {
        self.fetch(context).map_err(Unavailable::Broken)
    }
}

/// Why a source gives nothing.
#[derive(Debug)]
pub(super) enum Unavailable {
    /// It was not set up; in words that name what was looked for.
    Absent(String),
    /// It was set up, and does not work.
    Broken(Error),
}

impl From<Unavailable> for Error {
    fn from(lack: Unavailable) -> Self {
        match lack {
            Unavailable::Absent(text) => unusable(text),
            Unavailable::Broken(error) => error,
        }
    }
}

impl From<Error> for Unavailable {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// A source that cannot be used, in words.
pub(super) fn unusable(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, text)
}

/// The same error as one of a source; a cancel stays what it is.
pub(super) fn of_source(source: impl fmt::Display, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Canceled => error,
        kind => {
            let passes = matches!(
                kind,
                ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
            );
            let retryable = passes || error.is_retryable();
            error.with_kind(ErrorKind::Credentials).with_context(source).with_retryable(retryable)
        }
    }
}
