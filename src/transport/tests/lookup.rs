//! Host names: one look-up for many requests, and none that can hold a request up.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    let resolver = Resolver::with(resolve_fn, limits::RESOLVE_TTL);
    Http::with_resolver(&HttpSettings::default(), resolver).unwrap()
}

/// The server under a name that only the test's look-up knows.
fn named(server: &Server) -> String {
    server.host().replace("127.0.0.1", "bucket.test")
}

#[test]
fn a_name_is_looked_up_once_and_not_at_all_on_a_kept_connection() {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|peer| {
        peer.request()?;
        peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let http = http_with(|_| {
        LOOKUPS.fetch_add(1, Ordering::SeqCst);
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    });
    for _ in 0..5 {
        get(&http, &named(&server)).unwrap();
    }
    assert_eq!((LOOKUPS.load(Ordering::SeqCst), server.accepted()), (1, 5));
}

#[test]
fn all_addresses_are_tried_and_the_good_one_comes_first_then() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let server = Server::start(Peer::echo);
    let http = http_with(|host| {
        SEEN.lock().unwrap().push(host.to_owned());
        // The first two refuse connections on every port.
        let bad = |last| IpAddr::from([127, 77, 0, last]);
        Ok(vec![bad(1), bad(2), Ipv4Addr::LOCALHOST.into()])
    });
    get(&http, &named(&server)).unwrap();
    assert_eq!(*SEEN.lock().unwrap(), ["bucket.test"]);
}

#[test]
fn addresses_that_all_fail_are_looked_up_again() {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    let http = http_with(|_| {
        LOOKUPS.fetch_add(1, Ordering::SeqCst);
        Ok(vec![IpAddr::from([127, 77, 0, 3]), IpAddr::from([127, 77, 0, 4])])
    });
    for _ in 0..2 {
        let failure = get(&http, "bucket.test:9").unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Connect);
    }
    assert_eq!(LOOKUPS.load(Ordering::SeqCst), 2);
}

#[test]
fn an_unknown_name_is_a_resolve_error() {
    for resolve_fn in [(|_| Err(io::Error::other("no such host"))) as ResolveFn, |_| Ok(Vec::new())]
    {
        let failure = get(&http_with(resolve_fn), "nowhere.test").unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Resolve);
        assert_eq!(failure.error.phase(), Some(Phase::Resolve));
        assert_eq!(failure.error.host(), Some("nowhere.test"));
        assert_eq!(failure.delivery, Delivery::Never);
    }
}

#[test]
fn a_look_up_that_hangs_can_be_left_by_time_by_cancel_and_by_drop() {
    let http = http_with(|_| {
        std::thread::sleep(LONG);
        Ok(Vec::new())
    });
    let cancel = Cancel::never();
    let mut call = quick(&cancel);
    call.limits.resolve = SHORT;
    let begun = Instant::now();
    let failure = send(&http, "slow.test", Method::Get, &Body::Empty, &call).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Timeout);
    assert_eq!(failure.error.phase(), Some(Phase::Resolve));
    assert_eq!((failure.error.host(), failure.delivery), (Some("slow.test"), Delivery::Never));
    assert!(begun.elapsed() >= SHORT, "{:?}", begun.elapsed());

    let cancel = Cancel::new().unwrap();
    cancel.trigger_after(SHORT).unwrap();
    let failure = send(&http, "slow.test", Method::Get, &Body::Empty, &quick(&cancel)).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Canceled);
    drop(http);
    assert!(begun.elapsed() < LONG / 2, "{:?}", begun.elapsed());
}

#[test]
fn the_look_up_thread_takes_no_signals() {
    let http = http_with(|_| {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let none = std::ptr::null();
        // SAFETY: without a new set this stores the present one, for which there is room.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, none, set.as_mut_ptr()) };
        // SAFETY: the set was stored above.
        let blocked = unsafe { libc::sigismember(set.as_ptr(), libc::SIGTERM) } == 1;
        Err(io::Error::other(if blocked { "blocked" } else { "open" }))
    });
    let failure = get(&http, "bucket.test").unwrap_err();
    assert_eq!(failure.error.cause(), Some("blocked"));
}
