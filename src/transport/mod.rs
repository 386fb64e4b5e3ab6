//! One HTTP exchange: the only code that opens a socket and the only code that names ureq.
//!
//! ureq frames messages and keeps connections; sockets, TLS sessions, proxies, look-ups and every
//! wait are ours. A wait ends with the cancel token, a limit or the deadline, so nothing here can
//! hang. Statuses are answers, not errors; what may be repeated is decided elsewhere.

mod call;
mod classify;
mod connect;
mod era;
mod exchange;
mod feed;
mod http;
mod late;
mod link;
mod lookup;
mod proxy;
mod resolver;
mod session;
mod socket;
mod socks;
mod stall;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod tunnel;

pub(crate) use crate::model::Target;
pub(crate) use exchange::{
    AfterSent, Arrival, Call, Exchange, Failure, Outgoing, Pace, TimeLimits,
};
pub(crate) use http::{Http, HttpSettings};
#[cfg(test)]
pub(crate) use http::Peer;
pub use proxy::ProxySetting;
pub use tls::{TlsSettings, Verify};
