//! Opens connections: DNS, TCP, proxy and TLS.

use std::net::IpAddr;
use std::sync::Arc;
use std::{fmt, io};

use ureq::{Proxy, ProxyProtocol};

use super::byte_stream::tls_stream::TlsStream;
use super::byte_stream::{BlockingStream, ByteStream};
use super::connect_race::{self, Race};
use super::connection::Connection;
use super::exchange_state::{self, ExchangeState, PeerAddress};
use super::idle_connections::ServerAddress;
use super::pool_generation::PoolGeneration;
use super::proxy_setting::{self, ProxyRoute};
use super::resolver::Resolver;
use super::server_role::ServerRole;
use super::socks::SocksError;
use super::tls::Tls;
use super::uri_host::without_brackets;
use super::{http_proxy, socks};
use crate::error::{Error, ErrorKind, Phase, Result};

/// Opens connections.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) resolver: Arc<Resolver>,
    pub(super) tls: Tls,
    pub(super) proxy: Option<ProxyRoute>,
    pub(super) bind_address: Option<IpAddr>,
    pub(super) user_agent: String,
    pub(super) pool_generation: PoolGeneration,
}

impl Dialer {
    /// Opens a connection for the current exchange.
    pub(super) fn open(&self, server: &ServerAddress) -> Result<Connection> {
        let state = exchange_state::current()?;
        let generation = self.pool_generation.current();
        state.mark_connecting();
        let server = DialTarget {
            host: &server.host,
            port: server.port,
            is_tls: server.is_tls,
            role: ServerRole::Oss,
        };
        let proxy = self.proxy.as_ref().and_then(|route| route.proxy(server.host, server.port));
        let (stream, peer) = match proxy {
            None => self.dial(server, &state)?,
            Some(proxy) => self.dial_through(proxy, server, &state)?,
        };
        state.set_peer(&peer);
        Ok(Connection::new(stream, server.is_tls, generation, peer))
    }

    /// Connects to one of the addresses of a server. If addresses from the cache fail, the host is
    /// resolved again at once, because it may have moved.
    fn dial(
        &self,
        server: DialTarget<'_>,
        state: &ExchangeState,
    ) -> Result<(ByteStream, PeerAddress)> {
        state.set_server_role(server.role);
        if server.is_tls {
            self.tls.config().map_err(|error| error.with_phase(Phase::Tls))?;
        }
        let mut resolved = self.resolver.resolve(server.host, state)?;
        let mut tried = Vec::new();
        self.retain_reachable(server.host, &mut resolved.addresses)
            .map_err(|error| error.with_phase(Phase::Connect))?;
        loop {
            let error = match self.dial_addresses(&resolved.addresses, server, state) {
                Ok(connected) => return Ok(connected),
                Err(failed) => {
                    tried.extend(failed.tried);
                    failed.error
                }
            };
            if error.kind() == ErrorKind::Canceled || state.check().is_err() {
                return Err(error);
            }
            resolved.addresses.retain(|address| !tried.contains(address));
            if resolved.addresses.is_empty() && resolved.is_cached {
                match self.resolver.resolve(server.host, state) {
                    Ok(newer) => resolved = newer,
                    Err(_) => return Err(error),
                }
                resolved.addresses.retain(|address| !tried.contains(address));
                if self.retain_reachable(server.host, &mut resolved.addresses).is_err() {
                    return Err(error);
                }
            }
            if resolved.addresses.is_empty() {
                return Err(error);
            }
        }
    }

    /// Removes the addresses that cannot be reached from the bind address, because they are of the
    /// other family.
    fn retain_reachable(&self, host: &str, addresses: &mut Vec<IpAddr>) -> Result<()> {
        let Some(local) = self.bind_address else {
            return Ok(());
        };
        addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
        if !addresses.is_empty() {
            return Ok(());
        }
        let family = if local.is_ipv4() { "IPv4" } else { "IPv6" };
        let text = format!("cannot connect to {host} from {local}: it has no {family} address");
        Err(Error::new(ErrorKind::Connect, text)
            .with_remedy("set a bind_address of the other family, or none"))
    }

    /// Connects to the first address that accepts, and performs the TLS handshake with it.
    fn dial_addresses(
        &self,
        addresses: &[IpAddr],
        server: DialTarget<'_>,
        state: &ExchangeState,
    ) -> Result<(ByteStream, PeerAddress), FailedDial> {
        state.enter_phase(Phase::Connect);
        let Race { result, mut failed } =
            connect_race::connect(addresses, server.port, self.bind_address, state);
        // Without a connection, all of them were tried.
        let tried = if result.is_ok() { 0 } else { addresses.len() };
        let secured = result.and_then(|(socket, address)| {
            let stream = ByteStream::Plain(socket);
            let stream = match server.is_tls {
                false => Ok(stream),
                true => self.start_tls(stream, server.host, state),
            };
            stream.map(|stream| (stream, address)).inspect_err(|error| {
                if state.blames_peer(error) {
                    failed.push(address);
                }
            })
        });
        for address in &failed {
            self.resolver.mark_failed(server.host, *address);
        }
        match secured {
            Ok((stream, address)) => {
                Ok((stream, PeerAddress { host: server.host.into(), address, proxy: None }))
            }
            Err(error) => {
                let phase = error.phase().unwrap_or(state.phase());
                failed.extend(addresses.iter().take(tried));
                Err(FailedDial { error: error.with_phase(phase), tried: failed })
            }
        }
    }

    fn dial_through(
        &self,
        proxy: &Proxy,
        server: DialTarget<'_>,
        state: &ExchangeState,
    ) -> Result<(ByteStream, PeerAddress)> {
        let name = proxy_setting::name(proxy);
        state.set_server_role(server.role);
        let destinations = self.destinations(proxy, server.host, state)?;
        let (mut stream, mut peer) = self
            .open_tunnel(proxy, server, &destinations, state)
            .map_err(|error| at_proxy(error, &name))?;
        state.set_server_role(server.role);
        if server.is_tls {
            stream = self
                .start_tls(stream, server.host, state)
                .map_err(|error| at_proxy(error, format_args!("through {name}")))?;
        }
        peer.proxy = Some(name.into());
        Ok((stream, peer))
    }

    /// Connects to a proxy, and asks it to connect to the server: to each of the destinations
    /// until one can be reached.
    fn open_tunnel(
        &self,
        proxy: &Proxy,
        server: DialTarget<'_>,
        destinations: &[socks::Destination<'_>],
        state: &ExchangeState,
    ) -> Result<(ByteStream, PeerAddress)> {
        let mut unreachable: Option<Error> = None;
        for destination in destinations {
            match self.open_tunnel_to(*destination, proxy, server, state) {
                Ok(opened) => return Ok(opened),
                Err(FailedTunnel { error, is_unreachable: false }) => return Err(error),
                // One that another attempt may reach decides about a retry.
                Err(FailedTunnel { error, .. }) => {
                    let temporary = unreachable.filter(|error| !error.is_permanent());
                    unreachable = Some(temporary.unwrap_or(error));
                }
            }
        }
        Err(unreachable.unwrap_or_else(|| Error::internal("the host has no addresses")))
    }

    fn open_tunnel_to(
        &self,
        destination: socks::Destination<'_>,
        proxy: &Proxy,
        server: DialTarget<'_>,
        state: &ExchangeState,
    ) -> Result<(ByteStream, PeerAddress), FailedTunnel> {
        let DialTarget { host, port, .. } = server;
        let proxy_server = DialTarget {
            host: without_brackets(proxy.host()),
            port: proxy.port(),
            is_tls: proxy.protocol() == ProxyProtocol::Https,
            role: ServerRole::Proxy,
        };
        let (mut stream, peer) = self.dial(proxy_server, state)?;
        state.enter_phase(Phase::Connect);
        let mut blocking = BlockingStream { stream: &mut stream, state };
        match proxy.protocol() {
            ProxyProtocol::Socks4 | ProxyProtocol::Socks4A => {
                socks::connect_v4(&mut blocking, proxy, destination, port)
            }
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
                socks::connect_v5(&mut blocking, proxy, destination, port)
            }
            _ => http_proxy::connect(&mut blocking, proxy, host, port, &self.user_agent)
                .map_err(SocksError::from),
        }
        .map_err(|SocksError { cause, is_unreachable }| {
            // A proxy may be silent or hang up because it cannot reach the destination.
            let is_lost = shows_dead_proxy(&cause, state);
            if is_lost {
                self.resolver.mark_failed(&peer.host, peer.address);
            }
            if let socks::Destination::Address(address) = destination
                && (is_unreachable || is_lost)
            {
                self.resolver.mark_failed(host, address);
            }
            let error = handshake_error(cause);
            let is_unreachable = is_unreachable || (is_lost && error.kind() == ErrorKind::Connect);
            FailedTunnel { error, is_unreachable }
        })?;
        Ok((stream, peer))
    }

    /// What a proxy is asked to connect to: the addresses of the host, in the order in which to
    /// try them, if this machine resolves it.
    fn destinations<'a>(
        &self,
        proxy: &Proxy,
        host: &'a str,
        state: &ExchangeState,
    ) -> Result<Vec<socks::Destination<'a>>> {
        let protocol = proxy.protocol();
        let resolves_locally = matches!(protocol, ProxyProtocol::Socks4 | ProxyProtocol::Socks5);
        if let Ok(address) = host.parse() {
            return Ok(vec![socks::Destination::Address(address)]);
        }
        if !resolves_locally {
            return Ok(vec![socks::Destination::Name(host)]);
        }
        let mut addresses = self.resolver.resolve(host, state)?.addresses;
        // SOCKS 4 has no IPv6.
        if protocol == ProxyProtocol::Socks4 && addresses.iter().any(IpAddr::is_ipv4) {
            addresses.retain(IpAddr::is_ipv4);
        }
        Ok(addresses.into_iter().map(socks::Destination::Address).collect())
    }

    fn start_tls(
        &self,
        stream: ByteStream,
        host: &str,
        state: &ExchangeState,
    ) -> Result<ByteStream> {
        let tls = TlsStream::handshake(stream, host, self.tls.config()?, state)?;
        Ok(ByteStream::Tls(Box::new(tls)))
    }
}

/// What a connection is opened to.
#[derive(Clone, Copy)]
struct DialTarget<'a> {
    host: &'a str,
    port: u16,
    is_tls: bool,
    role: ServerRole,
}

/// Why no address of a server could be used.
struct FailedDial {
    error: Error,
    tried: Vec<IpAddr>,
}

/// Why a proxy has not connected to a destination.
struct FailedTunnel {
    error: Error,
    /// The proxy cannot reach that destination, but perhaps another one.
    is_unreachable: bool,
}

impl From<Error> for FailedTunnel {
    fn from(error: Error) -> Self {
        Self { error, is_unreachable: false }
    }
}

/// Names the proxy, unless the error is not about the connection.
fn at_proxy(error: Error, proxy: impl fmt::Display) -> Error {
    match error.kind() {
        ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout => {
            error.with_context(proxy)
        }
        _ => error,
    }
}

/// True if the error of a proxy handshake suggests that the address of the proxy is out of service:
/// it was silent or has lost the connection.
fn shows_dead_proxy(cause: &io::Error, state: &ExchangeState) -> bool {
    match cause.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(ours) => ours.kind() == ErrorKind::Timeout && state.blames_peer(ours),
        None => true,
    }
}

/// Converts an error of a proxy handshake. Errors of this library are returned unchanged.
fn handshake_error(cause: io::Error) -> Error {
    match cause.downcast::<Error>() {
        Ok(ours) => ours,
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            Error::new(ErrorKind::Connect, "it closed the connection without a response")
        }
        Err(cause) => Error::new(ErrorKind::Connect, "the connection was lost")
            .with_io(&cause)
            .with_cause_in_text(),
    }
}
