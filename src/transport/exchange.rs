//! Inputs and outcome of an exchange: one request and its response.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::limits;
use crate::model::Target;
use crate::runtime::{Cancel, CleanupBudget, Deadline};
use crate::wire::{Body, Headers, Method, Response, Sent};

/// A signed request. The transport adds the headers `Host`, `User-Agent` and `Content-Length`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutgoingRequest<'a> {
    pub(crate) method: Method,
    pub(crate) target: &'a Target,
    /// Percent-encoded; empty if there is none.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a Headers,
    pub(crate) body: &'a Body,
}

/// Cancellation, timeouts and callbacks of one exchange.
#[derive(Clone, Copy)]
pub(crate) struct ExchangeOptions<'a> {
    pub(crate) cancel: &'a Cancel,
    pub(crate) timeouts: Timeouts,
    /// The deadline of the call, which applies in addition to the timeouts.
    pub(crate) deadline: Deadline,
    pub(crate) cancel_policy: CancelPolicy<'a>,
    /// Receives the number of body bytes sent since its last invocation. The last bytes are
    /// reported when the response has arrived.
    pub(crate) progress: Option<&'a (dyn Fn(u64) + Sync)>,
    pub(crate) rate_limiter: Option<&'a dyn RateLimit>,
}

/// The timeout of each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) resolve: Duration,
    /// Connecting to all addresses, the proxy handshake and the TLS handshake together.
    pub(crate) connect: Duration,
    /// The connection has stalled if it moves fewer than [`limits::STALL_BYTES`] in this time.
    pub(crate) stall: Duration,
    /// From sending the last byte of the request to the end of the response.
    pub(crate) response: Duration,
}

/// What a cancellation or the deadline does to a request that has been sent completely.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CancelPolicy<'a> {
    /// Ends the exchange without waiting for the response.
    Immediate,
    /// Starts the budget and waits for the response within it.
    AwaitResponse(&'a Arc<CleanupBudget>),
}

/// Limits the rate of sending.
pub(crate) trait RateLimit: Sync {
    /// Reserves `bytes` and returns how long to wait before sending them.
    fn reserve(&self, bytes: usize) -> Duration;

    /// Returns the most bytes to reserve at once.
    fn step(&self) -> usize {
        RATE_LIMITED_READ_MAX
    }

    /// Releases reserved bytes that are not sent.
    fn release(&self, _bytes: usize) {}
}

/// The maximum read from a rate-limited body. Small reads make an even stream.
pub(crate) const RATE_LIMITED_READ_MAX: usize = 16 * 1024;

/// A completed exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) response: Response,
    /// Length and checksum of the body bytes read so far.
    pub(crate) sent: Sent,
    /// False if the response arrived before the whole body was sent.
    pub(crate) body_complete: bool,
    /// Bytes of the body that the connection accepted.
    pub(crate) bytes_sent: u64,
}

/// Why there is no response, and what the retry decision needs to know.
#[derive(Debug)]
pub(crate) struct ExchangeError {
    pub(crate) error: Error,
    pub(crate) delivery: Delivery,
    /// A reused connection was closed before the first byte of the response: the server had
    /// probably closed it while it was idle.
    pub(crate) stale_connection: bool,
    /// Length and checksum of the body, if the connection accepted all of it.
    pub(crate) sent: Option<Sent>,
}

/// Whether the server may have received any byte of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Impossible,
    Possible,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: limits::RESOLVE_TIMEOUT,
            connect: limits::CONNECT_TIMEOUT,
            stall: limits::STALL_TIMEOUT,
            response: limits::RESPONSE_TIMEOUT,
        }
    }
}

impl fmt::Debug for ExchangeOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeOptions")
            .field("cancel", &self.cancel)
            .field("timeouts", &self.timeouts)
            .field("deadline", &self.deadline)
            .field("cancel_policy", &self.cancel_policy)
            .field("progress", &self.progress.is_some())
            .field("rate_limiter", &self.rate_limiter.is_some())
            .finish()
    }
}
