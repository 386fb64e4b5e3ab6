//! Opens connections: DNS, TCP, proxy and TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::{ConnectionDetails, Connector};
use ureq::{Proxy, ProxyProtocol};

use super::byte_stream::tls_stream::TlsStream;
use super::byte_stream::{BlockingStream, ByteStream};
use super::connection::Connection;
use super::error_mapping;
use super::exchange_state::{self, ExchangeState};
use super::pool_generation::PoolGeneration;
use super::resolver::Resolver;
use super::socket::Socket;
use super::tls::Tls;
use super::{http_proxy, socks};
use crate::error::{Error, ErrorKind, Phase, Result};

/// Opens the connections of ureq.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) resolver: Resolver,
    pub(super) tls: Tls,
    pub(super) user_agent: String,
    pub(super) pool_generation: PoolGeneration,
}

impl Connector for Dialer {
    type Out = Connection;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Connection>, ureq::Error> {
        self.open(details).map(Some).map_err(error_mapping::wrap)
    }
}

/// Returns no address to ureq, which would resolve the host even to reuse a connection. The
/// [`Dialer`] resolves it.
#[derive(Debug)]
pub(super) struct EmptyResolver;

impl ureq::unversioned::resolver::Resolver for EmptyResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &ureq::config::Config,
        _: ureq::unversioned::transport::NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

impl Dialer {
    fn open(&self, details: &ConnectionDetails<'_>) -> Result<Connection> {
        let state = exchange_state::current()?;
        let generation = self.pool_generation.current();
        state.mark_connecting();
        let uri = details.uri;
        let host = without_brackets(uri.host().unwrap_or_default());
        let port = port(uri, if details.needs_tls() { 443 } else { 80 })
            .ok_or_else(|| Error::invalid("endpoint", "not the address of a server"))?;
        let proxy = details.config.proxy().filter(|proxy| !proxy.is_no_proxy(uri));
        let mut stream = match proxy {
            None => self.dial(host, port, &state)?,
            Some(proxy) => self.dial_through(proxy, host, port, &state)?,
        };
        if details.needs_tls() {
            stream = self.start_tls(stream, host, &state)?;
        }
        Ok(Connection::new(stream, details.needs_tls(), generation))
    }

    /// Connects to one of the addresses of a host. If none responds, they may be out of date.
    fn dial(&self, host: &str, port: u16, state: &ExchangeState) -> Result<ByteStream> {
        let addresses = self.resolver.resolve(host, state)?;
        state.enter_phase(Phase::Connect);
        self.dial_addresses(&addresses, host, port, state).inspect_err(|error| {
            if error.kind() != ErrorKind::Canceled {
                self.resolver.evict(host);
            }
        })
    }

    /// Tries the addresses in order. Each gets an equal share of the time left.
    fn dial_addresses(
        &self,
        addresses: &[IpAddr],
        host: &str,
        port: u16,
        state: &ExchangeState,
    ) -> Result<ByteStream> {
        let mut error = Error::internal("the host has no addresses");
        for (index, ip) in addresses.iter().enumerate() {
            state.check()?;
            let address = SocketAddr::new(*ip, port);
            match Socket::connect(address, state, state.address_deadline(addresses.len() - index))?
            {
                Ok(socket) => return Ok(ByteStream::Plain(socket)),
                Err(cause) => {
                    self.resolver.demote(host, *ip);
                    error = connect_error(address, &cause);
                }
            }
        }
        Err(error)
    }

    fn dial_through(
        &self,
        proxy: &Proxy,
        host: &str,
        port: u16,
        state: &ExchangeState,
    ) -> Result<ByteStream> {
        let protocol = proxy.protocol();
        let resolves_locally = matches!(protocol, ProxyProtocol::Socks4 | ProxyProtocol::Socks5);
        let destination = match host.parse() {
            Ok(address) => socks::Destination::Address(address),
            Err(_) if resolves_locally => {
                let addresses = self.resolver.resolve(host, state)?;
                // SOCKS 4 has no IPv6.
                let usable = |ip: &&IpAddr| protocol != ProxyProtocol::Socks4 || ip.is_ipv4();
                let address = addresses.iter().find(usable).or(addresses.first());
                address
                    .map_or(socks::Destination::Name(host), |ip| socks::Destination::Address(*ip))
            }
            Err(_) => socks::Destination::Name(host),
        };
        let mut stream = self.dial(without_brackets(proxy.host()), proxy.port(), state)?;
        if protocol == ProxyProtocol::Https {
            stream = self.start_tls(stream, without_brackets(proxy.host()), state)?;
            state.enter_phase(Phase::Connect);
        }
        let mut blocking = BlockingStream { stream: &mut stream, state };
        match protocol {
            ProxyProtocol::Socks4 | ProxyProtocol::Socks4A => {
                socks::connect_v4(&mut blocking, destination, port)
            }
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
                socks::connect_v5(&mut blocking, proxy, destination, port)
            }
            _ => http_proxy::connect(&mut blocking, proxy, host, port, &self.user_agent),
        }
        .map_err(proxy_error)?;
        Ok(stream)
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

/// The host of a URI without the brackets of an IPv6 address.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port of a URI; `None` if it is not a valid port, which the `http` crate would ignore.
pub(super) fn port(uri: &Uri, default: u16) -> Option<u16> {
    let authority = uri.authority()?;
    let (_, port) = authority.as_str().rsplit_once(authority.host())?;
    match port.strip_prefix(':') {
        None => Some(default),
        Some(digits) => digits.parse().ok().filter(|port| *port != 0),
    }
}

fn connect_error(address: SocketAddr, cause: &io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::TimedOut => {
            Error::new(ErrorKind::Timeout, format!("connecting to {address} timed out"))
                .with_io(cause)
        }
        _ => Error::new(ErrorKind::Connect, format!("cannot connect to {address}")).with_io(cause),
    }
}

/// Converts an error of a proxy handshake. Cancellations and timeouts are returned unchanged.
fn proxy_error(cause: io::Error) -> Error {
    match cause.downcast::<Error>() {
        Ok(ours) => ours,
        Err(cause) => {
            Error::new(ErrorKind::Connect, "cannot connect through the proxy").with_io(&cause)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_valid_number_or_the_default_of_the_scheme() {
        for (uri, expected) in [
            ("http://host", Some(80)),
            ("http://host:8080/x", Some(8080)),
            ("http://[::1]", Some(80)),
            ("http://[::1]:9", Some(9)),
            ("http://user:1@host:2", Some(2)),
            ("http://host:99999", None),
            ("http://host:0", None),
            ("http://host:", None),
        ] {
            assert_eq!(port(&uri.parse().unwrap(), 80), expected, "{uri}");
        }
        assert_eq!((without_brackets("[::1]"), without_brackets("host")), ("::1", "host"));
    }
}
