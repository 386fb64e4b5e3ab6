//! Hosts with several addresses, some of which are out of service. Linux has all of 127.0.0.0/8.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::authority::{Authority, VALID};
use super::server::{Peer, Server, ok};
use super::time::FullListener;
use super::*;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits;
use crate::platform::errno;
use crate::transport::ProxySetting;
use crate::transport::dns_worker::ResolveFn;
use crate::transport::resolver::Resolver;

pub(super) fn ip(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, last])
}

pub(super) fn http_with(resolve_fn: ResolveFn, settings: &HttpSettings) -> Http {
    let resolver = Resolver::with_resolve_fn(resolve_fn, limits::RESOLVE_TTL);
    Http::with_resolver(settings, resolver).unwrap()
}

/// A resolver that a test can change.
macro_rules! dns {
    ($name:ident, $addresses:expr) => {
        static $name: Mutex<(usize, Vec<IpAddr>)> = Mutex::new((0, Vec::new()));
        $name.lock().unwrap().1 = $addresses;
    };
}

macro_rules! resolve_with {
    ($name:ident) => {
        |_| {
            let mut dns = $name.lock().unwrap();
            dns.0 += 1;
            Ok(dns.1.clone())
        }
    };
}

pub(super) use {dns, resolve_with};

/// Answers each request with the last byte of the server's address.
fn serve(address: IpAddr, port: u16) -> Server {
    Server::start_at(SocketAddr::new(address, port), move |peer| {
        loop {
            peer.request()?;
            peer.send(&ok(&address.to_string()))?;
        }
    })
}

/// A port that none of the addresses uses.
pub(super) fn free_port(addresses: &[IpAddr]) -> u16 {
    loop {
        let first = TcpListener::bind((addresses[0], 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        if addresses[1..].iter().all(|ip| TcpListener::bind((*ip, port)).is_ok()) {
            return port;
        }
    }
}

fn get_text(http: &Http, port: u16) -> Result<String, Error> {
    let exchange = get(http, &format!("bucket.test:{port}")).map_err(|failed| failed.error)?;
    Ok(String::from_utf8(exchange.response.body).unwrap())
}

fn with_timeout(
    http: &Http,
    port: u16,
    change: impl Fn(&mut Timeouts),
) -> Result<String, ExchangeError> {
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    change(&mut options.timeouts);
    let host = format!("bucket.test:{port}");
    send(http, &host, Method::Get, &Body::Empty, &options)
        .map(|exchange| String::from_utf8(exchange.response.body).unwrap())
}

pub(super) type Behavior = fn(&mut Peer) -> std::io::Result<()>;

#[test]
fn a_refused_address_of_the_cache_is_replaced_in_the_same_call() {
    dns!(DNS, vec![ip(2)]);
    let port = free_port(&[ip(2), ip(3)]);
    let http = http_with(resolve_with!(DNS), &HttpSettings::default());
    let old = serve(ip(2), port);
    assert_eq!(get_text(&http, port).unwrap(), "127.0.0.2");
    drop(old);
    let _new = serve(ip(3), port);
    DNS.lock().unwrap().1 = vec![ip(3)];
    assert_eq!(get_text(&http, port).unwrap(), "127.0.0.3");
    assert_eq!(DNS.lock().unwrap().0, 2);
}

#[test]
fn an_address_that_fails_after_the_connection_is_resolved_again() {
    const SILENT: Behavior = |peer| peer.read_to_end();
    const RESETS: Behavior = |peer| peer.head().and_then(|_| peer.reset());
    const CLOSES: Behavior = |peer| peer.head().map(drop);
    const GARBAGE: Behavior = |peer| peer.head().and_then(|_| peer.send("SSH-2.0-x\r\n\r\n"));
    const HALF: Behavior = |peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")?;
        peer.read_to_end()
    };
    dns!(DNS, Vec::new());
    for (name, script) in [
        ("silent", SILENT),
        ("resets", RESETS),
        ("closes", CLOSES),
        ("garbage", GARBAGE),
        ("half a response", HALF),
    ] {
        *DNS.lock().unwrap() = (0, vec![ip(2)]);
        let port = free_port(&[ip(2), ip(3)]);
        let http = http_with(resolve_with!(DNS), &HttpSettings::default());
        let _old = Server::start_at(SocketAddr::new(ip(2), port), script);
        let _new = serve(ip(3), port);
        let short = |timeouts: &mut Timeouts| timeouts.response = Duration::from_millis(100);
        with_timeout(&http, port, short).unwrap_err();
        DNS.lock().unwrap().1 = vec![ip(3)];
        assert_eq!(get_text(&http, port).unwrap(), "127.0.0.3", "{name}");
        assert_eq!(DNS.lock().unwrap().0, 2, "{name}");
    }
}

#[test]
fn an_address_whose_tls_fails_is_replaced_in_the_same_call() {
    dns!(DNS, vec![ip(2)]);
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let settings = HttpSettings { tls: ours.settings(), ..Default::default() };
    let http = http_with(resolve_with!(DNS), &settings);
    let port = free_port(&[ip(2), ip(3)]);
    let host = format!("bucket.test:{port}");
    {
        let _old = ours.server_at(SocketAddr::new(ip(2), port), "bucket.test", VALID, Peer::echo);
        put_tls(&http, &host, &Body::Empty).unwrap();
    }
    // The address now belongs to another server.
    let taken = other.server_at(SocketAddr::new(ip(2), port), "other.test", VALID, Peer::echo);
    let error = put_tls(&http, &host, &Body::Empty).unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    let _new = ours.server_at(SocketAddr::new(ip(3), port), "bucket.test", VALID, Peer::echo);
    DNS.lock().unwrap().1 = vec![ip(2), ip(3)];
    put_tls(&http, &host, &Body::Empty).unwrap();
    assert_eq!(taken.accepted(), 1, "the address that failed is the last one to try");
}

#[test]
fn an_address_that_does_not_respond_costs_a_fraction_of_the_connect_timeout() {
    dns!(DNS, vec![ip(2), ip(3), ip(4)]);
    let port = free_port(&[ip(2), ip(3), ip(4)]);
    let _dead = [2, 3].map(|last| FullListener::at(SocketAddr::new(ip(last), port)));
    let _good = serve(ip(4), port);
    let http = http_with(resolve_with!(DNS), &HttpSettings::default());
    let started = Instant::now();
    assert_eq!(get_text(&http, port).unwrap(), "127.0.0.4");
    assert!(started.elapsed() < LONG / 2, "{:?}", started.elapsed());
    assert!(started.elapsed() >= 2 * limits::CONNECT_STAGGER);

    // Even a short timeout is enough to try each of them, unless the machine is busy.
    let timeout = limits::CONNECT_STAGGER;
    let short = |timeouts: &mut Timeouts| timeouts.connect = timeout;
    let is_reached = (0..20).any(|_| {
        let http = http_with(resolve_with!(DNS), &HttpSettings::default());
        with_timeout(&http, port, short).is_ok_and(|text| text == "127.0.0.4")
    });
    assert!(is_reached);
}

#[test]
fn ipv4_is_used_if_ipv6_does_not_respond_and_vice_versa() {
    let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
    dns!(DNS, vec![v6, ip(2)]);
    for (dead, good) in [(v6, ip(2)), (ip(2), v6)] {
        let port = free_port(&[v6, ip(2)]);
        DNS.lock().unwrap().1 = vec![dead, good];
        let _dead = FullListener::at(SocketAddr::new(dead, port));
        let _good = serve(good, port);
        let http = http_with(resolve_with!(DNS), &HttpSettings::default());
        assert_eq!(get_text(&http, port).unwrap(), good.to_string());
    }
}

#[test]
fn new_connections_spread_over_the_addresses() {
    dns!(DNS, (2..=4).map(ip).collect());
    let port = free_port(&[ip(2), ip(3), ip(4)]);
    let servers = [2, 3, 4].map(|last| {
        Server::start_at(SocketAddr::new(ip(last), port), |peer| {
            peer.request()?;
            peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        })
    });
    let http = http_with(resolve_with!(DNS), &HttpSettings::default());
    for _ in 0..9 {
        get_text(&http, port).unwrap();
    }
    assert_eq!(servers.each_ref().map(Server::accepted), [3, 3, 3]);
    assert_eq!(DNS.lock().unwrap().0, 1);
}

#[test]
fn an_address_that_failed_is_avoided_while_others_work() {
    dns!(DNS, vec![ip(2), ip(3)]);
    let port = free_port(&[ip(2), ip(3)]);
    let good = Server::start_at(SocketAddr::new(ip(3), port), |peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let http = http_with(resolve_with!(DNS), &HttpSettings::default());
    for _ in 0..6 {
        get_text(&http, port).unwrap();
    }
    assert_eq!((good.accepted(), DNS.lock().unwrap().0), (6, 2), "one more lookup after a failure");
}

#[test]
fn known_addresses_are_used_if_a_later_lookup_fails() {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    let port = free_port(&[ip(2), ip(3)]);
    let _good = Server::start_at(SocketAddr::new(ip(3), port), |peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let resolve_fn: ResolveFn = |_| match LOOKUPS.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(vec![ip(2), ip(3)]),
        _ => Err(std::io::Error::other("the name server is down")),
    };
    let http = http_with(resolve_fn, &HttpSettings::default());
    for _ in 0..3 {
        get_text(&http, port).unwrap();
    }
    assert!(LOOKUPS.load(Ordering::SeqCst) > 1);
}

/// Answers each request with the address that it came from.
fn show_client(peer: &mut Peer) -> std::io::Result<()> {
    loop {
        peer.request()?;
        let client = peer.stream.get_ref().peer_addr()?.ip();
        peer.send(&ok(&client.to_string()))?;
    }
}

fn bound_to(address: IpAddr) -> HttpSettings {
    HttpSettings { bind_address: Some(address), ..Default::default() }
}

#[test]
fn connections_come_from_the_bind_address() {
    let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
    dns!(DNS, vec![v6, ip(2)]);
    let port = free_port(&[v6, ip(2)]);
    let servers = [v6, ip(2)].map(|ip| Server::start_at(SocketAddr::new(ip, port), show_client));
    for (local, seen) in [("127.0.0.7", "127.0.0.7"), ("::1", "::1"), ("0.0.0.0", "127.0.0.1")] {
        let http = http_with(resolve_with!(DNS), &bound_to(local.parse().unwrap()));
        assert_eq!(get_text(&http, port).unwrap(), seen);
    }
    assert_eq!(servers.each_ref().map(Server::accepted), [1, 2]);
}

#[test]
fn connections_to_a_proxy_come_from_the_bind_address() {
    let proxy = Server::start(|peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 Connection established\r\n\r\n")?;
        show_client(peer)
    });
    let url = ProxySetting::Url(format!("http://{}", proxy.host()));
    let http = Http::new(&HttpSettings { proxy: url, ..bound_to(ip(7)) }).unwrap();
    assert_eq!(get_text(&http, 80).unwrap(), "127.0.0.7");
}

#[test]
fn addresses_of_the_other_family_are_not_tried() {
    dns!(DNS, vec![ip(2), ip(3)]);
    let port = free_port(&[ip(2), ip(3)]);
    let servers = [2, 3].map(|last| serve(ip(last), port));
    let http = http_with(resolve_with!(DNS), &bound_to(Ipv6Addr::LOCALHOST.into()));
    let error = get_text(&http, port).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some(Phase::Connect)));
    let text = "cannot connect to bucket.test from ::1: it has no IPv6 address";
    assert!(error.to_string().contains(text), "{error}");
    // The host moves to an address of the other family while connections are refused.
    let http = http_with(resolve_with!(DNS), &bound_to(ip(7)));
    get_text(&http, port).unwrap();
    assert_eq!(servers.each_ref().map(Server::accepted).iter().sum::<usize>(), 1);
    drop(servers);
    DNS.lock().unwrap().1 = vec![Ipv6Addr::LOCALHOST.into()];
    let error = get_text(&http, port).unwrap_err();
    assert!(error.to_string().contains("cannot connect to 127.0.0."), "{error}");
}

#[test]
fn a_bind_address_of_another_machine_is_an_error_that_names_it() {
    dns!(DNS, vec![ip(2)]);
    let port = free_port(&[ip(2)]);
    let server = serve(ip(2), port);
    let http = http_with(resolve_with!(DNS), &bound_to(IpAddr::from([192, 0, 2, 1])));
    let error = get_text(&http, port).unwrap_err();
    assert_eq!((error.kind(), error.os_errno()), (ErrorKind::Connect, Some(errno::EADDRNOTAVAIL)));
    let text = error.to_string();
    assert!(text.contains("cannot make connections from 192.0.2.1: "), "{text}");
    assert!(text.contains("bind_address is no address of this machine"), "{text}");
    assert_eq!(server.accepted(), 0);
}

/// All tests of a process share its descriptors, so the test runs itself in a child process.
#[test]
fn a_process_without_descriptors_is_told_so_at_once() {
    const IS_CHILD: &str = "OSSMPU_TEST_DESCRIPTORS";
    if std::env::var_os(IS_CHILD).is_none() {
        let test = "transport::tests::failover::a_process_without_descriptors_is_told_so_at_once";
        let mut child = std::process::Command::new("sh");
        child.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""]);
        child.arg(std::env::current_exe().unwrap()).args(["--exact", test]);
        let output = child.env(IS_CHILD, "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let (http, started) = (http(), Instant::now());
    let mut files = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    let failed = get(&http, "127.0.0.1:9");
    drop(files);
    let error = failed.unwrap_err().error;
    assert_eq!((error.kind(), error.os_errno()), (ErrorKind::Connect, Some(errno::EMFILE)));
    assert!(error.to_string().contains("no file descriptor is left in this process"), "{error}");
    assert!(started.elapsed() < LONG / 2, "{:?}", started.elapsed());
}

#[test]
fn a_connect_timeout_ends_all_attempts_together() {
    dns!(DNS, vec![ip(2), ip(3)]);
    let port = free_port(&[ip(2), ip(3)]);
    let _dead = [2, 3].map(|last| FullListener::at(SocketAddr::new(ip(last), port)));
    let http = http_with(resolve_with!(DNS), &HttpSettings::default());
    let started = Instant::now();
    let short = |timeouts: &mut Timeouts| timeouts.connect = Duration::from_millis(100);
    for _ in 0..2 {
        let error = with_timeout(&http, port, short).unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    assert!(started.elapsed() < LONG / 2, "{:?}", started.elapsed());
}

#[test]
fn an_address_has_not_failed_because_the_deadline_of_the_call_passes() {
    dns!(DNS, vec![ip(2)]);
    let port = free_port(&[ip(2)]);
    let _full = FullListener::at(SocketAddr::new(ip(2), port));
    let http = http_with(resolve_with!(DNS), &HttpSettings::default());
    let other_port = free_port(&[ip(2)]);
    let _other = serve(ip(2), other_port);
    // The deadline does not end the resolution.
    get_text(&http, other_port).unwrap();
    for _ in 0..2 {
        let cancel = Cancel::never();
        let deadline = Deadline::after(Duration::from_millis(50));
        let options = ExchangeOptions { deadline, ..default_options(&cancel) };
        let host = format!("bucket.test:{port}");
        let failure = send(&http, &host, Method::Get, &Body::Empty, &options).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Timeout);
    }
    assert_eq!(DNS.lock().unwrap().0, 1);
}
