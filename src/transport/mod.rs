//! HTTP exchanges: the only code that opens sockets and the only code that uses ureq.
//!
//! ureq frames and parses HTTP/1.1. The connection pool, sockets, TLS, proxies, DNS and all waiting
//! are implemented here. Every wait ends on a cancellation, a timeout or the deadline. A response of
//! any status is a success; `service` decides what is an error and what is retried.

mod address_order;
mod agent;
mod body_writer;
mod byte_stream;
mod connect;
mod connect_race;
mod connection;
mod dns_worker;
mod error_mapping;
mod exchange;
mod exchange_state;
mod http;
mod http_proxy;
mod idle_connections;
mod no_proxy;
mod pem_file;
mod pool_generation;
mod proxy_setting;
mod resolver;
mod response_head;
mod server_role;
mod socket;
mod socks;
mod stall_timer;
#[cfg(test)]
mod tests;
mod timeout_errors;
mod tls;
mod tls_errors;
mod tls_verifier;
mod trust_store;
mod uri_host;

pub(crate) use crate::model::Target;
pub(crate) use exchange::{
    CancelPolicy, Delivery, Exchange, ExchangeError, ExchangeOptions, OutgoingRequest,
    RATE_LIMITED_READ_MAX, RateLimit, Timeouts,
};
#[cfg(test)]
pub(crate) use http::SimulatedPeer;
pub(crate) use http::{Http, HttpSettings};
pub use proxy_setting::ProxySetting;
pub(crate) use tls::TlsSettings;
pub use tls::Verify;
