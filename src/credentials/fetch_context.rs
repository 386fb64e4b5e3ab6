//! The context of a fetch from a built-in source: HTTP client, clock, cancellation and deadline.

use std::fmt;
use std::time::Duration;

use super::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::runtime::{Cancel, Clock, Deadline};
use crate::transport::Http;

/// The context of the call that needs credentials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchContext<'a> {
    /// The HTTP client of the OSS client, with its proxy and certificates.
    pub(crate) http: &'a Http,
    /// The uncorrected local clock: the offset of OSS does not apply to other services.
    pub(crate) clock: &'a Clock,
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
}

impl FetchContext<'_> {
    /// Limits the deadline to the maximum time of a fetch.
    pub(super) fn bounded(&self) -> Self {
        self.within(limits::CREDENTIALS_TIMEOUT)
    }

    /// Limits the deadline to `time` from now.
    pub(super) fn within(&self, time: Duration) -> Self {
        Self { deadline: self.deadline.earlier(Deadline::after(time)), ..*self }
    }
}

/// A built-in source.
pub(super) trait Fetch: Send + Sync {
    /// Fetches valid credentials.
    ///
    /// # Errors
    ///
    /// `Canceled` if the call was canceled, otherwise `Credentials`. Errors contain no secrets.
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials>;

    /// Like [`Fetch::fetch`], but distinguishes a source that is not configured.
    fn try_fetch(&self, context: &FetchContext<'_>) -> Result<Credentials, Unavailable> {
        self.fetch(context).map_err(Unavailable::Broken)
    }
}

/// Why a source provides no credentials.
#[derive(Debug)]
pub(super) enum Unavailable {
    /// The source is not configured; the text names what is missing.
    Absent(String),
    /// The source is configured and failed.
    Broken(Error),
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        match unavailable {
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

/// Creates an error of kind `Credentials`.
pub(super) fn unusable(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, text)
}

/// Converts an error to kind `Credentials` and names the source. `Canceled` stays as it is.
pub(super) fn of_source(source: impl fmt::Display, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Canceled => error,
        kind => {
            let is_transient = matches!(
                kind,
                ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
            );
            let retryable = is_transient || error.is_retryable();
            error.with_kind(ErrorKind::Credentials).with_context(source).with_retryable(retryable)
        }
    }
}
