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
    /// looked up again at once, because it may have moved.
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
                if error.kind() != ErrorKind::Canceled {
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
        let destination = self.destination(proxy, server.host, state)?;
        let (mut stream, mut peer) = self
            .open_tunnel(proxy, server, destination, state)
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

    /// Connects to a proxy, and asks it to connect to the server.
    fn open_tunnel(
        &self,
        proxy: &Proxy,
        server: DialTarget<'_>,
        destination: socks::Destination<'_>,
        state: &ExchangeState,
    ) -> Result<(ByteStream, PeerAddress)> {
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
            _ => http_proxy::connect(&mut blocking, proxy, host, port, &self.user_agent),
        }
        .map_err(|cause| {
            if let socks::Destination::Address(address) = destination {
                self.resolver.mark_failed(host, address);
            }
            handshake_error(cause)
        })?;
        Ok((stream, peer))
    }

    /// What a SOCKS proxy is asked to connect to.
    fn destination<'a>(
        &self,
        proxy: &Proxy,
        host: &'a str,
        state: &ExchangeState,
    ) -> Result<socks::Destination<'a>> {
        let protocol = proxy.protocol();
        let resolves_locally = matches!(protocol, ProxyProtocol::Socks4 | ProxyProtocol::Socks5);
        if let Ok(address) = host.parse() {
            return Ok(socks::Destination::Address(address));
        }
        if !resolves_locally {
            return Ok(socks::Destination::Name(host));
        }
        let addresses = self.resolver.resolve(host, state)?.addresses;
        // SOCKS 4 has no IPv6.
        let usable = |ip: &&IpAddr| protocol != ProxyProtocol::Socks4 || ip.is_ipv4();
        let address = addresses.iter().find(usable).or(addresses.first());
        Ok(address.map_or(socks::Destination::Name(host), |ip| socks::Destination::Address(*ip)))
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

/// Names the proxy, unless the error is not about the connection.
fn at_proxy(error: Error, proxy: impl fmt::Display) -> Error {
    match error.kind() {
        ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout => {
            error.with_context(proxy)
        }
        _ => error,
    }
}

/// Converts an error of a proxy handshake. Errors of this library are returned unchanged.
fn handshake_error(cause: io::Error) -> Error {
    match cause.downcast::<Error>() {
        Ok(ours) => ours,
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            Error::new(ErrorKind::Connect, "it closed the connection without an answer")
        }
        Err(cause) => Error::new(ErrorKind::Connect, "the connection was lost")
            .with_io(&cause)
            .with_cause_in_text(),
    }
}
