//! DNS: caching, failed addresses, and cancellation while `getaddrinfo` blocks.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Instant;

use super::server::{Peer, Server};
use super::*;
use crate::error::{ErrorKind, Phase};
use crate::limits;
use crate::transport::Delivery;
use crate::transport::dns_worker::ResolveFn;
use crate::transport::resolver::Resolver;

const SHORT: Duration = Duration::from_millis(100);

fn http_with(resolve_fn: ResolveFn) -> Http {
    let resolver = Resolver::with_resolve_fn(resolve_fn, limits::RESOLVE_TTL);
    Http::with_resolver(&HttpSettings::default(), resolver).unwrap()
}

/// The address of the server with a host name that only the resolver of the test knows.
fn host_name(server: &Server) -> String {
    server.host().replace("127.0.0.1", "bucket.test")
}

#[test]
fn a_host_name_is_resolved_once_within_the_ttl() {
    static RESOLVED: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let http = http_with(|_| {
        RESOLVED.fetch_add(1, Ordering::SeqCst);
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    });
    for _ in 0..5 {
        get(&http, &host_name(&server)).unwrap();
    }
    assert_eq!((RESOLVED.load(Ordering::SeqCst), server.accepted()), (1, 5));
}

#[test]
fn all_addresses_are_tried() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let server = Server::start(Peer::echo);
    let http = http_with(|host| {
        SEEN.lock().unwrap().push(host.to_owned());
        // The first two refuse connections.
        let bad = |last| IpAddr::from([127, 77, 0, last]);
        Ok(vec![bad(1), bad(2), Ipv4Addr::LOCALHOST.into()])
    });
    get(&http, &host_name(&server)).unwrap();
    assert_eq!(*SEEN.lock().unwrap(), ["bucket.test"]);
}

#[test]
fn a_host_is_resolved_again_after_all_addresses_failed() {
    static RESOLVED: AtomicUsize = AtomicUsize::new(0);
    let http = http_with(|_| {
        RESOLVED.fetch_add(1, Ordering::SeqCst);
        Ok(vec![IpAddr::from([127, 77, 0, 3]), IpAddr::from([127, 77, 0, 4])])
    });
    for _ in 0..2 {
        let failure = get(&http, "bucket.test:9").unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Connect);
    }
    assert_eq!(RESOLVED.load(Ordering::SeqCst), 2);
}

#[test]
fn an_unknown_host_name_is_a_resolve_error() {
    for resolve_fn in [(|_| Err(io::Error::other("no such host"))) as ResolveFn, |_| Ok(Vec::new())]
    {
        let failure = get(&http_with(resolve_fn), "nowhere.test").unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Resolve);
        assert_eq!(failure.error.phase(), Some(Phase::Resolve));
        assert_eq!(failure.error.host(), Some("nowhere.test"));
        assert_eq!(failure.delivery, Delivery::Impossible);
    }
}

#[test]
fn a_hanging_resolver_blocks_neither_timeout_nor_cancellation_nor_drop() {
    let http = http_with(|_| {
        std::thread::sleep(LONG);
        Ok(Vec::new())
    });
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.resolve = SHORT;
    let started = Instant::now();
    let failure = send(&http, "slow.test", Method::Get, &Body::Empty, &options).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Timeout);
    assert_eq!(failure.error.phase(), Some(Phase::Resolve));
    assert_eq!((failure.error.host(), failure.delivery), (Some("slow.test"), Delivery::Impossible));
    assert!(started.elapsed() >= SHORT, "{:?}", started.elapsed());

    let cancel = Cancel::new().unwrap();
    cancel.trigger_after(SHORT).unwrap();
    let failure =
        send(&http, "slow.test", Method::Get, &Body::Empty, &default_options(&cancel)).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Canceled);
    drop(http);
    assert!(started.elapsed() < LONG / 2, "{:?}", started.elapsed());
}

#[test]
fn a_hanging_name_does_not_delay_another_one() {
    static HANGS: Barrier = Barrier::new(2);
    static ENDS: Barrier = Barrier::new(2);
    let server = Server::start(Peer::echo);
    let http = http_with(|host| {
        if host == "slow.test" {
            HANGS.wait();
            ENDS.wait();
        }
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    });
    let port = server.host().replace("127.0.0.1", "");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| get(&http, &format!("slow.test{port}")));
        HANGS.wait();
        let fast = get(&http, &host_name(&server));
        ENDS.wait();
        assert!(fast.is_ok() && slow.join().unwrap().is_ok());
    });
}

#[cfg(unix)]
#[test]
fn the_dns_thread_blocks_signals() {
    let http = http_with(|_| {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let none = std::ptr::null();
        // SAFETY: a NULL new set means that the current mask is stored in `set`, which has room.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, none, set.as_mut_ptr()) };
        // SAFETY: the set was stored above.
        let blocked = unsafe { libc::sigismember(set.as_ptr(), libc::SIGTERM) } == 1;
        Err(io::Error::other(if blocked { "blocked" } else { "open" }))
    });
    let failure = get(&http, "bucket.test").unwrap_err();
    assert_eq!(failure.error.cause(), Some("blocked"));
}
