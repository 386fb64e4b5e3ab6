//! Proxies that cannot reach one of several addresses of a host, or have several themselves.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;

use super::failover::{Behavior, dns, free_port, http_with, ip, resolve_with};
use super::server::{Peer, Server, ok};
use super::*;
use crate::error::ErrorKind;
use crate::transport::ProxySetting;

/// Replies to each SOCKS 5 request with a code, which depends on the type of its address.
fn socks5(reply: impl Fn(u8) -> u8 + Send + Sync + 'static) -> Server {
    Server::start(move |peer| {
        peer.stream.read_exact(&mut [0; 3])?;
        peer.stream.get_mut().write_all(&[5, 0])?;
        let mut head = [0; 4];
        peer.stream.read_exact(&mut head)?;
        let length = if head[3] == IPV6 { 16 } else { 4 };
        peer.stream.read_exact(&mut vec![0; length + 2])?;
        let code = reply(head[3]);
        peer.stream.get_mut().write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0])?;
        peer.request()?;
        peer.send(&ok(""))
    })
}

fn through(scheme: &str, proxy: &str) -> HttpSettings {
    let proxy = ProxySetting::Url(format!("{scheme}://{proxy}"));
    HttpSettings { proxy, connections: 1, ..Default::default() }
}

#[test]
fn a_socks_proxy_without_ipv6_is_asked_for_the_ipv4_address() {
    dns!(DNS, vec![Ipv6Addr::LOCALHOST.into(), ip(2)]);
    let proxy = socks5(|address_type| if address_type == IPV6 { 8 } else { 0 });
    let settings = through("socks5", &proxy.host());
    get(&http_with(resolve_with!(DNS), &settings), "bucket.test").unwrap();
    assert_eq!(proxy.accepted(), 2);
    DNS.lock().unwrap().1 = vec![Ipv6Addr::LOCALHOST.into()];
    let error = get(&http_with(resolve_with!(DNS), &settings), "bucket.test").unwrap_err().error;
    assert!(error.is_permanent(), "{error}");
}

/// A proxy that connects to IPv4 addresses, and does this instead for IPv6.
fn without_ipv6(instead: Behavior) -> Server {
    Server::start(move |peer| {
        peer.stream.read_exact(&mut [0; 3])?;
        peer.stream.get_mut().write_all(&[5, 0])?;
        let mut head = [0; 4];
        peer.stream.read_exact(&mut head)?;
        if head[3] == IPV6 {
            return instead(peer);
        }
        peer.stream.read_exact(&mut [0; 6])?;
        peer.stream.get_mut().write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        peer.request()?;
        peer.send(&ok(""))
    })
}

#[test]
fn an_address_that_a_socks_proxy_does_not_respond_about_is_the_last_to_be_tried() {
    dns!(DNS, vec![Ipv6Addr::LOCALHOST.into(), ip(2)]);
    let proxy = without_ipv6(|_| Ok(()));
    get(&http_with(resolve_with!(DNS), &through("socks5", &proxy.host())), "bucket.test").unwrap();
    assert_eq!(proxy.accepted(), 2);
    let proxy = without_ipv6(Peer::read_to_end);
    let http = http_with(resolve_with!(DNS), &through("socks5", &proxy.host()));
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.connect = Duration::from_millis(100);
    let failure = send(&http, "bucket.test", Method::Get, &Body::Empty, &options).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Timeout, "{}", failure.error);
    get(&http, "bucket.test").unwrap();
}

#[test]
fn a_host_is_resolved_again_only_if_a_socks_proxy_cannot_reach_it() {
    dns!(DNS, vec![ip(2)]);
    for (code, resolved) in [(1, 1), (2, 1), (4, 2), (5, 2)] {
        DNS.lock().unwrap().0 = 0;
        let proxy = socks5(move |_| code);
        let http = http_with(resolve_with!(DNS), &through("socks5", &proxy.host()));
        for _ in 0..2 {
            get(&http, "bucket.test").unwrap_err();
        }
        assert_eq!(DNS.lock().unwrap().0, resolved, "code {code}");
    }
}

#[test]
fn a_proxy_that_is_silent_or_hangs_up_is_resolved_again() {
    dns!(DNS, Vec::new());
    for script in [
        Peer::read_to_end as Behavior,
        |peer| peer.head().map(drop),
        |peer| {
            peer.head()?;
            peer.reset()
        },
    ] {
        *DNS.lock().unwrap() = (0, vec![ip(2)]);
        let port = free_port(&[ip(2), ip(3)]);
        let proxy = format!("proxy.test:{port}");
        let http = http_with(resolve_with!(DNS), &through("http", &proxy));
        let _old = Server::start_at(SocketAddr::new(ip(2), port), script);
        let _new = Server::start_at(SocketAddr::new(ip(3), port), |peer| {
            peer.head()?;
            peer.send("HTTP/1.1 200 OK\r\n\r\n")?;
            peer.request()?;
            peer.send(&ok(""))
        });
        let cancel = Cancel::never();
        let mut options = default_options(&cancel);
        options.timeouts.connect = Duration::from_millis(100);
        send(&http, "127.0.0.1:9", Method::Get, &Body::Empty, &options).unwrap_err();
        DNS.lock().unwrap().1 = vec![ip(3)];
        get(&http, "127.0.0.1:9").unwrap();
        assert_eq!(DNS.lock().unwrap().0, 2);
    }
}

/// The address type of SOCKS 5.
const IPV6: u8 = 4;
