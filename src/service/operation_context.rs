//! Inputs and outcome of one OSS operation.

use super::{Evidence, RateLimiter};
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Cancel, Deadline};
use crate::transport::CancelPolicy;
use crate::wire::Sent;

/// The caller's settings for one operation.
pub(crate) struct OperationContext<'a> {
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
    pub(crate) cancel_policy: CancelPolicy<'a>,
    pub(crate) attempts: AttemptLimit,
    /// Whether the CRC-64 that OSS returns is compared with that of the bytes sent.
    pub(crate) check_crc64: bool,
    pub(crate) observer: Option<&'a dyn Observer>,
    /// The rate limiter of the upload, in addition to that of the client.
    pub(crate) rate_limiter: Option<&'a RateLimiter>,
    /// Which failures are not logged as errors.
    pub(crate) expected_failure: ExpectedFailure,
}

/// Failures that the caller expects; they are logged as Info.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedFailure {
    None,
    /// A response with the status 404.
    NotFound,
    Any,
}

/// How often a request is attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptLimit {
    /// The limit of the client and its retry budget apply.
    Configured,
    /// Only the deadline applies: for requests that end an upload.
    Deadline,
}

/// Receives the progress of an operation, on the thread that executes it.
pub(crate) trait Observer: Sync {
    /// `bytes` more bytes of the body were sent.
    fn sent(&self, bytes: u64);

    /// The operation will be retried.
    fn retried(&self);

    /// OSS has delayed a request by `ms` milliseconds, because of its bandwidth limits.
    fn throttled(&self, ms: u64);
}

/// The outcome of a successful operation.
#[derive(Debug)]
pub(crate) struct OperationOutcome<T> {
    /// The parsed result.
    pub(crate) output: T,
    pub(crate) sent: Sent,
    /// Whether attempts before the successful one took effect.
    pub(crate) earlier_attempts: Evidence,
}

/// The error of a failed operation.
#[derive(Debug)]
pub(crate) struct OperationError {
    pub(crate) error: Error,
    /// Whether any attempt took effect.
    pub(crate) evidence: Evidence,
    /// Whether attempts before the last one took effect.
    pub(crate) earlier_attempts: Evidence,
}

impl From<OperationError> for Error {
    fn from(failed: OperationError) -> Self {
        failed.error
    }
}

impl<'a> OperationContext<'a> {
    pub(crate) fn new(cancel: &'a Cancel) -> Self {
        Self {
            cancel,
            deadline: Deadline::NEVER,
            cancel_policy: CancelPolicy::Immediate,
            attempts: AttemptLimit::Configured,
            check_crc64: true,
            observer: None,
            rate_limiter: None,
            expected_failure: ExpectedFailure::None,
        }
    }

    /// True if the caller expects this error.
    pub(super) fn expects(&self, error: &Error) -> bool {
        let is_expected = match self.expected_failure {
            ExpectedFailure::None => false,
            ExpectedFailure::NotFound => error.http_status() == Some(404),
            ExpectedFailure::Any => true,
        };
        is_expected || error.kind() == ErrorKind::Canceled
    }

    /// An error if the call was canceled or its deadline has passed.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_triggered() {
            return Err(Error::canceled());
        }
        if self.deadline.has_passed() {
            return Err(Error::deadline_passed());
        }
        Ok(())
    }
}
