//! Limits of time and the cancel token, in every step.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::server::{Peer, Server, ok};
use super::*;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::MIB;
use crate::runtime::{CleanupBudget, Deadline};
use crate::transport::Delivery;
use crate::transport::exchange::Pace;

const SHORT: Duration = Duration::from_millis(100);
/// A limit may be passed by this much on a busy machine; one that does not hold is passed by more.
const SLACK: Duration = Duration::from_secs(5);

/// Runs an exchange that has to fail, and says how and how fast.
fn fails(host: &str, body: &Body, call: &Call<'_>) -> (Error, Delivery, Duration) {
    let begun = Instant::now();
    let failure = send(&http(), host, Method::Put, body, call).unwrap_err();
    (failure.error, failure.delivery, begun.elapsed())
}

fn times_out(host: &str, body: &Body, call: &Call<'_>, phase: Phase) -> Error {
    let (error, _, time) = fails(host, body, call);
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(phase)), "{error}");
    assert!(time >= SHORT && time < SHORT + SLACK, "{time:?}");
    error
}

/// An address that does not answer: a listener whose queue is full.
struct BlackHole {
    listener: socket2::Socket,
    _waiting: Vec<socket2::Socket>,
}

impl BlackHole {
    fn new() -> Self {
        let new = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let listener = new().unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = (0..4).map(|_| {
            let socket = new().unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            socket
        });
        let waiting = waiting.collect();
        Self { listener, _waiting: waiting }
    }

    fn host(&self) -> String {
        self.listener.local_addr().unwrap().as_socket().unwrap().to_string()
    }
}

#[test]
fn a_silent_server_is_a_response_timeout() {
    let server = Server::start(Peer::hold);
    let cancel = Cancel::never();
    let mut call = quick(&cancel);
    call.limits.response = SHORT;
    let error = times_out(&server.host(), &Body::Text("a".into()), &call, Phase::Wait);
    assert_eq!(error.bytes_sent(), 1);
}

#[test]
fn a_server_that_thinks_is_no_stall() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.idle(3 * SHORT);
        peer.say(&ok("done"))
    });
    let cancel = Cancel::never();
    let mut call = quick(&cancel);
    call.limits.stall = SHORT;
    let exchange = send(&http(), &server.host(), Method::Post, &Body::Empty, &call).unwrap();
    assert_eq!(exchange.response.body, b"done");
}

#[test]
fn an_answer_that_drips_is_a_stall() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
        loop {
            peer.stream.get_mut().write_all(b"x")?;
            peer.idle(Duration::from_millis(5));
        }
    });
    let cancel = Cancel::never();
    let mut call = quick(&cancel);
    call.limits.stall = SHORT;
    times_out(&server.host(), &Body::Empty, &call, Phase::Receive);
}

#[test]
fn an_answer_that_never_ends_is_a_response_timeout() {
    let (begun, has_begun) = channel();
    let begun = Mutex::new(begun);
    let server = Server::start(move |peer| {
        peer.head()?;
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")?;
        let _ = begun.lock().unwrap().send(());
        loop {
            peer.stream.get_mut().write_all(&[b'x'; 2000])?;
            peer.idle(Duration::from_millis(2));
        }
    });
    let cancel = Cancel::never();
    // The answer is there before its clock starts: it cannot pass while the server is not ready.
    let pace = Until(Mutex::new(has_begun));
    let mut call = Call { pace: Some(&pace), ..quick(&cancel) };
    call.limits.response = SHORT;
    times_out(&server.host(), &Body::Text("a".into()), &call, Phase::Receive);
}

#[test]
fn a_server_that_stops_reading_is_a_stall() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.idle(LONG);
        Ok(())
    });
    let cancel = Cancel::never();
    let mut call = quick(&cancel);
    call.limits.stall = SHORT;
    let error = {
        let (error, _, time) = fails(&server.host(), &Pattern::body(64 * MIB), &call);
        assert!(time < SHORT + 2 * SLACK, "{time:?}");
        error
    };
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Send)), "{error}");
}

#[test]
fn a_full_listener_is_a_connect_timeout() {
    let (hole, cancel) = (BlackHole::new(), Cancel::never());
    let mut call = quick(&cancel);
    call.limits.connect = SHORT;
    times_out(&hole.host(), &Body::Empty, &call, Phase::Connect);
}

#[test]
fn a_closed_port_is_a_refused_connection() {
    // No socket listens at this loopback address.
    let (error, delivery, _) = fails("127.77.0.5:9", &Body::Empty, &quick(&Cancel::never()));
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some(Phase::Connect)));
    assert_eq!((error.os_errno(), delivery), (Some(libc::ECONNREFUSED), Delivery::Never));
}

#[test]
fn the_deadline_of_the_call_is_over_all_limits() {
    let (silent, hole) = (Server::start(Peer::hold), BlackHole::new());
    let cancel = Cancel::never();
    for (host, phase) in [(silent.host(), Phase::Wait), (hole.host(), Phase::Connect)] {
        let call = Call { deadline: Deadline::after(5 * SHORT), ..quick(&cancel) };
        let error = times_out(&host, &Body::Empty, &call, phase);
        assert!(error.to_string().contains("deadline"), "{error}");
    }
}

/// Runs rounds that say how long a cancel took, until three took no longer than they may: on a busy
/// machine some do.
fn within_50_ms(round: impl Fn() -> Duration) {
    let times: Vec<_> = (0..12).map(|_| round()).collect();
    let prompt = times.iter().filter(|time| **time < Duration::from_millis(50)).count();
    assert!(prompt >= 3, "{times:?}");
}

/// Cancels an exchange when it waits after `ready`, and says how long it went on.
fn cancel_at(
    ready: Receiver<()>,
    phase: Phase,
    exchange: impl FnOnce(&Call<'_>) -> Error,
) -> Duration {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let caller = Waiter::this_thread();
    let canceler = std::thread::spawn(move || {
        // A closed connection is ready as well.
        let _ = ready.recv_timeout(LONG);
        caller.wait_until_polling();
        trigger.trigger();
        Instant::now()
    });
    let error = exchange(&quick(&cancel));
    let took = canceler.join().unwrap().elapsed();
    // On a busy machine the client may not have seen yet what the server has sent.
    let behind = phase == Phase::Receive && error.phase() == Some(Phase::Wait);
    assert_eq!(error.kind(), ErrorKind::Canceled);
    assert!(behind || error.phase() == Some(phase), "{error}");
    took
}

/// A thread whose waits can be seen.
#[derive(Clone, Copy)]
struct Waiter(libc::pid_t);

#[cfg(target_os = "linux")]
impl Waiter {
    fn this_thread() -> Self {
        // SAFETY: this only returns a number.
        Self(unsafe { libc::gettid() })
    }

    /// Waits until the thread is blocked in `poll`, as it is in every step that has to wait.
    fn wait_until_polling(self) {
        #[cfg(target_arch = "x86_64")]
        const POLL: [libc::c_long; 2] = [libc::SYS_poll, libc::SYS_ppoll];
        #[cfg(not(target_arch = "x86_64"))]
        const POLL: [libc::c_long; 1] = [libc::SYS_ppoll];
        let begun = Instant::now();
        let is_polling = || {
            let call = std::fs::read_to_string(format!("/proc/self/task/{}/syscall", self.0));
            let call = call.unwrap();
            let number = call.split_whitespace().next().and_then(|number| number.parse().ok());
            number.is_some_and(|number| POLL.contains(&number))
        };
        while !is_polling() {
            assert!(begun.elapsed() < LONG, "the exchange does not wait");
            std::thread::yield_now();
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Waiter {
    fn this_thread() -> Self {
        Self(0)
    }

    fn wait_until_polling(self) {
        std::thread::sleep(SHORT);
    }
}

fn at_once() -> Receiver<()> {
    channel().1
}

/// Cancels exchanges once the server has come to the step in question.
fn cancel_in(
    script: fn(&mut Peer) -> std::io::Result<()>,
    phase: Phase,
    exchange: impl Fn(&str, &Call<'_>) -> Error,
) {
    within_50_ms(|| {
        let (reached, ready) = channel();
        let reached = Mutex::new(reached);
        let server = Server::start(move |peer| {
            script(peer)?;
            reached.lock().unwrap().send(()).unwrap();
            peer.idle(LONG);
            Ok(())
        });
        cancel_at(ready, phase, |call| exchange(&server.host(), call))
    });
}

#[test]
fn a_cancel_ends_every_step_within_50_ms() {
    let empty = |host: &str, call: &Call<'_>| fails(host, &Body::Empty, call).0;
    let hole = BlackHole::new();
    within_50_ms(|| cancel_at(at_once(), Phase::Connect, |call| empty(&hole.host(), call)));
    cancel_in(
        |peer| peer.stream.read_exact(&mut [0]),
        Phase::Tls,
        |host, call| {
            let (mut target, headers, body) = (target(host), Headers::default(), Body::Empty);
            target.https = true;
            let (method, target, query, headers, body) =
                (Method::Get, &target, "", &headers, &body);
            http().send(&Outgoing { method, target, query, headers, body }, call).unwrap_err().error
        },
    );
    let head = |peer: &mut Peer| peer.head().map(drop);
    cancel_in(head, Phase::Send, |host, call| fails(host, &Zeros::body(64 * MIB), call).0);
    cancel_in(head, Phase::Send, |host, call| {
        let call = Call { pace: Some(&Forever), ..*call };
        fails(host, &Pattern::body(MIB), &call).0
    });
    cancel_in(head, Phase::Wait, empty);
    let begin = |peer: &mut Peer| {
        peer.head()?;
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    };
    cancel_in(begin, Phase::Receive, empty);
}

/// Lets bytes go when there is a message.
struct Until(Mutex<Receiver<()>>);

impl Pace for Until {
    fn take(&self, _: usize) -> Duration {
        self.0.lock().unwrap().recv_timeout(LONG).unwrap();
        Duration::ZERO
    }
}

struct Forever;

impl Pace for Forever {
    fn take(&self, _: usize) -> Duration {
        LONG
    }
}

#[test]
fn a_triggered_token_sends_nothing() {
    let server = Server::start(Peer::echo);
    let cancel = Cancel::new().unwrap();
    cancel.trigger();
    let (error, delivery, _) = fails(&server.host(), &Body::Empty, &quick(&cancel));
    assert_eq!((error.kind(), delivery), (ErrorKind::Canceled, Delivery::Never));
    assert_eq!(server.accepted(), 0);
}

#[test]
fn after_a_cancel_the_answer_to_a_sent_request_is_awaited() {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let server = Server::start(move |peer| {
        peer.request()?;
        trigger.trigger();
        peer.idle(SHORT);
        peer.say(&ok("made"))
    });
    let budget = Arc::new(CleanupBudget::new(LONG * 2));
    let call = Call { cancel_policy: CancelPolicy::AwaitResponse(&budget), ..quick(&cancel) };
    let exchange = send(&http(), &server.host(), Method::Post, &Body::Empty, &call).unwrap();
    assert_eq!(exchange.response.body, b"made");
}

#[test]
fn the_answer_is_awaited_for_no_longer_than_said() {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let server = Server::start(move |peer| {
        peer.request()?;
        trigger.trigger();
        peer.hold()
    });
    let budget = Arc::new(CleanupBudget::new(SHORT * 2));
    let call = Call { cancel_policy: CancelPolicy::AwaitResponse(&budget), ..quick(&cancel) };
    let (error, delivery, time) = fails(&server.host(), &Body::Empty, &call);
    assert_eq!((error.kind(), delivery), (ErrorKind::Canceled, Delivery::Maybe));
    assert!(time >= SHORT && time < SHORT + SLACK, "{time:?}");
    let late = Cancel::never();
    let budget = Arc::new(CleanupBudget::new(SHORT * 2));
    let cancel_policy = CancelPolicy::AwaitResponse(&budget);
    let call = Call { cancel_policy, deadline: Deadline::after(5 * SHORT), ..call };
    let call = Call { cancel: &late, ..call };
    let (error, _, time) = fails(&server.host(), &Body::Empty, &call);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(time >= 6 * SHORT && time < 6 * SHORT + SLACK, "{time:?}");
}
