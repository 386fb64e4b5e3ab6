//! Ordinary exchanges, and answers that are not.

use std::io::Write;
use std::sync::{Arc, Barrier, Mutex};

use super::server::{Peer, Server, ok};
use super::*;
use crate::codec::crc64::Crc64;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::MIB;
use crate::transport::Delivery;
use crate::transport::exchange::Pace;

fn serve(answer: impl Into<String>) -> Server {
    let answer = answer.into();
    Server::start(move |peer| {
        peer.request()?;
        peer.say(&answer)
    })
}

#[test]
fn a_connection_is_kept_and_the_request_is_as_given() {
    let server = Server::start(Peer::echo);
    let (http, host) = (http(), server.host());
    let target = target(&host);
    let mut headers = Headers::default();
    headers.set("x-oss-meta-Name", "v\u{e9}").unwrap();
    headers.set("Authorization", "OSS4-HMAC-SHA256 x").unwrap();
    for (method, body, length) in [
        (Method::Get, Body::Empty, None),
        (Method::Delete, Body::Empty, None),
        (Method::Post, Body::Empty, Some(0)),
        (Method::Put, Body::Empty, Some(0)),
        (Method::Put, Body::Text("hello".into()), Some(5)),
    ] {
        let query = "uploads&a=%2F";
        let outgoing = Outgoing { method, target: &target, query, headers: &headers, body: &body };
        let exchange = http.send(&outgoing, &quick(&Cancel::never())).unwrap();
        assert!(exchange.whole);
        assert_eq!(exchange.response.status, 200);
        let echo = String::from_utf8(exchange.response.body).unwrap();
        let mut expected = vec![
            format!("{} /bucket/a%20key?uploads&a=%2F HTTP/1.1", method.as_str()),
            format!("Host: {host}"),
            "User-Agent: ua/1".to_owned(),
            "x-oss-meta-Name: v\u{e9}".to_owned(),
            "Authorization: OSS4-HMAC-SHA256 x".to_owned(),
        ];
        expected.extend(length.map(|length| format!("Content-Length: {length}")));
        let (head, rest) = echo.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<_> = head.split("\r\n").map(str::to_owned).collect();
        assert_eq!(lines[0], expected[0]);
        lines.sort();
        expected.sort();
        assert_eq!(lines, expected);
        assert_eq!(rest, length.unwrap_or(0).to_string());
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_large_body_arrives_whole_and_its_progress_adds_up() {
    let (length, seen) = (3 * MIB + 12_345, Arc::new(Mutex::new(Vec::new())));
    let kept = Arc::clone(&seen);
    let server = Server::start(move |peer| {
        *kept.lock().unwrap() = peer.request()?.1;
        peer.say(&ok(""))
    });
    let told = Mutex::new(0);
    let progress = |bytes| *told.lock().unwrap() += bytes;
    let cancel = Cancel::never();
    let call = Call { progress: Some(&progress), ..quick(&cancel) };
    let exchange =
        send(&http(), &server.host(), Method::Put, &Pattern::body(length), &call).unwrap();
    let bytes = seen.lock().unwrap();
    assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == pattern(at as u64)));
    let mut crc64 = Crc64::new();
    crc64.update(&bytes);
    assert_eq!((exchange.sent.bytes, exchange.sent.crc64), (length, crc64.value()));
    assert_eq!((bytes.len() as u64, *told.lock().unwrap()), (length, length));
}

#[test]
fn head_and_204_have_no_body_and_the_connection_is_kept() {
    let server = Server::start(|peer| {
        loop {
            peer.request()?;
            peer.say("HTTP/1.1 200 OK\r\nContent-Length: 7000\r\nETag: \"a\"\r\n\r\n")?;
            peer.request()?;
            peer.say("HTTP/1.1 204 No Content\r\n\r\n")?;
        }
    });
    let (http, host) = (http(), server.host());
    for _ in 0..3 {
        let cancel = Cancel::never();
        let head = send(&http, &host, Method::Head, &Body::Empty, &quick(&cancel)).unwrap();
        assert_eq!(head.response.headers.get("content-length"), Some("7000"));
        let gone = send(&http, &host, Method::Delete, &Body::Empty, &quick(&cancel)).unwrap();
        assert_eq!(gone.response.status, 204);
        assert!(head.response.body.is_empty() && gone.response.body.is_empty());
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_redirect_and_an_error_are_answers() {
    for status in [301, 302, 307, 400, 404, 503] {
        let server = serve(format!(
            "HTTP/1.1 {status} Odd\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 3\r\n\r\nwhy"
        ));
        let exchange = put(&http(), &server.host(), &Body::Text("a".into())).unwrap();
        assert_eq!(exchange.response.status, status);
        assert_eq!(exchange.response.body, b"why");
        assert_eq!(exchange.response.headers.get("location"), Some("http://127.0.0.1:1/"));
    }
}

#[test]
fn bodies_of_every_framing_are_read_to_their_end() {
    for answer in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
        "HTTP/1.0 200 OK\r\n\r\nabcde",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ] {
        let server = serve(answer);
        assert_eq!(get(&http(), &server.host()).unwrap().response.body, b"abcde", "{answer}");
    }
}

#[test]
fn a_truncated_answer_is_a_lost_connection() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        let server = serve(answer);
        let failure = get(&http(), &server.host()).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Network, "{answer}: {}", failure.error);
        assert_eq!(failure.error.phase(), Some(Phase::Receive), "{answer}");
        assert_eq!((failure.delivery, failure.reused), (Delivery::Maybe, false));
    }
}

#[test]
fn an_answer_that_is_not_http_is_a_protocol_error() {
    let garbage = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n".to_owned();
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let alert = "\u{15}\u{3}\u{3}\0\u{2}\u{2}\n".to_owned();
    for answer in [garbage, long, alert] {
        let server = serve(answer);
        let failure = get(&http(), &server.host()).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Protocol, "{}", failure.error);
        assert_eq!(failure.error.host(), Some(&*server.host()));
    }
}

#[test]
fn an_endless_answer_is_cut() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        loop {
            peer.stream.get_mut().write_all(&[b'x'; 65_536])?;
        }
    });
    let failure = get(&http(), &server.host()).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Protocol, "{}", failure.error);
}

#[test]
fn a_dead_kept_connection_is_said_to_be_reused() {
    for body in [Body::Empty, Pattern::body(MIB)] {
        let server = Server::start(|peer| {
            peer.request()?;
            peer.say(&ok(""))?;
            if peer.number == 0 {
                // A request is read before it is cut, so the connection looked alive until then.
                return peer.head().map(drop);
            }
            peer.echo()
        });
        let (http, host) = (http(), server.host());
        get(&http, &host).unwrap();
        let failure = put(&http, &host, &body).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Network);
        assert!(failure.reused);
        get(&http, &host).unwrap();
        assert_eq!(server.accepted(), 2);
    }
}

#[test]
fn a_new_connection_that_dies_is_not_reused() {
    let server = Server::start(|peer| peer.request().map(drop));
    let failure = get(&http(), &server.host()).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Network);
    assert_eq!(failure.error.phase(), Some(Phase::Wait));
    assert_eq!((failure.reused, failure.delivery), (false, Delivery::Maybe));
}

/// A file that became shorter, or a disk that fails.
#[derive(Debug)]
struct Broken(ErrorKind);

impl Content for Broken {
    fn length(&self) -> u64 {
        MIB
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        match (offset, self.0) {
            (0, _) => Ok(buffer.len().min(1000)),
            (_, ErrorKind::Changed) => Ok(0),
            (_, kind) => Err(Error::new(kind, "the disk is broken")),
        }
    }
}

#[test]
fn an_error_of_the_source_ends_the_request_and_is_passed_on() {
    let server = Server::start(Peer::hold);
    for kind in [ErrorKind::Changed, ErrorKind::File, ErrorKind::Callback] {
        let body = Body::Content(Arc::new(Broken(kind)));
        let failure = put(&http(), &server.host(), &body).unwrap_err();
        assert_eq!(failure.error.kind(), kind);
        assert_eq!(failure.error.bytes_sent(), 1000);
        assert_eq!(failure.delivery, Delivery::Maybe);
    }
}

struct Slow(Mutex<Vec<usize>>);

impl Pace for Slow {
    fn take(&self, bytes: usize) -> Duration {
        self.0.lock().unwrap().push(bytes);
        Duration::from_millis(1)
    }
}

#[test]
fn a_pace_is_asked_for_every_byte() {
    let server = Server::start(Peer::echo);
    let (slow, cancel) = (Slow(Mutex::default()), Cancel::never());
    let call = Call { pace: Some(&slow), ..quick(&cancel) };
    send(&http(), &server.host(), Method::Put, &Pattern::body(50_000), &call).unwrap();
    assert_eq!(*slow.0.lock().unwrap(), [16_384, 16_384, 16_384, 848]);
}

#[test]
fn many_threads_share_one_and_its_connections() {
    let server = Server::start(Peer::echo);
    let (http, host) = (http(), server.host());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| drop(get(&http, &host).unwrap())));
        }
    });
    assert!(server.accepted() <= 4, "{}", server.accepted());
}

#[test]
fn after_a_time_out_on_a_kept_connection_none_of_its_age_is_used_again() {
    // The first two are in use at once, so that two are kept.
    let both = Barrier::new(2);
    let server = Server::start(move |peer| {
        let (head, _) = peer.request()?;
        if peer.number < 2 {
            both.wait();
        }
        peer.say(&ok(&head))?;
        // Like a connection that a router has forgotten.
        peer.hold()
    });
    let (http, cancel) = (http(), Cancel::never());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| get(&http, &server.host()).unwrap());
        }
    });
    let mut call = quick(&cancel);
    call.limits.response = Duration::from_millis(100);
    let failure = send(&http, &server.host(), Method::Get, &Body::Empty, &call).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Timeout, "{}", failure.error);
    get(&http, &server.host()).unwrap();
    assert_eq!(server.accepted(), 3);
}
