//! One request for a small document, under the limits of a source.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::fetch_context::FetchContext;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::transport::{Call, CancelPolicy, Http, HttpSettings, Outgoing, Target, TimeLimits};
use crate::wire::{Body, Content, Headers, Method, copy_at};

/// What is asked of a service that gives credentials.
pub(super) struct Document<'a> {
    pub(super) method: Method,
    pub(super) target: &'a Target,
    /// Escaped; empty if there is none.
    pub(super) query: &'a str,
    pub(super) headers: Headers,
    pub(super) body: Body,
    pub(super) limits: TimeLimits,
}

/// The answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Wiped when it is dropped.
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Document<'_> {
    /// Sends the request once, by the client's own way; plain http, which is for this machine only,
    /// goes past its proxy.
    pub(super) fn send_by_scheme(&self, context: &FetchContext<'_>) -> Result<Answer> {
        if self.target.https {
            self.send(context.http, context)
        } else {
            self.send(&direct()?, context)
        }
    }

    /// Sends the request once. An answer that is too long is an error.
    pub(super) fn send(&self, http: &Http, context: &FetchContext<'_>) -> Result<Answer> {
        let outgoing = Outgoing {
            method: self.method,
            target: self.target,
            query: self.query,
            headers: &self.headers,
            body: &self.body,
        };
        let call = Call {
            cancel: context.cancel,
            limits: self.limits,
            deadline: context.deadline,
            cancel_policy: CancelPolicy::Cut,
            progress: None,
            pace: None,
        };
        let exchange = http.send(&outgoing, &call).map_err(|failure| failure.error)?;
        let response = exchange.response;
        let answer = Answer { status: response.status, body: Zeroizing::new(response.body) };
        if answer.body.len() > limits::CREDENTIALS_RESPONSE_MAX {
            let text = "the answer is too long for credentials";
            return Err(Error::new(ErrorKind::Protocol, text).with_host(&self.target.host));
        }
        Ok(answer)
    }
}

/// The limits of the vendor's STS and of a URI.
pub(super) fn service_limits() -> TimeLimits {
    TimeLimits {
        resolve: limits::CREDENTIALS_CONNECT_TIMEOUT,
        connect: limits::CREDENTIALS_CONNECT_TIMEOUT,
        stall: limits::CREDENTIALS_RESPONSE_TIMEOUT,
        response: limits::CREDENTIALS_RESPONSE_TIMEOUT,
    }
}

/// The same time for each step.
pub(super) fn even_limits(time: Duration) -> TimeLimits {
    TimeLimits { resolve: time, connect: time, stall: time, response: time }
}

/// A way to what is on this machine or belongs to it: without a proxy.
pub(super) fn direct() -> Result<Http> {
    Http::new(&HttpSettings::default())
}

/// A body with a secret in it.
pub(super) struct Form(pub(super) Zeroizing<String>);

impl Form {
    pub(super) fn into_body(self) -> Body {
        Body::Content(Arc::new(self))
    }
}

impl Content for Form {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_at(self.0.as_bytes(), offset, buffer))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form")
    }
}
