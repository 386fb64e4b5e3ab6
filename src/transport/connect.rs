//! Makes connections: resolves the host, tries its addresses, handles proxy and TLS.

use std::io;
use std::net::SocketAddr;

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

/// Makes the connections that ureq asks for.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) resolver: Resolver,
    pub(super) tls: Tls,
    pub(super) user_agent: String,
    pub(super) era: PoolGeneration,
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

/// Lets ureq go on without an address: it would ask before it looks for a kept connection.
#[derive(Debug)]
pub(super) struct NoLookup;

impl ureq::unversioned::resolver::Resolver for NoLookup {
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
        let birth = self.era.current();
        state.connects();
        let uri = details.uri;
        let host = bare(uri.host().unwrap_or_default());
        let port = port(uri, if details.needs_tls() { 443 } else { 80 })
            .ok_or_else(|| Error::invalid("endpoint", "this is no address of a server"))?;
        let proxy = details.config.proxy().filter(|proxy| !proxy.is_no_proxy(uri));
        let mut stream = match proxy {
            None => self.dial(host, port, &state)?,
            Some(proxy) => self.dial_through(proxy, host, port, &state)?,
        };
        if details.needs_tls() {
            stream = self.secure(stream, host, &state)?;
        }
        Ok(Connection::new(stream, details.needs_tls(), birth))
    }

    /// Tries one address after the other, each with its share of the time that is left.
    fn dial(&self, host: &str, port: u16, state: &ExchangeState) -> Result<ByteStream> {
        let addresses = self.resolver.addresses(host, state)?;
        state.begin(Phase::Connect);
        let mut failure = Error::internal("a host without addresses");
        for (index, ip) in addresses.iter().enumerate() {
            state.check()?;
            let address = SocketAddr::new(*ip, port);
            match Socket::connect(address, state, state.share(addresses.len() - index))? {
                Ok(socket) => return Ok(ByteStream::Plain(socket)),
                Err(cause) => {
                    self.resolver.put_last(host, *ip);
                    failure = unreachable(address, &cause);
                }
            }
        }
        self.resolver.forget(host);
        Err(failure)
    }

    fn dial_through(
        &self,
        proxy: &Proxy,
        host: &str,
        port: u16,
        state: &ExchangeState,
    ) -> Result<ByteStream> {
        let protocol = proxy.protocol();
        let looks_up = matches!(protocol, ProxyProtocol::Socks4 | ProxyProtocol::Socks5);
        let goal = match host.parse() {
            Ok(address) => socks::Goal::Address(address),
            Err(_) if looks_up => {
                let addresses = self.resolver.addresses(host, state)?;
                addresses.first().map_or(socks::Goal::Name(host), |ip| socks::Goal::Address(*ip))
            }
            Err(_) => socks::Goal::Name(host),
        };
        let mut stream = self.dial(bare(proxy.host()), proxy.port(), state)?;
        if protocol == ProxyProtocol::Https {
            stream = self.secure(stream, bare(proxy.host()), state)?;
            state.begin(Phase::Connect);
        }
        let mut waiting = BlockingStream { stream: &mut stream, state };
        match protocol {
            ProxyProtocol::Socks4 | ProxyProtocol::Socks4A => {
                socks::open4(&mut waiting, goal, port)
            }
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
                socks::open5(&mut waiting, proxy, goal, port)
            }
            _ => http_proxy::open(&mut waiting, proxy, host, port, &self.user_agent),
        }
        .map_err(no_passage)?;
        Ok(stream)
    }

    fn secure(&self, stream: ByteStream, host: &str, state: &ExchangeState) -> Result<ByteStream> {
        let session = TlsStream::start(stream, host, self.tls.config()?, state)?;
        Ok(ByteStream::Tls(Box::new(session)))
    }
}

/// The host of a URI without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port of a URI. One that is no port is nothing: the `http` crate would pass over it.
pub(super) fn port(uri: &Uri, default: u16) -> Option<u16> {
    let authority = uri.authority()?;
    let (_, port) = authority.as_str().rsplit_once(authority.host())?;
    match port.strip_prefix(':') {
        None => Some(default),
        Some(digits) => digits.parse().ok().filter(|port| *port != 0),
    }
}

fn unreachable(address: SocketAddr, cause: &io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::TimedOut => {
            Error::new(ErrorKind::Timeout, format!("{address} did not answer")).with_io(cause)
        }
        _ => Error::new(ErrorKind::Connect, format!("no connection to {address}")).with_io(cause),
    }
}

/// Why a proxy did not make the connection. A rule about time or a cancel is passed on as it is.
fn no_passage(cause: io::Error) -> Error {
    match cause.downcast::<Error>() {
        Ok(ours) => ours,
        Err(cause) => {
            Error::new(ErrorKind::Connect, "the proxy made no connection").with_io(&cause)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_or_the_schemes_own() {
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
        assert_eq!((bare("[::1]"), bare("host")), ("::1", "host"));
    }
}
