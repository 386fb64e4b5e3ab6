//! The adapter to ureq: sends one request and reads its response.

use std::io::Read;
use std::rc::Rc;

use ureq::http::HeaderValue;
use ureq::{Agent, RequestBuilder, SendBody};

use super::body_writer::BodyWriter;
use super::connect::{Dialer, NoLookup};
use super::error_mapping;
use super::exchange::{Call, Exchange, Failure, Outgoing};
use super::exchange_state::{self, ExchangeState};
use super::pool_generation::PoolGeneration;
use super::proxy_setting::ProxySetting;
use super::resolver::Resolver;
use super::tls::{Tls, TlsSettings};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::wire::{Headers, Method, Response};

/// What an [`Http`] is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpSettings {
    /// Connections that are kept for the next request.
    pub(crate) connections: usize,
    pub(crate) user_agent: String,
    pub(crate) tls: TlsSettings,
    pub(crate) proxy: ProxySetting,
}

/// Sends requests over connections that it keeps; one per client, shared by its threads.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    user_agent: String,
    era: PoolGeneration,
    #[cfg(test)]
    simulated: Option<std::sync::Arc<dyn SimulatedPeer>>,
}

/// Takes the place of the connections and of the service in a simulation.
#[cfg(test)]
pub(crate) trait SimulatedPeer: std::fmt::Debug + Send + Sync {
    fn send(&self, outgoing: &Outgoing<'_>, call: &Call<'_>) -> Result<Exchange, Failure>;
}

impl Http {
    /// Checks every setting. Opens no connection and starts no thread.
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
            return Err(Error::invalid("user_agent", "the text cannot stand in a header"));
        }
        let connections = settings.connections.max(1);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(settings.proxy.resolve()?)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections)
            .max_idle_age(limits::IDLE_CONNECTION_TIMEOUT)
            .build();
        let era = PoolGeneration::default();
        let dialer = Dialer {
            resolver,
            tls: Tls::new(&settings.tls)?,
            user_agent: settings.user_agent.clone(),
            era: era.clone(),
        };
        let agent = Agent::with_parts(config, dialer, NoLookup);
        Ok(Self {
            agent,
            user_agent: settings.user_agent.clone(),
            era,
            #[cfg(test)]
            simulated: None,
        })
    }

    #[cfg(test)]
    pub(crate) fn simulate(&mut self, peer: std::sync::Arc<dyn SimulatedPeer>) {
        self.simulated = Some(peer);
    }

    /// Sends one request and reads its response to the end, whatever its status.
    pub(crate) fn send(
        &self,
        outgoing: &Outgoing<'_>,
        call: &Call<'_>,
    ) -> Result<Exchange, Failure> {
        #[cfg(test)]
        if let Some(peer) = &self.simulated {
            return peer.send(outgoing, call);
        }
        let state = Rc::new(ExchangeState::new(call, outgoing.body));
        let _guard = exchange_state::enter(Rc::clone(&state));
        let mut feed = BodyWriter::new(outgoing.body, call, Rc::clone(&state));
        let answer = state.check().and_then(|()| self.run(outgoing, &mut feed, &state));
        feed.report();
        match answer {
            Ok(response) => {
                Ok(Exchange { response, sent: feed.sent(), whole: !state.is_cut_short() })
            }
            Err(error) => {
                if error.kind() == ErrorKind::Timeout && state.is_on_kept_connection() {
                    self.leave_connections();
                }
                let sent = (state.body_sent() >= outgoing.body.length()).then(|| feed.sent());
                Err(error_mapping::failure(error, &outgoing.target.host, &state, sent))
            }
        }
    }

    /// Connections that are kept at present serve no further request.
    pub(crate) fn leave_connections(&self) {
        self.era.end();
    }

    fn run(
        &self,
        outgoing: &Outgoing<'_>,
        feed: &mut BodyWriter<'_>,
        state: &ExchangeState,
    ) -> Result<Response> {
        let uri = uri(outgoing);
        let length = outgoing.body.length();
        let response = match outgoing.method {
            Method::Put | Method::Post => {
                let request = match outgoing.method {
                    Method::Put => self.agent.put(uri),
                    _ => self.agent.post(uri),
                };
                let request = self.with_headers(request, outgoing);
                let request = request.header_raw("Content-Length", length.to_string().as_bytes());
                match length {
                    0 => request.send(SendBody::none()),
                    _ => request.send(SendBody::from_reader(feed)),
                }
            }
            _ if length > 0 => {
                let method = outgoing.method.as_str();
                return Err(Error::internal(format!("a body was given to {method}")));
            }
            Method::Get => self.with_headers(self.agent.get(uri), outgoing).call(),
            Method::Head => self.with_headers(self.agent.head(uri), outgoing).call(),
            Method::Delete => self.with_headers(self.agent.delete(uri), outgoing).call(),
        };
        read(response.map_err(|error| error_mapping::from_ureq(error, state))?, state)
    }

    fn with_headers<B>(
        &self,
        mut request: RequestBuilder<B>,
        outgoing: &Outgoing<'_>,
    ) -> RequestBuilder<B> {
        request = request.header_raw("Host", outgoing.target.host.as_bytes());
        if !self.user_agent.is_empty() && outgoing.headers.get("User-Agent").is_none() {
            request = request.header_raw("User-Agent", self.user_agent.as_bytes());
        }
        for (name, value) in outgoing.headers.iter().filter(|(name, _)| !is_set_here(name)) {
            request = request.header_raw(name, value.as_bytes());
        }
        request
    }
}

/// These belong to the connection: in the list they would stand in the request twice.
fn is_set_here(name: &str) -> bool {
    ["Host", "Content-Length", "Transfer-Encoding", "Expect"]
        .iter()
        .any(|ours| ours.eq_ignore_ascii_case(name))
}

fn uri(outgoing: &Outgoing<'_>) -> String {
    let mark = if outgoing.query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", outgoing.target, outgoing.query)
}

fn read(answer: ureq::http::Response<ureq::Body>, state: &ExchangeState) -> Result<Response> {
    state.begin(Phase::Receive);
    let (parts, body) = answer.into_parts();
    let mut headers = Headers::default();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.append_received(name.as_str(), value);
    }
    let mut bytes = Vec::new();
    body.into_reader()
        .take(limits::RESPONSE_BODY_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error_mapping::from_io(error, state))?;
    if bytes.len() as u64 > limits::RESPONSE_BODY_MAX {
        let text = format!("the answer is longer than {} bytes", limits::RESPONSE_BODY_MAX);
        return Err(Error::new(ErrorKind::Protocol, text));
    }
    Ok(Response { status: parts.status.as_u16(), headers, body: bytes })
}
