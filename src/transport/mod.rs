//! One HTTP exchange: the only code that opens a socket and the only code that names ureq.
//!
//! ureq frames messages and keeps connections; sockets, TLS sessions, proxies, resolving and every
//! wait are ours. A wait ends with the cancel token, a limit or the deadline, so nothing here can
//! hang. A status is a response, not an error; what may be retried is decided elsewhere.

mod body_writer;
mod byte_stream;
mod connect;
mod connection;
mod dns_worker;
mod error_mapping;
mod exchange;
mod exchange_state;
mod http;
mod http_proxy;
mod pool_generation;
mod proxy_setting;
mod resolver;
mod socket;
mod socks;
mod stall_timer;
#[cfg(test)]
mod tests;
mod timeout_errors;
mod tls;
mod unsent_bytes;

pub(crate) use crate::model::Target;
pub(crate) use exchange::{
    Call, CancelPolicy, Delivery, Exchange, Failure, Outgoing, Pace, TimeLimits,
};
#[cfg(test)]
pub(crate) use http::SimulatedPeer;
pub(crate) use http::{Http, HttpSettings};
pub use proxy_setting::ProxySetting;
pub(crate) use tls::TlsSettings;
pub use tls::Verify;
