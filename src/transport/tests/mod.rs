//! Exchanges with scripted servers, over sockets on the loopback address.

mod authority;
#[cfg(not(shuttle))]
mod contract;
mod early;
mod exchange;
#[cfg(target_os = "linux")]
mod failover;
mod proxy;
#[cfg(target_os = "linux")]
mod proxy_failover;
mod resolve;
mod server;
mod time;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use super::{
    CancelPolicy, Exchange, ExchangeError, ExchangeOptions, Http, HttpSettings, OutgoingRequest,
    Timeouts,
};
use crate::error::Result;
use crate::model::Target;
use crate::runtime::{Cancel, Deadline};
use crate::wire::{Body, Content, Headers, Method};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(20);

fn http() -> Http {
    let settings = HttpSettings { connections: 4, user_agent: "ua/1".into(), ..Default::default() };
    Http::new(&settings).unwrap()
}

fn target(host: &str) -> Target {
    Target { https: false, host: host.to_owned(), path: "/bucket/a%20key".to_owned() }
}

fn default_options(cancel: &Cancel) -> ExchangeOptions<'_> {
    ExchangeOptions {
        cancel,
        timeouts: Timeouts { resolve: LONG, connect: LONG, stall: LONG, response: LONG },
        deadline: Deadline::NEVER,
        cancel_policy: CancelPolicy::Immediate,
        progress: None,
        rate_limiter: None,
    }
}

fn send(
    http: &Http,
    host: &str,
    method: Method,
    body: &Body,
    options: &ExchangeOptions<'_>,
) -> Result<Exchange, ExchangeError> {
    let (target, headers) = (target(host), Headers::default());
    http.send(
        &OutgoingRequest { method, target: &target, query: "", headers: &headers, body },
        options,
    )
}

fn put_tls(http: &Http, host: &str, body: &Body) -> Result<Exchange, ExchangeError> {
    let (mut target, headers) = (target(host), Headers::default());
    target.https = true;
    let outgoing = OutgoingRequest {
        method: Method::Put,
        target: &target,
        query: "",
        headers: &headers,
        body,
    };
    http.send(&outgoing, &default_options(&Cancel::never()))
}

fn get(http: &Http, host: &str) -> Result<Exchange, ExchangeError> {
    send(http, host, Method::Get, &Body::Empty, &default_options(&Cancel::never()))
}

fn put(http: &Http, host: &str, body: &Body) -> Result<Exchange, ExchangeError> {
    send(http, host, Method::Put, body, &default_options(&Cancel::never()))
}

/// A body of this length whose bytes depend on their offset.
#[derive(Debug)]
struct Pattern(u64);

impl Pattern {
    fn body(length: u64) -> Body {
        Body::Content(Arc::new(Self(length)))
    }
}

impl Content for Pattern {
    fn length(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        for (index, byte) in buffer.iter_mut().enumerate() {
            *byte = pattern(offset + index as u64);
        }
        Ok(buffer.len())
    }
}

fn pattern(offset: u64) -> u8 {
    (offset ^ (offset >> 8) ^ (offset >> 16)) as u8
}

/// A body of this length of zeros, which are cheap to generate.
#[derive(Debug)]
struct Zeros(u64);

impl Zeros {
    fn body(length: u64) -> Body {
        Body::Content(Arc::new(Self(length)))
    }
}

impl Content for Zeros {
    fn length(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, buffer: &mut [u8]) -> Result<usize> {
        buffer.fill(0);
        Ok(buffer.len())
    }
}
