//! Requests, responses and connection reuse.

use std::io::Write;
use std::sync::{Arc, Barrier, Mutex};

use super::server::{Peer, Server, ok};
use super::*;
use crate::codec::crc64::Crc64;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::MIB;
use crate::transport::Delivery;
use crate::transport::exchange::RateLimit;

fn serve(response: impl Into<String>) -> Server {
    let response = response.into();
    Server::start(move |peer| {
        peer.request()?;
        peer.send(&response)
    })
}

#[test]
fn the_request_has_the_given_headers_and_the_connection_is_reused() {
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
        let outgoing =
            OutgoingRequest { method, target: &target, query, headers: &headers, body: &body };
        let exchange = http.send(&outgoing, &default_options(&Cancel::never())).unwrap();
        assert!(exchange.body_complete);
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
fn a_large_body_arrives_and_its_progress_is_reported() {
    let (length, received) = (3 * MIB + 12_345, Arc::new(Mutex::new(Vec::new())));
    let sink = Arc::clone(&received);
    let server = Server::start(move |peer| {
        *sink.lock().unwrap() = peer.request()?.1;
        peer.send(&ok(""))
    });
    let reported = Mutex::new(0);
    let progress = |bytes| *reported.lock().unwrap() += bytes;
    let cancel = Cancel::never();
    let options = ExchangeOptions { progress: Some(&progress), ..default_options(&cancel) };
    let exchange =
        send(&http(), &server.host(), Method::Put, &Pattern::body(length), &options).unwrap();
    let bytes = received.lock().unwrap();
    assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == pattern(at as u64)));
    let mut crc64 = Crc64::new();
    crc64.update(&bytes);
    assert_eq!((exchange.sent.bytes, exchange.sent.crc64), (length, crc64.value()));
    assert_eq!((bytes.len() as u64, *reported.lock().unwrap()), (length, length));
}

#[test]
fn responses_to_head_and_204_have_no_body_and_the_connection_is_reused() {
    let server = Server::start(|peer| {
        loop {
            peer.request()?;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 7000\r\nETag: \"a\"\r\n\r\n")?;
            peer.request()?;
            peer.send("HTTP/1.1 204 No Content\r\n\r\n")?;
        }
    });
    let (http, host) = (http(), server.host());
    for _ in 0..3 {
        let cancel = Cancel::never();
        let head =
            send(&http, &host, Method::Head, &Body::Empty, &default_options(&cancel)).unwrap();
        assert_eq!(head.response.headers.get("content-length"), Some("7000"));
        let deleted =
            send(&http, &host, Method::Delete, &Body::Empty, &default_options(&cancel)).unwrap();
        assert_eq!(deleted.response.status, 204);
        assert!(head.response.body.is_empty() && deleted.response.body.is_empty());
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn bytes_after_a_response_are_not_the_response_to_the_next_request() {
    let stray = ok("stray");
    for (method, first) in [
        (Method::Put, ok("first") + &stray),
        (Method::Head, ok(&stray)),
        (Method::Delete, format!("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n{stray}")),
        (
            Method::Put,
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{stray}"),
        ),
    ] {
        let server = Server::start(move |peer| {
            if peer.number == 0 {
                peer.request()?;
                peer.send(&first)?;
            }
            loop {
                peer.request()?;
                peer.send(&ok("second"))?;
            }
        });
        let (http, host, cancel) = (http(), server.host(), Cancel::never());
        send(&http, &host, method, &Body::Empty, &default_options(&cancel)).unwrap();
        assert_eq!(get(&http, &host).unwrap().response.body, b"second");
    }
}

#[test]
fn redirects_and_errors_are_responses() {
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
fn bodies_of_every_framing_are_read() {
    for response in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
        "HTTP/1.0 200 OK\r\n\r\nabcde",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ] {
        let server = serve(response);
        assert_eq!(get(&http(), &server.host()).unwrap().response.body, b"abcde", "{response}");
    }
}

#[test]
fn a_truncated_response_is_a_network_error() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        let server = serve(response);
        let failure = get(&http(), &server.host()).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Network, "{response}: {}", failure.error);
        assert_eq!(failure.error.phase(), Some(Phase::Receive), "{response}");
        assert_eq!((failure.delivery, failure.stale_connection), (Delivery::Possible, false));
    }
}

#[test]
fn a_response_that_is_not_http_is_a_protocol_error() {
    let garbage = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n".to_owned();
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let alert = "\u{15}\u{3}\u{3}\0\u{2}\u{2}\n".to_owned();
    for (response, text) in [(garbage, ""), (long, "the limit is "), (alert, "")] {
        let server = serve(response);
        let failure = get(&http(), &server.host()).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Protocol, "{}", failure.error);
        assert!(failure.error.to_string().contains(text), "{}", failure.error);
        assert_eq!(failure.error.host(), Some(&*server.host()));
    }
}

#[test]
fn an_endless_response_is_a_protocol_error() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        loop {
            peer.stream.get_mut().write_all(&[b'x'; 65_536])?;
        }
    });
    let failure = get(&http(), &server.host()).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Protocol, "{}", failure.error);
}

#[test]
fn a_closed_idle_connection_is_reported_as_stale() {
    for body in [Body::Empty, Pattern::body(MIB)] {
        let server = Server::start(|peer| {
            peer.request()?;
            peer.send(&ok(""))?;
            if peer.number == 0 {
                // The server reads the request before it closes the connection, so that the client
                // cannot notice earlier.
                return peer.head().map(drop);
            }
            peer.echo()
        });
        let (http, host) = (http(), server.host());
        get(&http, &host).unwrap();
        let failure = put(&http, &host, &body).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Network);
        assert!(failure.stale_connection);
        get(&http, &host).unwrap();
        assert_eq!(server.accepted(), 2);
    }
}

#[test]
fn a_new_connection_that_is_closed_is_not_stale() {
    let server = Server::start(|peer| peer.request().map(drop));
    let failure = get(&http(), &server.host()).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Network);
    assert_eq!(failure.error.phase(), Some(Phase::Wait));
    assert_eq!((failure.stale_connection, failure.delivery), (false, Delivery::Possible));
}

/// A source that ends early or fails.
#[derive(Debug)]
struct FailingSource(ErrorKind);

impl Content for FailingSource {
    fn length(&self) -> u64 {
        MIB
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        match (offset, self.0) {
            (0, _) => Ok(buffer.len().min(1000)),
            (_, ErrorKind::Changed) => Ok(0),
            (_, kind) => Err(Error::new(kind, "read error")),
        }
    }
}

#[test]
fn an_error_of_the_source_is_returned() {
    let server = Server::start(Peer::read_to_end);
    for kind in [ErrorKind::Changed, ErrorKind::File, ErrorKind::Callback] {
        let body = Body::Content(Arc::new(FailingSource(kind)));
        let failure = put(&http(), &server.host(), &body).unwrap_err();
        assert_eq!(failure.error.kind(), kind);
        assert_eq!(failure.error.bytes_sent(), 1000);
        assert_eq!(failure.delivery, Delivery::Possible);
    }
}

struct RecordingLimiter(Mutex<Vec<usize>>);

impl RateLimit for RecordingLimiter {
    fn reserve(&self, bytes: usize) -> Duration {
        self.0.lock().unwrap().push(bytes);
        Duration::from_millis(1)
    }
}

#[test]
fn the_rate_limiter_admits_every_byte() {
    let server = Server::start(Peer::echo);
    let (limiter, cancel) = (RecordingLimiter(Mutex::default()), Cancel::never());
    let options = ExchangeOptions { rate_limiter: Some(&limiter), ..default_options(&cancel) };
    send(&http(), &server.host(), Method::Put, &Pattern::body(50_000), &options).unwrap();
    assert_eq!(*limiter.0.lock().unwrap(), [16_384, 16_384, 16_384, 848]);
}

#[test]
fn threads_share_the_connection_pool() {
    let server = Server::start(Peer::echo);
    let (http, host) = (http(), server.host());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| drop(get(&http, &host).unwrap())));
        }
    });
    assert!(server.accepted() <= 4, "{}", server.accepted());
}

/// A server and a client with two pooled connections. Instead of responding again, the server does
/// this.
fn with_two_pooled(instead: fn(&mut Peer) -> std::io::Result<()>) -> (Server, Http) {
    // The first two requests are concurrent.
    let barrier = Barrier::new(2);
    let server = Server::start(move |peer| {
        let (head, _) = peer.request()?;
        if peer.number < 2 {
            barrier.wait();
        }
        peer.send(&ok(&head))?;
        instead(peer)
    });
    let http = http();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| get(&http, &server.host()).unwrap());
        }
    });
    (server, http)
}

#[test]
fn a_reset_of_a_reused_connection_retires_the_pool() {
    // Like a connection that a NAT has forgotten.
    let (server, http) = with_two_pooled(|peer| {
        peer.head()?;
        peer.reset()
    });
    assert!(get(&http, &server.host()).unwrap_err().stale_connection);
    get(&http, &server.host()).unwrap();
    assert_eq!(server.accepted(), 3);
}

#[test]
fn a_timeout_on_a_reused_connection_retires_the_pool() {
    // Like a connection that a router has dropped.
    let (server, http) = with_two_pooled(Peer::read_to_end);
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.response = Duration::from_millis(100);
    let failure = send(&http, &server.host(), Method::Get, &Body::Empty, &options).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Timeout, "{}", failure.error);
    get(&http, &server.host()).unwrap();
    assert_eq!(server.accepted(), 3);
}
