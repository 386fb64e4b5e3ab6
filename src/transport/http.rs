//! The adapter to ureq: sends one request and reads its response.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use ureq::http::request::Builder;
use ureq::http::{HeaderValue, Request, Uri};
use ureq_proto::client::header_raw;

use super::agent::Agent;
use super::body_writer::BodyWriter;
use super::connect::Dialer;
use super::error_mapping;
use super::exchange::{Exchange, ExchangeError, ExchangeOptions, OutgoingRequest};
use super::exchange_state::{self, ExchangeState};
use super::pool_generation::PoolGeneration;
use super::proxy_setting::ProxySetting;
use super::resolver::Resolver;
use super::tls::{Tls, TlsSettings};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::wire::{Headers, Method, Response};

/// Settings of an [`Http`].
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpSettings {
    /// The maximum number of idle connections.
    pub(crate) connections: usize,
    pub(crate) user_agent: String,
    pub(crate) tls: TlsSettings,
    pub(crate) proxy: ProxySetting,
    /// The local address from which connections are made.
    pub(crate) bind_address: Option<IpAddr>,
}

/// Sends requests over pooled connections. The threads of a client share one.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    user_agent: String,
    resolver: Arc<Resolver>,
    pool_generation: PoolGeneration,
    #[cfg(test)]
    simulated: Option<Arc<dyn SimulatedPeer>>,
}

/// Simulates the network and the service.
#[cfg(test)]
pub(crate) trait SimulatedPeer: std::fmt::Debug + Send + Sync {
    fn send(
        &self,
        outgoing: &OutgoingRequest<'_>,
        options: &ExchangeOptions<'_>,
    ) -> Result<Exchange, ExchangeError>;
}

impl Http {
    /// Validates the settings. Opens no connection and starts no thread.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the option: `ca_file`, `client_certificate`, `client_key`, `proxy` or
    /// `user_agent`.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self> {
        Self::with_resolver(settings, Resolver::new())
    }

    pub(super) fn with_resolver(settings: &HttpSettings, resolver: Resolver) -> Result<Self> {
        if HeaderValue::from_str(&settings.user_agent).is_err() {
            return Err(Error::invalid("user_agent", "not a valid header value"));
        }
        let connections = settings.connections.max(1);
        let pool_generation = PoolGeneration::default();
        let resolver = Arc::new(resolver);
        let dialer = Dialer {
            resolver: Arc::clone(&resolver),
            tls: Tls::new(&settings.tls)?,
            proxy: settings.proxy.resolve()?,
            bind_address: settings.bind_address,
            user_agent: settings.user_agent.clone(),
            pool_generation: pool_generation.clone(),
        };
        Ok(Self {
            agent: Agent::new(dialer, connections),
            user_agent: settings.user_agent.clone(),
            resolver,
            pool_generation,
            #[cfg(test)]
            simulated: None,
        })
    }

    #[cfg(test)]
    pub(crate) fn simulate(&mut self, peer: Arc<dyn SimulatedPeer>) {
        self.simulated = Some(peer);
    }

    /// Sends one request and reads the response of any status to its end.
    pub(crate) fn send(
        &self,
        outgoing: &OutgoingRequest<'_>,
        options: &ExchangeOptions<'_>,
    ) -> Result<Exchange, ExchangeError> {
        #[cfg(test)]
        if let Some(peer) = &self.simulated {
            return peer.send(outgoing, options);
        }
        let state = Rc::new(ExchangeState::new(options, outgoing.body));
        let _guard = exchange_state::enter(Rc::clone(&state));
        let mut body = BodyWriter::new(outgoing.body, options, Rc::clone(&state));
        let generation = self.pool_generation.current();
        let result = state.check().and_then(|()| self.exchange(outgoing, &mut body, &state));
        body.report();
        match result {
            Ok(response) => Ok(Exchange {
                response,
                sent: body.sent(),
                body_complete: !state.is_body_stopped(),
                bytes_sent: state.body_sent(),
            }),
            Err(error) => {
                let is_lost = is_stale(&error, &state) || error.kind() == ErrorKind::Timeout;
                if is_lost && state.is_on_reused_connection() {
                    generation.retire();
                }
                if let Some(peer) = state.peer().filter(|_| shows_dead_peer(&error, &state)) {
                    self.resolver.mark_failed(&peer.host, peer.address);
                }
                let sent = (state.body_sent() >= outgoing.body.length()).then(|| body.sent());
                Err(error_mapping::exchange_error(error, &outgoing.target.host, &state, sent))
            }
        }
    }

    /// The headers that [`Http::send`] adds to a request with these, for its signature.
    pub(crate) fn added_headers(
        &self,
        method: Method,
        host: &str,
        length: u64,
        headers: &Headers,
    ) -> Vec<(&'static str, String)> {
        let mut added = vec![("host", host.to_owned())];
        if has_content_length(method) {
            added.push(("content-length", length.to_string()));
        }
        if headers.get(USER_AGENT).is_none() {
            added.push(("user-agent", self.user_agent.clone()));
        }
        added
    }

    /// Retires current connections after their request.
    pub(crate) fn retire_connections(&self) {
        self.pool_generation.retire();
    }

    fn exchange(
        &self,
        outgoing: &OutgoingRequest<'_>,
        body: &mut BodyWriter<'_>,
        state: &ExchangeState,
    ) -> Result<Response> {
        let length = outgoing.body.length();
        let has_body = has_content_length(outgoing.method);
        if length > 0 && !has_body {
            let method = outgoing.method.as_str();
            return Err(Error::internal(format!("{method} cannot have a body")));
        }
        let mut request = self.with_headers(Request::builder(), outgoing);
        if has_body {
            request = header_raw(request, "Content-Length", length.to_string().as_bytes());
        }
        let uri = Uri::try_from(uri(outgoing)).map_err(|cause| {
            Error::invalid("endpoint", "not the address of a server").with_cause(cause)
        })?;
        let request =
            request.method(outgoing.method.as_str()).uri(uri).body(()).map_err(|cause| {
                Error::invalid("request", "the request cannot be sent as HTTP").with_cause(cause)
            })?;
        let response = match length {
            0 => self.agent.run(request, &mut std::io::empty()),
            _ => self.agent.run(request, body),
        };
        read_response(response.map_err(|error| error_mapping::from_ureq(error, state))?, state)
    }

    fn with_headers(&self, request: Builder, outgoing: &OutgoingRequest<'_>) -> Builder {
        let mut request = header_raw(request, "Host", outgoing.target.host.as_bytes());
        if outgoing.headers.get(USER_AGENT).is_none() && !self.user_agent.is_empty() {
            request = header_raw(request, USER_AGENT, self.user_agent.as_bytes());
        }
        for (name, value) in outgoing.headers.iter().filter(|(name, _)| !is_transport_header(name))
        {
            request = header_raw(request, name, value.as_bytes());
        }
        request
    }
}

/// True if a reused connection was lost before its response: probably it was closed while idle.
fn is_stale(error: &Error, state: &ExchangeState) -> bool {
    error.kind() == ErrorKind::Network && state.is_on_reused_connection() && !state.has_received()
}

/// True if the error of a connection suggests that its address is out of service. A server may
/// close an idle connection at any time.
fn shows_dead_peer(error: &Error, state: &ExchangeState) -> bool {
    match error.kind() {
        ErrorKind::Network => !is_stale(error, state),
        ErrorKind::Timeout => !state.deadline_has_passed(),
        ErrorKind::Tls | ErrorKind::Protocol => true,
        _ => false,
    }
}

/// True for headers that the transport or ureq sets.
fn is_transport_header(name: &str) -> bool {
    ["Host", "Content-Length", "Transfer-Encoding", "Expect"]
        .iter()
        .any(|header| header.eq_ignore_ascii_case(name))
}

/// True for the methods whose requests have `Content-Length`, also for an empty body.
fn has_content_length(method: Method) -> bool {
    matches!(method, Method::Put | Method::Post)
}

const USER_AGENT: &str = "User-Agent";

fn uri(outgoing: &OutgoingRequest<'_>) -> String {
    let separator = if outgoing.query.is_empty() { "" } else { "?" };
    format!("{}{separator}{}", outgoing.target, outgoing.query)
}

fn read_response(
    (head, body): (ureq::http::Response<()>, Vec<u8>),
    state: &ExchangeState,
) -> Result<Response> {
    state.enter_phase(Phase::Receive);
    let mut headers = Headers::default();
    for (name, value) in head.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.append_received(name.as_str(), value);
    }
    for (name, value) in state.take_metadata() {
        headers.append_received(&name, value);
    }
    Ok(Response { status: head.status().as_u16(), headers, body })
}
