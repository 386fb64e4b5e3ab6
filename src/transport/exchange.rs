//! What goes into an exchange and what comes out of it, as plain values.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::limits;
use crate::model::Target;
use crate::runtime::{Cancel, CleanupBudget, Deadline};
use crate::wire::{Body, Headers, Method, Response, Sent};

/// A request that is ready to go: signed, with every header but those of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) target: &'a Target,
    /// Escaped; empty if there is none.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a Headers,
    pub(crate) body: &'a Body,
}

/// Under which rules one request is sent.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) cancel: &'a Cancel,
    pub(crate) limits: TimeLimits,
    /// Of the whole call, over all limits.
    pub(crate) deadline: Deadline,
    pub(crate) cancel_policy: CancelPolicy<'a>,
    /// Called with the bytes of the body that were sent since the last call. Those of the last step
    /// are reported when the response has arrived.
    pub(crate) progress: Option<&'a (dyn Fn(u64) + Sync)>,
    pub(crate) pace: Option<&'a dyn Pace>,
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimits {
    pub(crate) resolve: Duration,
    /// From the first packet to a connection that can carry a request: all addresses, the proxy's
    /// handshake and TLS together.
    pub(crate) connect: Duration,
    /// A window of this length in which fewer than [`limits::STALL_BYTES`] move is a stall.
    pub(crate) stall: Duration,
    /// From the last byte of the request to the end of the response.
    pub(crate) response: Duration,
}

/// What a cancel or the deadline does to a request that is completely sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CancelPolicy<'a> {
    /// The response is not awaited.
    Cut,
    /// The response is awaited as long as the budget allows; the cancellation starts it.
    AwaitResponse(&'a Arc<CleanupBudget>),
}

/// A limit to the rate of sending.
pub(crate) trait Pace: Sync {
    /// The time to wait before `bytes` bytes may be sent.
    fn take(&self, bytes: usize) -> Duration;
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) response: Response,
    /// What was read of the body.
    pub(crate) sent: Sent,
    /// False if the response came before the body was all sent.
    pub(crate) whole: bool,
}

/// Why there is no response, and what that means for another attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) delivery: Delivery,
    /// The connection was kept from an earlier exchange and died before a byte of the response:
    /// nothing is wrong with the server.
    pub(crate) reused: bool,
    /// The checksum of the body, if the connection took all of it.
    pub(crate) sent: Option<Sent>,
}

/// Whether the server can have seen something of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Never,
    Maybe,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            resolve: limits::RESOLVE_TIMEOUT,
            connect: limits::CONNECT_TIMEOUT,
            stall: limits::STALL_TIMEOUT,
            response: limits::RESPONSE_TIMEOUT,
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("cancel", &self.cancel)
            .field("limits", &self.limits)
            .field("deadline", &self.deadline)
            .field("after_sent", &self.cancel_policy)
            .field("progress", &self.progress.is_some())
            .field("pace", &self.pace.is_some())
            .finish()
    }
}
