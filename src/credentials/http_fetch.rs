//! Sends one HTTP request to a credentials service, with timeouts and a size limit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::fetch_context::FetchContext;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::transport::{
    CancelPolicy, ExchangeOptions, Http, HttpSettings, OutgoingRequest, Target, Timeouts,
};
use crate::wire::{Body, Content, Headers, Method, copy_at};

/// A request to a credentials service.
pub(super) struct HttpFetch<'a> {
    pub(super) method: Method,
    pub(super) target: &'a Target,
    /// Percent-encoded; empty if there is none.
    pub(super) query: &'a str,
    pub(super) headers: Headers,
    pub(super) body: Body,
    pub(super) timeouts: Timeouts,
}

/// The response, of any status.
pub(super) struct FetchResponse {
    pub(super) status: u16,
    /// Wiped when it is dropped.
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl HttpFetch<'_> {
    /// Sends the request once: https with the HTTP client of the caller, http without a proxy,
    /// because it is allowed only for loopback addresses.
    pub(super) fn send_by_scheme(&self, context: &FetchContext<'_>) -> Result<FetchResponse> {
        if self.target.https {
            self.send(context.http, context)
        } else {
            self.send(&direct()?, context)
        }
    }

    /// Sends the request once. A response over the size limit is an error.
    pub(super) fn send(&self, http: &Http, context: &FetchContext<'_>) -> Result<FetchResponse> {
        let outgoing = OutgoingRequest {
            method: self.method,
            target: self.target,
            query: self.query,
            headers: &self.headers,
            body: &self.body,
        };
        let options = ExchangeOptions {
            cancel: context.cancel,
            timeouts: self.timeouts,
            deadline: context.deadline,
            cancel_policy: CancelPolicy::Immediate,
            progress: None,
            rate_limiter: None,
        };
        let exchange = http.send(&outgoing, &options).map_err(|failed| failed.error)?;
        let response = exchange.response;
        let response =
            FetchResponse { status: response.status, body: Zeroizing::new(response.body) };
        if response.body.len() > limits::CREDENTIALS_RESPONSE_MAX {
            let text = "the response is too long for credentials";
            return Err(Error::new(ErrorKind::Protocol, text).with_host(&self.target.host));
        }
        Ok(response)
    }
}

/// Returns the timeouts for STS and credentials URIs.
pub(super) fn service_timeouts() -> Timeouts {
    Timeouts {
        resolve: limits::CREDENTIALS_CONNECT_TIMEOUT,
        connect: limits::CREDENTIALS_CONNECT_TIMEOUT,
        stall: limits::CREDENTIALS_RESPONSE_TIMEOUT,
        response: limits::CREDENTIALS_RESPONSE_TIMEOUT,
    }
}

/// Returns the same timeout for each step.
pub(super) fn uniform_timeouts(timeout: Duration) -> Timeouts {
    Timeouts { resolve: timeout, connect: timeout, stall: timeout, response: timeout }
}

/// Creates an HTTP client without a proxy, for loopback addresses and the metadata service.
pub(super) fn direct() -> Result<Http> {
    Http::new(&HttpSettings::default())
}

/// A request body with secrets, wiped when it is dropped.
pub(super) struct SecretBody(pub(super) Zeroizing<String>);

impl SecretBody {
    pub(super) fn into_body(self) -> Body {
        Body::Content(Arc::new(self))
    }
}

impl Content for SecretBody {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_at(self.0.as_bytes(), offset, buffer))
    }
}

impl fmt::Debug for SecretBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBody")
    }
}
