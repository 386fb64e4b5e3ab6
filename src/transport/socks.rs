//! The handshakes of SOCKS proxies, versions 4, 4a and 5 (RFC 1928, RFC 1929).

use std::io::{self, Read, Write};
use std::net::IpAddr;

use ureq::Proxy;

use super::proxy_setting;
use crate::error::{Error, ErrorKind};

/// The host that the proxy connects to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Destination<'a> {
    Address(IpAddr),
    /// The proxy resolves it.
    Name(&'a str),
}

/// Why a handshake failed.
#[derive(Debug)]
pub(super) struct SocksError {
    pub(super) cause: io::Error,
    /// The proxy cannot reach the destination.
    pub(super) is_unreachable: bool,
}

impl From<io::Error> for SocksError {
    fn from(cause: io::Error) -> Self {
        Self { cause, is_unreachable: false }
    }
}

/// Connects through a SOCKS 4 proxy. Version 4 has a user ID, but no password.
pub(super) fn connect_v4(
    stream: &mut (impl Read + Write),
    proxy: &Proxy,
    destination: Destination<'_>,
    port: u16,
) -> Result<(), SocksError> {
    let user_id = proxy.username().unwrap_or_default();
    if user_id.contains('\0') {
        return Err(permanent("the proxy user name has a NUL character").into());
    }
    let mut request = vec![4, CONNECT];
    request.extend_from_slice(&port.to_be_bytes());
    let (address, name) = match destination {
        Destination::Address(IpAddr::V4(address)) => (address.octets(), None),
        Destination::Address(IpAddr::V6(_)) => {
            let text = "SOCKS 4 does not support IPv6; use socks5:// or socks5h://";
            return Err(permanent(text).into());
        }
        Destination::Name(name) => ([0, 0, 0, 1], Some(name)),
    };
    request.extend_from_slice(&address);
    for text in [Some(user_id), name].into_iter().flatten() {
        request.extend_from_slice(text.as_bytes());
        request.push(0);
    }
    stream.write_all(&request)?;
    match read::<8>(stream)? {
        [0, 90, ..] => Ok(()),
        [0, code @ (92 | 93), ..] => Err(permanent(&format!(
            "it identifies users with identd (SOCKS 4 code {code}), which is not supported; use \
             socks5:// if it serves that"
        ))
        .into()),
        [0, code, ..] => {
            let cause = proxy_error(&format!("it refused the connection (SOCKS 4 code {code})"));
            Err(SocksError { cause, is_unreachable: code == 91 })
        }
        _ => Err(proxy_error("it does not respond with SOCKS 4; check its scheme and port").into()),
    }
}

/// Connects through a SOCKS 5 proxy.
pub(super) fn connect_v5(
    stream: &mut (impl Read + Write),
    proxy: &Proxy,
    destination: Destination<'_>,
    port: u16,
) -> Result<(), SocksError> {
    authenticate(stream, proxy)?;
    let mut request = vec![5, CONNECT, 0];
    match destination {
        Destination::Address(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend_from_slice(&address.octets());
        }
        Destination::Address(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend_from_slice(&address.octets());
        }
        Destination::Name(name) => {
            request.push(DOMAIN_NAME);
            push_text(&mut request, name, "the host name is too long for SOCKS")?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request)?;
    let [version, code, _, address_type] = read(stream)?;
    if version != 5 || code != 0 {
        let text = format!("it did not connect to the server: {}", reason(code));
        let cause = if is_permanent(code) { permanent(&text) } else { proxy_error(&text) };
        return Err(SocksError { cause, is_unreachable: matches!(code, 3..=6 | 8) });
    }
    // Skips the address and port that the proxy bound.
    let length = match address_type {
        IPV4 => 4,
        IPV6 => 16,
        DOMAIN_NAME => {
            let [length] = read(stream)?;
            usize::from(length)
        }
        _ => return Err(proxy_error("it sent an address of an unknown type").into()),
    };
    for _ in 0..length + 2 {
        let [_] = read(stream)?;
    }
    Ok(())
}

/// Authenticates to a SOCKS 5 proxy, if it requires that.
fn authenticate(stream: &mut (impl Read + Write), proxy: &Proxy) -> io::Result<()> {
    let user = proxy.username();
    let methods: &[u8] = if user.is_some() { &[5, 2, NO_AUTH, PASSWORD] } else { &[5, 1, NO_AUTH] };
    stream.write_all(methods)?;
    match (read(stream)?, user) {
        ([5, NO_AUTH], _) => Ok(()),
        ([5, PASSWORD], Some(user)) => {
            send_password(stream, user, proxy.password().unwrap_or_default())
        }
        ([5, _], Some(_)) => Err(permanent(
            "it accepts neither connections without authentication nor a user name and a password; \
             other methods are not supported",
        )),
        ([5, _], None) => Err(permanent(&format!(
            "it requires authentication; put a user name and a password into its URL, \
             {}://USER:PASSWORD@HOST:PORT",
            proxy_setting::scheme(proxy)
        ))),
        _ => Err(proxy_error("it does not respond with SOCKS 5; check its scheme and port")),
    }
}

fn send_password(stream: &mut (impl Read + Write), user: &str, password: &str) -> io::Result<()> {
    let mut request = vec![1];
    push_text(&mut request, user, "the proxy user name is too long")?;
    push_text(&mut request, password, "the proxy password is too long")?;
    stream.write_all(&request)?;
    match read(stream)? {
        [_, 0] => Ok(()),
        [_, _] => Err(permanent("it rejected the user name or password of its URL")),
    }
}

fn push_text(request: &mut Vec<u8>, text: &str, too_long: &str) -> io::Result<()> {
    request.push(u8::try_from(text.len()).map_err(|_| permanent(too_long))?);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

fn read<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// True for refusals by configuration, not by the network.
fn is_permanent(code: u8) -> bool {
    matches!(code, 2 | 7 | 8)
}

fn reason(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed by its ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply code",
    }
}

fn proxy_error(text: &str) -> io::Error {
    Error::new(ErrorKind::Connect, text).into()
}

/// The error of a refusal that another attempt would not change.
fn permanent(text: &str) -> io::Error {
    Error::new(ErrorKind::Connect, text).with_permanent(true).into()
}

const CONNECT: u8 = 1;
const NO_AUTH: u8 = 0;
const PASSWORD: u8 = 2;
const IPV4: u8 = 1;
const DOMAIN_NAME: u8 = 3;
const IPV6: u8 = 4;
