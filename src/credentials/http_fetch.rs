//! Sends one HTTP request to a credentials service, with timeouts and a size limit.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::Credentials;
use super::fetch_context::FetchContext;
use crate::codec::date::parse_http_date;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::transport::{
    CancelPolicy, ExchangeOptions, Http, HttpSettings, OutgoingRequest, Target, Timeouts,
};
use crate::wire::{Body, Content, Headers, Method, Response, copy_at};

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
    /// The service's clock minus the local one, if it is known.
    clock: Option<ServiceClock>,
}

#[derive(Clone, Copy)]
enum ServiceClock {
    Ahead(Duration),
    Behind(Duration),
}

impl FetchResponse {
    /// Converts the expiry from the service's clock to the local one, with which it is compared. A
    /// difference that is too large for a wrong clock is ignored.
    pub(super) fn with_local_expiry(&self, credentials: Credentials) -> Credentials {
        let expires = credentials.expires.map(|expiry| {
            let local = match self.clock {
                Some(ServiceClock::Ahead(offset)) => expiry.checked_sub(offset),
                Some(ServiceClock::Behind(offset)) => expiry.checked_add(offset),
                None => None,
            };
            local.unwrap_or(expiry)
        });
        Credentials { expires, ..credentials }
    }
}

impl ServiceClock {
    fn of(response: &Response, now: SystemTime) -> Option<Self> {
        let date = response.headers.get("date").and_then(parse_http_date)?;
        let (offset, size) = match date.duration_since(now) {
            Ok(ahead) => (Self::Ahead(ahead), ahead),
            Err(behind) => (Self::Behind(behind.duration()), behind.duration()),
        };
        let counts = size > limits::CLOCK_TOLERANCE && size <= limits::MAX_CLOCK_OFFSET;
        counts.then_some(offset)
    }
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
        let clock = ServiceClock::of(&response, context.clock.now());
        let response =
            FetchResponse { status: response.status, body: Zeroizing::new(response.body), clock };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::date::http_date;
    use crate::sign::AccessKey;
    use std::time::UNIX_EPOCH;

    /// The local expiry of credentials that expire at 10,000 s on the clock of the service.
    fn local_expiry(local: u64, service: u64) -> u64 {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let mut response = Response { status: 200, headers: Headers::default(), body: Vec::new() };
        response.headers.set("Date", http_date(at(service))).unwrap();
        let clock = ServiceClock::of(&response, at(local));
        let response = FetchResponse { status: 200, body: Zeroizing::default(), clock };
        let access_key = AccessKey::new("id", "secret").unwrap();
        let credentials = Credentials { access_key, expires: Some(at(10_000)) };
        let expires = response.with_local_expiry(credentials).expires.unwrap();
        expires.duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn an_expiry_is_on_the_clock_of_the_service_that_sends_it() {
        assert_eq!(local_expiry(9_000, 6_400), 12_600, "the local clock is ahead");
        assert_eq!(local_expiry(6_400, 9_000), 7_400, "the local clock is behind");
        assert_eq!(local_expiry(6_400, 6_405), 10_000, "a request takes time");
        assert_eq!(local_expiry(6_400, 6_400 + 86_401), 10_000, "a wrong clock of the service");
    }
}
