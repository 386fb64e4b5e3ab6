//! Converts errors of ureq, rustls and sockets to errors of this library.

use std::io;

use super::exchange::{Delivery, ExchangeError};
use super::exchange_state::{BodyStop, ExchangeState};
use super::socket;
use super::tls_errors;
use crate::error::{Error, ErrorKind, Phase};
use crate::wire::Sent;

/// Wraps an error of this library to pass it through ureq.
pub(super) fn wrap(error: Error) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

/// Converts an error of an established connection.
pub(super) fn connection_lost(error: io::Error) -> Error {
    match error.downcast::<rustls::Error>() {
        Ok(cause) => tls_errors::session(cause),
        Err(error) => socket::connection_lost(&error),
    }
}

/// Adds the details of the exchange to its error.
pub(super) fn exchange_error(
    error: Error,
    host: &str,
    state: &ExchangeState,
    sent: Option<Sent>,
) -> ExchangeError {
    let error = match (state.body_stop(), error.kind()) {
        // The connection had no response either, so the send error is the cause.
        (Some(BodyStop::ConnectionFailed(first)), ErrorKind::Network) => {
            first.with_phase(Phase::Send)
        }
        _ => error,
    };
    let stale_connection = error.kind() == ErrorKind::Network
        && state.is_on_reused_connection()
        && !state.has_received();
    let error = match error.kind() {
        kind if is_exchange_kind(kind) => {
            let phase = error.phase().unwrap_or(state.phase());
            through_proxy(error, phase, state)
                .with_phase(phase)
                .with_host(host)
                .with_bytes_sent(state.body_sent())
        }
        _ => error.with_bytes_sent(state.body_sent()),
    };
    let delivery = if state.has_sent() { Delivery::Possible } else { Delivery::Impossible };
    ExchangeError { error, delivery, stale_connection, sent }
}

/// Names the proxy of an established connection, which may be the cause.
fn through_proxy(error: Error, phase: Phase, state: &ExchangeState) -> Error {
    let is_established = matches!(phase, Phase::Send | Phase::Wait | Phase::Receive);
    let is_lost = is_established && error.kind() != ErrorKind::Canceled;
    match state.peer().and_then(|peer| peer.proxy) {
        Some(proxy) if is_lost => error.with_context(format_args!("through {proxy}")),
        _ => error,
    }
}

/// Converts an error of ureq 3.5.
pub(super) fn from_ureq(error: ureq::Error, state: &ExchangeState) -> Error {
    match error {
        ureq::Error::Other(cause) => match cause.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(cause) => Error::internal("the HTTP layer failed").with_cause(cause),
        },
        ureq::Error::Io(cause) => from_io(cause, state),
        ureq::Error::Protocol(cause) => {
            let text = match cause.to_string().contains("too many headers") {
                true => "the response has more than 128 headers besides metadata",
                false => protocol_error_text(state),
            };
            Error::new(ErrorKind::Protocol, text).with_cause(cause)
        }
        ureq::Error::LargeResponseHeader(..) => {
            Error::new(ErrorKind::Protocol, "the head of the response is too long")
        }
        ureq::Error::BodyStalled => Error::new(ErrorKind::Protocol, protocol_error_text(state)),
        ureq::Error::Http(cause) => {
            Error::invalid("request", "the request cannot be sent as HTTP").with_cause(cause)
        }
        ureq::Error::BadUri(cause) => {
            Error::invalid("endpoint", "not the address of a server").with_cause(cause)
        }
        // ureq returns these only for features that are not in use: its timeouts, redirects,
        // resolver, proxies and TLS.
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

/// Converts an error from reading a response body.
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
        io::ErrorKind::UnexpectedEof => Error::new(ErrorKind::Network, closed_text(state)),
        _ => connection_lost(error),
    }
}

fn closed_text(state: &ExchangeState) -> &'static str {
    if state.has_received() {
        "the connection was closed in the middle of the response"
    } else {
        "the connection was closed without a response"
    }
}

fn protocol_error_text(state: &ExchangeState) -> &'static str {
    if state.has_received() {
        "the response is not HTTP; the endpoint may need https:// or another port"
    } else {
        "the request cannot be sent as HTTP"
    }
}

/// True for errors of the exchange, false for errors of the body's source.
fn is_exchange_kind(kind: ErrorKind) -> bool {
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
