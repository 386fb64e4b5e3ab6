//! Exchanges with servers that do what a script says, over real sockets on the loopback address.

mod authority;
mod early;
mod exchange;
mod lookup;
mod proxy;
mod server;
mod time;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use super::{Call, CancelPolicy, Exchange, Failure, Http, HttpSettings, Outgoing, TimeLimits};
use crate::error::Result;
use crate::model::Target;
use crate::runtime::{Cancel, Deadline};
use crate::wire::{Body, Content, Headers, Method};

/// Longer than any test should take.
const LONG: Duration = Duration::from_secs(20);

fn http() -> Http {
    let settings = HttpSettings { connections: 4, user_agent: "ua/1".into(), ..Default::default() };
    Http::new(&settings).unwrap()
}

fn target(host: &str) -> Target {
    Target { https: false, host: host.to_owned(), path: "/bucket/a%20key".to_owned() }
}

fn quick<'a>(cancel: &'a Cancel) -> Call<'a> {
    Call {
        cancel,
        limits: TimeLimits { resolve: LONG, connect: LONG, stall: LONG, response: LONG },
        deadline: Deadline::NEVER,
        cancel_policy: CancelPolicy::Cut,
        progress: None,
        pace: None,
    }
}

/// One exchange under the rules of `call`.
fn send(
    http: &Http,
    host: &str,
    method: Method,
    body: &Body,
    call: &Call<'_>,
) -> Result<Exchange, Failure> {
    let (target, headers) = (target(host), Headers::default());
    http.send(&Outgoing { method, target: &target, query: "", headers: &headers, body }, call)
}

fn send_secure(http: &Http, host: &str, body: &Body) -> Result<Exchange, Failure> {
    let (mut target, headers) = (target(host), Headers::default());
    target.https = true;
    let outgoing =
        Outgoing { method: Method::Put, target: &target, query: "", headers: &headers, body };
    http.send(&outgoing, &quick(&Cancel::never()))
}

fn get(http: &Http, host: &str) -> Result<Exchange, Failure> {
    send(http, host, Method::Get, &Body::Empty, &quick(&Cancel::never()))
}

fn put(http: &Http, host: &str, body: &Body) -> Result<Exchange, Failure> {
    send(http, host, Method::Put, body, &quick(&Cancel::never()))
}

/// So many bytes that can be told apart.
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

/// So many bytes that cost nothing to make.
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
