//! What an exchange with the simulated peer looks like to the client, as [`Http`] would show it.
//!
//! [`Http`]: crate::transport::Http

use std::time::Duration;

use super::pass;
use super::service::Message;
use crate::error::{Error, ErrorKind, Phase};
use crate::runtime::Deadline;
use crate::transport::{CancelPolicy, Delivery, Exchange, ExchangeOptions, Timeouts};
use crate::wire::{Body, Response, Sent};

/// What comes back for a request.
pub(crate) enum Outcome {
    Response(Response),
    /// The response comes before the last byte of the request is sent.
    EarlyResponse(Response),
    NoResponse,
    /// The connection closes without a response.
    Closed {
        is_kept: bool,
    },
    /// No connection is made.
    Unreachable(ErrorKind, Phase),
    /// The request ends before its last byte; that many bytes of the body were sent.
    RequestCut(Error, u64),
    /// The response ends before its last byte.
    ResponseCut(ErrorKind),
}

/// A failure before what is the same for all is added.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) delivery: Delivery,
    pub(crate) stale_connection: bool,
}

impl Outcome {
    /// Lets the time of the exchange pass, and says what the client sees of it.
    pub(crate) fn complete(
        self,
        message: &Message,
        body: &Body,
        call: &ExchangeOptions<'_>,
    ) -> Result<Exchange, Failed> {
        let sent = match &self {
            Self::Unreachable(..) => 0,
            Self::RequestCut(_, sent) => *sent,
            Self::EarlyResponse(_) => message.size / 2,
            _ => message.size,
        };
        let failed = |error: Error, phase: Phase| {
            let error = error.with_phase(phase).with_bytes_sent(sent);
            Failed { error, delivery: Delivery::Possible, stale_connection: false }
        };
        let new = |kind: ErrorKind| Error::new(kind, "simulated");
        match self {
            Self::Unreachable(kind, phase) => {
                if kind == ErrorKind::Timeout {
                    let is_resolving = phase == Phase::Resolve;
                    let Timeouts { resolve, connect, .. } = call.timeouts;
                    pass_within(call, if is_resolving { resolve } else { connect });
                }
                Err(Failed { delivery: Delivery::Impossible, ..failed(new(kind), phase) })
            }
            Self::RequestCut(error, _) => Err(failed(error, Phase::Send)),
            Self::NoResponse => match wait_for_response(call, Deadline::NEVER) {
                Ok(()) => panic!("the client would wait for ever"),
                Err(error) => Err(failed(error, Phase::Wait)),
            },
            Self::Closed { is_kept } => {
                wait_for_response(call, Deadline::after(TRIP))
                    .map_err(|error| failed(error, Phase::Wait))?;
                Err(Failed {
                    stale_connection: is_kept,
                    ..failed(new(ErrorKind::Network), Phase::Wait)
                })
            }
            Self::ResponseCut(kind) => {
                wait_for_response(call, Deadline::after(TRIP))
                    .map_err(|error| failed(error, Phase::Wait))?;
                if kind == ErrorKind::Timeout {
                    pass_within(call, call.timeouts.stall);
                }
                Err(failed(new(kind), Phase::Receive))
            }
            Self::EarlyResponse(response) => {
                pass(TRIP);
                let bytes_sent = sent;
                let sent = Sent { bytes: sent, ..Sent::default() };
                Ok(Exchange { response, sent, body_complete: false, bytes_sent })
            }
            Self::Response(mut response) => {
                if message.operation == "HeadObject" {
                    response.body.clear();
                }
                wait_for_response(call, Deadline::after(TRIP))
                    .map_err(|error| failed(error, Phase::Wait))?;
                let bytes_sent = sent;
                let sent = checksum(body, message);
                Ok(Exchange { response, sent, body_complete: true, bytes_sent })
            }
        }
    }
}

pub(crate) fn report(call: &ExchangeOptions<'_>, sent: u64) {
    if let Some(progress) = call.progress.filter(|_| sent > 0) {
        progress(sent);
    }
}

/// What was sent of a body that was sent to its end.
pub(crate) fn checksum(body: &Body, message: &Message) -> Sent {
    let crc64 = if matches!(body, Body::Content(_)) { message.crc64 } else { 0 };
    Sent { bytes: message.size, crc64 }
}

/// Waits as the rate limiter says. If the call ends meanwhile, returns the error and the number of
/// bytes that were sent before.
pub(crate) fn limit_rate(call: &ExchangeOptions<'_>, size: u64) -> Result<(), (Error, u64)> {
    let Some(limiter) = call.rate_limiter else { return Ok(()) };
    let mut sent = 0;
    while sent < size {
        let step = (size - sent).min(PACED_STEP);
        pass_within(call, limiter.reserve(usize::try_from(step).unwrap()));
        if call.cancel.is_triggered() {
            return Err((Error::canceled(), sent));
        }
        if call.deadline.has_passed() {
            return Err((Error::deadline_passed(), sent));
        }
        sent += step;
    }
    Ok(())
}

/// Lets time pass until the response arrives, or the client stops waiting for it.
fn wait_for_response(call: &ExchangeOptions<'_>, arrival: Deadline) -> Result<(), Error> {
    let limit = Deadline::after(call.timeouts.response);
    let (error, mut end) = match call.cancel.is_triggered() {
        true => (Error::canceled(), Deadline::after(Duration::ZERO)),
        false => (Error::deadline_passed(), call.deadline),
    };
    let other = limit.earlier(arrival);
    if let CancelPolicy::AwaitResponse(budget) = call.cancel_policy
        && end.earlier(other) == end
    {
        pass(end.left().unwrap_or_default());
        end = budget.start_waiting();
    }
    let first = other.earlier(end);
    pass(first.left().unwrap_or_default());
    if first == arrival {
        Ok(())
    } else if first == end {
        Err(error)
    } else {
        Err(Error::new(ErrorKind::Timeout, "no response in time"))
    }
}

/// Lets time pass, but no more than is left of the call.
pub(crate) fn pass_within(call: &ExchangeOptions<'_>, time: Duration) {
    pass(call.deadline.left().map_or(time, |left| left.min(time)));
}

/// The time of a request and its response.
pub(crate) const TRIP: Duration = Duration::from_millis(10);
/// The most bytes for which the rate limiter is asked at once.
const PACED_STEP: u64 = 16 * 1024;
