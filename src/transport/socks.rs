//! The handshakes of SOCKS proxies, versions 4, 4a and 5 (RFC 1928, RFC 1929).

use std::io::{self, Read, Write};
use std::net::IpAddr;

use ureq::Proxy;

/// What the proxy is asked to connect to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal<'a> {
    Address(IpAddr),
    /// The proxy looks it up.
    Name(&'a str),
}

/// Version 4 has no password; a proxy that wants one refuses.
pub(super) fn open4(stream: &mut (impl Read + Write), goal: Goal<'_>, port: u16) -> io::Result<()> {
    let mut request = vec![4, CONNECT];
    request.extend_from_slice(&port.to_be_bytes());
    match goal {
        Goal::Address(IpAddr::V4(address)) => {
            request.extend_from_slice(&address.octets());
            request.push(0);
        }
        Goal::Address(IpAddr::V6(_)) => return Err(refused("SOCKS 4 knows no IPv6")),
        Goal::Name(name) => {
            request.extend_from_slice(&[0, 0, 0, 1, 0]);
            request.extend_from_slice(name.as_bytes());
            request.push(0);
        }
    }
    stream.write_all(&request)?;
    match read::<8>(stream)? {
        [0, 90, ..] => Ok(()),
        [0, code, ..] => Err(refused(&format!("the proxy refused, code {code}"))),
        _ => Err(refused("the proxy does not speak SOCKS 4")),
    }
}

pub(super) fn open5(
    stream: &mut (impl Read + Write),
    proxy: &Proxy,
    goal: Goal<'_>,
    port: u16,
) -> io::Result<()> {
    let user = proxy.username();
    let methods: &[u8] = if user.is_some() { &[5, 2, NO_LOGIN, LOGIN] } else { &[5, 1, NO_LOGIN] };
    stream.write_all(methods)?;
    match (read(stream)?, user) {
        ([5, NO_LOGIN], _) => {}
        ([5, LOGIN], Some(user)) => log_in(stream, user, proxy.password().unwrap_or_default())?,
        ([5, _], _) => return Err(refused("the proxy wants another kind of login")),
        _ => return Err(refused("the proxy does not speak SOCKS 5")),
    }
    let mut request = vec![5, CONNECT, 0];
    match goal {
        Goal::Address(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend_from_slice(&address.octets());
        }
        Goal::Address(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend_from_slice(&address.octets());
        }
        Goal::Name(name) => {
            request.push(NAME);
            push_text(&mut request, name, "the host name is too long for SOCKS")?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request)?;
    let [version, code, _, kind] = read(stream)?;
    if version != 5 || code != 0 {
        return Err(refused(&format!("the proxy refused: {}", reason(code))));
    }
    // The address that the proxy bound is of no use, but it stands before what the host sends.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => {
            let [length] = read(stream)?;
            usize::from(length)
        }
        _ => return Err(refused("the proxy bound an address of an unknown kind")),
    };
    for _ in 0..length + 2 {
        let [_] = read(stream)?;
    }
    Ok(())
}

fn log_in(stream: &mut (impl Read + Write), user: &str, password: &str) -> io::Result<()> {
    let mut request = vec![1];
    push_text(&mut request, user, "the user of the proxy is too long")?;
    push_text(&mut request, password, "the password of the proxy is too long")?;
    stream.write_all(&request)?;
    match read(stream)? {
        [_, 0] => Ok(()),
        [_, _] => Err(refused("the proxy refused the user and password")),
    }
}

fn push_text(request: &mut Vec<u8>, text: &str, complaint: &str) -> io::Result<()> {
    request.push(u8::try_from(text.len()).map_err(|_| refused(complaint))?);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

fn read<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn reason(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "kind of address not supported",
        _ => "unknown reason",
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}

const CONNECT: u8 = 1;
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
