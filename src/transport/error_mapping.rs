//! Maps errors of the lower layers to errors of this library.

use std::io;

use super::byte_stream::tls_stream;
use super::exchange::{Delivery, Failure};
use super::exchange_state::{EarlyEnd, ExchangeState};
use super::socket;
use crate::error::{Error, ErrorKind, Phase};
use crate::wire::Sent;

/// Wraps an error of this library for its way through ureq.
pub(super) fn wrap(error: Error) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

/// An error of a connection that was in use.
pub(super) fn lost(error: io::Error) -> Error {
    match error.downcast::<rustls::Error>() {
        Ok(cause) => tls_stream::broken(cause),
        Err(error) => socket::lost(&error),
    }
}

/// Completes an error with what is known about its exchange.
pub(super) fn failure(
    error: Error,
    host: &str,
    state: &ExchangeState,
    sent: Option<Sent>,
) -> Failure {
    let error = match (state.ended_early(), error.kind()) {
        // There was no response behind it, so this is what went wrong.
        (Some(EarlyEnd::Refused(first)), ErrorKind::Network) => first.with_phase(Phase::Send),
        _ => error,
    };
    let reused = error.kind() == ErrorKind::Network
        && state.is_on_kept_connection()
        && !state.has_received();
    let error = match error.kind() {
        kind if is_ours(kind) => {
            let phase = error.phase().unwrap_or(state.phase());
            error.with_phase(phase).with_host(host).with_bytes_sent(state.body_sent())
        }
        _ => error.with_bytes_sent(state.body_sent()),
    };
    let delivery = if state.has_sent() { Delivery::Maybe } else { Delivery::Never };
    Failure { error, delivery, reused, sent }
}

/// What ureq says, in our words. The variants are those of ureq 3.5.
pub(super) fn from_ureq(error: ureq::Error, state: &ExchangeState) -> Error {
    match error {
        ureq::Error::Other(cause) => match cause.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(cause) => Error::internal("the HTTP layer failed").with_cause(cause),
        },
        ureq::Error::Io(cause) => from_io(cause, state),
        ureq::Error::Protocol(cause) => {
            Error::new(ErrorKind::Protocol, garbled(state)).with_cause(cause)
        }
        ureq::Error::LargeResponseHeader(..) => {
            Error::new(ErrorKind::Protocol, "the head of the answer is too long")
        }
        ureq::Error::BodyStalled => Error::new(ErrorKind::Protocol, garbled(state)),
        ureq::Error::Http(cause) => {
            Error::invalid("request", "the request cannot be written").with_cause(cause)
        }
        ureq::Error::BadUri(cause) => {
            Error::invalid("endpoint", "this is no address of a server").with_cause(cause)
        }
        // None of these can come: no such feature, time limit, redirect, proxy or TLS of ureq's is
        // in use.
        error @ (ureq::Error::StatusCode(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::RedirectFailed
        | ureq::Error::InvalidProxyUrl
        | ureq::Error::ConnectionFailed
        | ureq::Error::BodyExceedsLimit(_)
        | ureq::Error::TooManyRedirects
        | ureq::Error::Tls(_)
        | ureq::Error::RequireHttpsOnly(_)
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::TlsRequired) => Error::internal("the HTTP layer failed").with_cause(error),
        error => Error::internal("the HTTP layer failed").with_cause(error),
    }
}

/// The same for an error that came through a reader.
pub(super) fn from_io(error: io::Error, state: &ExchangeState) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    let error = match error.downcast::<ureq::Error>() {
        Ok(cause) => return from_ureq(cause, state),
        Err(error) => error,
    };
    match error.kind() {
        // ureq's word for an end that came too soon.
        io::ErrorKind::UnexpectedEof => Error::new(ErrorKind::Network, cut_off(state)),
        _ => lost(error),
    }
}

fn cut_off(state: &ExchangeState) -> &'static str {
    if state.has_received() {
        "the connection was closed in the middle of the answer"
    } else {
        "the connection was closed without an answer"
    }
}

fn garbled(state: &ExchangeState) -> &'static str {
    if state.has_received() {
        "the answer is not HTTP; its address may need https:// or another port"
    } else {
        "the request cannot be sent as HTTP"
    }
}

/// True for the kinds that are about the exchange and not about the source of a body.
fn is_ours(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Resolve
            | ErrorKind::Connect
            | ErrorKind::Tls
            | ErrorKind::Timeout
            | ErrorKind::Network
            | ErrorKind::Protocol
            | ErrorKind::Canceled
    )
}
