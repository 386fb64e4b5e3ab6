//! What a call is told, and what comes of it.

use super::{Evidence, RateLimiter};
use crate::error::Error;
use crate::runtime::{Cancel, Deadline};
use crate::transport::CancelPolicy;
use crate::wire::Sent;

/// What a call is told by whoever makes it.
pub(crate) struct CallContext<'a> {
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
    pub(crate) cancel_policy: CancelPolicy<'a>,
    pub(crate) attempts: AttemptLimit,
    /// Compare the service's CRC-64 of a body with ours.
    pub(crate) check_crc64: bool,
    pub(crate) observer: Option<&'a dyn Observer>,
    /// A limit of this upload's, besides that of the client.
    pub(crate) rate: Option<&'a RateLimiter>,
    /// The call asks whether something is there, so that a 404 is no failure to the log.
    pub(crate) expects_not_found: bool,
}

/// How often a request is attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptLimit {
    /// As the client is configured, and within its retry budget.
    Configured,
    /// Until the deadline, whatever the configuration and the retry budget say: for requests that
    /// end an upload.
    Deadline,
}

/// Sees what goes on while a call runs; called on the thread that makes the call.
pub(crate) trait Observer: Sync {
    /// That many more bytes of a body went onto the wire.
    fn sent(&self, bytes: u64);

    /// The request will be sent again.
    fn retried(&self);
}

/// A call that succeeded.
#[derive(Debug)]
pub(crate) struct CallOutcome<R> {
    pub(crate) output: R,
    pub(crate) sent: Sent,
    /// About the attempts before the one that succeeded.
    pub(crate) earlier_attempts: Evidence,
}

/// A call that failed.
#[derive(Debug)]
pub(crate) struct CallError {
    pub(crate) error: Error,
    /// About all attempts.
    pub(crate) evidence: Evidence,
}

impl From<CallError> for Error {
    fn from(failed: CallError) -> Self {
        failed.error
    }
}

impl<'a> CallContext<'a> {
    pub(crate) fn new(cancel: &'a Cancel) -> Self {
        Self {
            cancel,
            deadline: Deadline::NEVER,
            cancel_policy: CancelPolicy::Cut,
            attempts: AttemptLimit::Configured,
            check_crc64: true,
            observer: None,
            rate: None,
            expects_not_found: false,
        }
    }
}
