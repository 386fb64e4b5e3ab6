//! Timeouts, the deadline and cancellation in every phase.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::server::{Peer, Server, ok};
use super::*;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::{self, MIB};
use crate::platform::errno;
use crate::runtime::{CleanupBudget, Deadline};
use crate::transport::Delivery;
use crate::transport::exchange::RateLimit;
use crate::transport::resolver::Resolver;

const SHORT: Duration = Duration::from_millis(100);
/// How late a timeout may be on a busy machine.
const SLACK: Duration = Duration::from_secs(15);

/// Runs an exchange that must fail and measures its time.
fn fails(host: &str, body: &Body, options: &ExchangeOptions<'_>) -> (Error, Delivery, Duration) {
    let started = Instant::now();
    let failure = send(&http(), host, Method::Put, body, options).unwrap_err();
    (failure.error, failure.delivery, started.elapsed())
}

fn times_out(host: &str, body: &Body, options: &ExchangeOptions<'_>, phase: Phase) -> Error {
    let (error, _, time) = fails(host, body, options);
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(phase)), "{error}");
    assert!(time >= SHORT && time < SHORT + SLACK, "{time:?}");
    error
}

/// An address that accepts no connection: a listener whose backlog is full.
pub(super) struct FullListener {
    listener: socket2::Socket,
    _backlog: Vec<socket2::Socket>,
}

impl FullListener {
    pub(super) fn new() -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into())
    }

    pub(super) fn at(address: SocketAddr) -> Self {
        let domain = socket2::Domain::for_address(address);
        let new = || socket2::Socket::new(domain, socket2::Type::STREAM, None);
        let listener = new().unwrap();
        listener.bind(&address.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let backlog = (0..4).map(|_| {
            let socket = new().unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            socket
        });
        let backlog = backlog.collect();
        Self { listener, _backlog: backlog }
    }

    pub(super) fn host(&self) -> String {
        self.listener.local_addr().unwrap().as_socket().unwrap().to_string()
    }
}

#[test]
fn the_only_address_of_a_host_is_resolved_again_after_a_connect_timeout() {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    let resolver = Resolver::with_resolve_fn(
        |_| {
            LOOKUPS.fetch_add(1, Ordering::SeqCst);
            Ok(vec![Ipv4Addr::LOCALHOST.into()])
        },
        limits::RESOLVE_TTL,
    );
    let http = Http::with_resolver(&HttpSettings::default(), resolver).unwrap();
    let listener = FullListener::new();
    let host = listener.host().replace("127.0.0.1", "bucket.test");
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.connect = SHORT;
    for lookups in [1, 2] {
        let failed = send(&http, &host, Method::Get, &Body::Empty, &options).unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::Timeout, "{}", failed.error);
        assert_eq!(LOOKUPS.load(Ordering::SeqCst), lookups);
    }
}

#[test]
fn a_silent_server_is_a_response_timeout() {
    let server = Server::start(Peer::read_to_end);
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.response = SHORT;
    let error = times_out(&server.host(), &Body::Text("a".into()), &options, Phase::Wait);
    assert_eq!(error.bytes_sent(), 1);
}

#[test]
fn waiting_for_the_server_is_not_a_stall() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.idle(3 * SHORT);
        peer.send(&ok("done"))
    });
    assert_done_without_stall(&server);
}

#[test]
fn waiting_after_an_interim_response_is_not_a_stall() {
    for interim in ["HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 100 Continue\r\nServer: a\r\n\r\n"]
    {
        let server = Server::start(move |peer| {
            peer.request()?;
            for _ in 0..2 {
                peer.send(interim)?;
                peer.idle(3 * SHORT);
            }
            peer.send(&ok("done"))
        });
        assert_done_without_stall(&server);
    }
}

fn assert_done_without_stall(server: &Server) {
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.stall = SHORT;
    let exchange = send(&http(), &server.host(), Method::Post, &Body::Empty, &options).unwrap();
    assert_eq!(exchange.response.body, b"done");
}

#[test]
fn a_slow_response_is_a_stall() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
        loop {
            peer.stream.get_mut().write_all(b"x")?;
            peer.idle(Duration::from_millis(5));
        }
    });
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.stall = SHORT;
    times_out(&server.host(), &Body::Empty, &options, Phase::Receive);
}

#[test]
fn an_endless_response_is_a_response_timeout() {
    let (started, response_started) = channel();
    let started = Mutex::new(started);
    let server = Server::start(move |peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")?;
        let _ = started.lock().unwrap().send(());
        loop {
            peer.stream.get_mut().write_all(&[b'x'; 2000])?;
            peer.idle(Duration::from_millis(2));
        }
    });
    let cancel = Cancel::never();
    // The body is sent after the response has started, so that the timeout cannot expire before.
    let rate_limiter = UntilNotified(Mutex::new(response_started));
    let mut options =
        ExchangeOptions { rate_limiter: Some(&rate_limiter), ..default_options(&cancel) };
    options.timeouts.response = SHORT;
    times_out(&server.host(), &Body::Text("a".into()), &options, Phase::Receive);
}

#[test]
fn a_server_that_stops_reading_is_a_stall() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.idle(LONG);
        Ok(())
    });
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.stall = SHORT;
    let error = {
        let (error, _, time) = fails(&server.host(), &Pattern::body(64 * MIB), &options);
        assert!(time < SHORT + 2 * SLACK, "{time:?}");
        error
    };
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Send)), "{error}");
}

#[test]
fn a_full_listener_is_a_connect_timeout() {
    let (listener, cancel) = (FullListener::new(), Cancel::never());
    let mut options = default_options(&cancel);
    options.timeouts.connect = SHORT;
    times_out(&listener.host(), &Body::Empty, &options, Phase::Connect);
}

#[test]
fn a_closed_port_is_a_refused_connection() {
    // No socket listens on this loopback address.
    let (error, delivery, _) =
        fails("127.77.0.5:9", &Body::Empty, &default_options(&Cancel::never()));
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some(Phase::Connect)));
    assert_eq!((error.os_errno(), delivery), (Some(errno::ECONNREFUSED), Delivery::Impossible));
}

#[test]
fn the_deadline_applies_in_addition_to_the_timeouts() {
    let (silent, listener) = (Server::start(Peer::read_to_end), FullListener::new());
    let cancel = Cancel::never();
    for (host, phase) in [(silent.host(), Phase::Wait), (listener.host(), Phase::Connect)] {
        let options =
            ExchangeOptions { deadline: Deadline::after(20 * SHORT), ..default_options(&cancel) };
        let error = times_out(&host, &Body::Empty, &options, phase);
        assert!(error.to_string().contains("deadline"), "{error}");
    }
}

/// Measures cancellations until 3 have taken less than 50 ms: on a busy machine some take longer.
fn within_50_ms(cancel: impl Fn() -> Duration) {
    let mut times = Vec::new();
    while times.iter().filter(|time| **time < Duration::from_millis(50)).count() < 3 {
        assert!(times.len() < 100 && times.iter().sum::<Duration>() < LONG, "{times:?}");
        times.push(cancel());
    }
}

/// Cancels an exchange when it waits after `ready`, and returns how long the cancellation took.
fn cancel_at(
    ready: Receiver<()>,
    phase: Phase,
    exchange: impl FnOnce(&ExchangeOptions<'_>) -> Error,
) -> Duration {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let caller = PolledThread::current();
    let canceler = std::thread::spawn(move || {
        // A disconnected channel means ready too.
        let _ = ready.recv_timeout(LONG);
        caller.wait_until_polling();
        trigger.trigger();
        Instant::now()
    });
    let error = exchange(&default_options(&cancel));
    let elapsed = canceler.join().unwrap().elapsed();
    // On a busy machine the client may not have received yet what the server has sent.
    let is_early = phase == Phase::Receive && error.phase() == Some(Phase::Wait);
    assert_eq!(error.kind(), ErrorKind::Canceled);
    assert!(is_early || error.phase() == Some(phase), "{error}");
    elapsed
}

/// A thread whose system calls can be observed.
#[derive(Clone, Copy)]
struct PolledThread(#[cfg(target_os = "linux")] libc::pid_t);

#[cfg(target_os = "linux")]
impl PolledThread {
    fn current() -> Self {
        // SAFETY: this only returns a number.
        Self(unsafe { libc::gettid() })
    }

    /// Waits until the thread is blocked in `poll`.
    fn wait_until_polling(self) {
        // Newer architectures have only `ppoll`.
        #[cfg(any(target_arch = "aarch64", target_arch = "riscv64", target_arch = "loongarch64"))]
        const POLL: libc::c_long = libc::SYS_ppoll;
        #[cfg(not(any(
            target_arch = "aarch64",
            target_arch = "riscv64",
            target_arch = "loongarch64"
        )))]
        const POLL: libc::c_long = libc::SYS_poll;
        // With qemu-user, the thread is blocked in a system call of the host.
        const HOST_PPOLL: libc::c_long = 271;
        const WAITS: [libc::c_long; 3] = [POLL, libc::SYS_ppoll, HOST_PPOLL];
        let started = Instant::now();
        let is_polling = || {
            let syscall = std::fs::read_to_string(format!("/proc/self/task/{}/syscall", self.0));
            let syscall = syscall.unwrap();
            let number = syscall.split_whitespace().next().and_then(|number| number.parse().ok());
            number.is_some_and(|number| WAITS.contains(&number))
        };
        while !is_polling() {
            assert!(started.elapsed() < LONG, "the exchange does not wait");
            std::thread::yield_now();
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl PolledThread {
    fn current() -> Self {
        Self()
    }

    fn wait_until_polling(self) {
        std::thread::sleep(SHORT);
    }
}

fn ready_now() -> Receiver<()> {
    channel().1
}

/// Cancels exchanges when the server has executed `script`.
fn cancel_in(
    script: fn(&mut Peer) -> std::io::Result<()>,
    phase: Phase,
    exchange: impl Fn(&str, &ExchangeOptions<'_>) -> Error,
) {
    within_50_ms(|| {
        let (sender, ready) = channel();
        let sender = Mutex::new(sender);
        let server = Server::start(move |peer| {
            script(peer)?;
            sender.lock().unwrap().send(()).unwrap();
            peer.idle(LONG);
            Ok(())
        });
        cancel_at(ready, phase, |options| exchange(&server.host(), options))
    });
}

#[test]
fn a_cancellation_ends_every_phase_within_50_ms() {
    let empty = |host: &str, options: &ExchangeOptions<'_>| fails(host, &Body::Empty, options).0;
    let listener = FullListener::new();
    within_50_ms(|| {
        cancel_at(ready_now(), Phase::Connect, |options| empty(&listener.host(), options))
    });
    cancel_in(
        |peer| peer.stream.read_exact(&mut [0]),
        Phase::Tls,
        |host, options| {
            let (mut target, headers, body) = (target(host), Headers::default(), Body::Empty);
            target.https = true;
            let (method, target, query, headers, body) =
                (Method::Get, &target, "", &headers, &body);
            http()
                .send(&OutgoingRequest { method, target, query, headers, body }, options)
                .unwrap_err()
                .error
        },
    );
    let head = |peer: &mut Peer| peer.head().map(drop);
    cancel_in(head, Phase::Send, |host, options| fails(host, &Zeros::body(64 * MIB), options).0);
    cancel_in(head, Phase::Send, |host, options| {
        let options = ExchangeOptions { rate_limiter: Some(&NeverAllowed), ..*options };
        fails(host, &Pattern::body(MIB), &options).0
    });
    cancel_in(head, Phase::Wait, empty);
    let partial = |peer: &mut Peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    };
    cancel_in(partial, Phase::Receive, empty);
}

/// Holds bytes back until a message arrives.
struct UntilNotified(Mutex<Receiver<()>>);

impl RateLimit for UntilNotified {
    fn reserve(&self, _: usize) -> Duration {
        self.0.lock().unwrap().recv_timeout(LONG).unwrap();
        Duration::ZERO
    }
}

struct NeverAllowed;

impl RateLimit for NeverAllowed {
    fn reserve(&self, _: usize) -> Duration {
        LONG
    }
}

#[test]
fn with_a_triggered_token_nothing_is_sent() {
    let server = Server::start(Peer::echo);
    let cancel = Cancel::new().unwrap();
    cancel.trigger();
    let (error, delivery, _) = fails(&server.host(), &Body::Empty, &default_options(&cancel));
    assert_eq!((error.kind(), delivery), (ErrorKind::Canceled, Delivery::Impossible));
    assert_eq!(server.accepted(), 0);
}

#[test]
fn after_a_cancellation_the_exchange_waits_for_the_response() {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let server = Server::start(move |peer| {
        peer.request()?;
        trigger.trigger();
        peer.idle(SHORT);
        peer.send(&ok("made"))
    });
    let budget = Arc::new(CleanupBudget::new(LONG * 2, Deadline::NEVER));
    let options = ExchangeOptions {
        cancel_policy: CancelPolicy::AwaitResponse(&budget),
        ..default_options(&cancel)
    };
    let exchange = send(&http(), &server.host(), Method::Post, &Body::Empty, &options).unwrap();
    assert_eq!(exchange.response.body, b"made");
}

#[test]
fn the_wait_for_the_response_is_limited_by_the_budget() {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let server = Server::start(move |peer| {
        peer.request()?;
        trigger.trigger();
        peer.read_to_end()
    });
    let budget = Arc::new(CleanupBudget::new(SHORT * 2, Deadline::NEVER));
    let options = ExchangeOptions {
        cancel_policy: CancelPolicy::AwaitResponse(&budget),
        ..default_options(&cancel)
    };
    let (error, delivery, time) = fails(&server.host(), &Body::Empty, &options);
    assert_eq!((error.kind(), delivery), (ErrorKind::Canceled, Delivery::Possible));
    assert!(time >= SHORT && time < SHORT + SLACK, "{time:?}");
    let never = Cancel::never();
    let budget = Arc::new(CleanupBudget::new(SHORT * 2, Deadline::NEVER));
    let cancel_policy = CancelPolicy::AwaitResponse(&budget);
    let deadline = Deadline::after(20 * SHORT);
    let options = ExchangeOptions { cancel_policy, deadline, ..options };
    let options = ExchangeOptions { cancel: &never, ..options };
    let (error, _, time) = fails(&server.host(), &Body::Empty, &options);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(deadline.plus(SHORT).has_passed(), "it did not wait for the response");
    assert!(time < 21 * SHORT + SLACK, "{time:?}");
}
