//! Responses that arrive, and connections that fail, while the request is being sent.

use std::io::Read;

use super::server::{Server, ok};
use super::*;
use crate::error::{ErrorKind, Phase};
use crate::limits::MIB;

const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied";
const ROUNDS: usize = 50;

fn expect_early_403(http: &Http, server: &Server) {
    let exchange = put(http, &server.host(), &Zeros::body(64 * MIB)).unwrap();
    assert_eq!((exchange.response.status, exchange.body_complete), (403, false));
    assert_eq!(exchange.response.body, b"denied");
    assert!(exchange.sent.bytes < 64 * MIB);
}

#[test]
fn an_early_response_is_read_when_the_server_closes_the_connection() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.send(FORBIDDEN)
    });
    let http = http();
    (0..ROUNDS).for_each(|_| expect_early_403(&http, &server));
    assert_eq!(server.accepted(), ROUNDS);
}

#[test]
fn an_early_response_is_read_when_the_server_stops_reading() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.stream.read_exact(&mut vec![0; 300_000])?;
        peer.send(FORBIDDEN)?;
        peer.idle(LONG);
        Ok(())
    });
    let http = http();
    (0..ROUNDS).for_each(|_| expect_early_403(&http, &server));
}

#[test]
fn an_early_response_after_interim_responses_is_read_when_the_server_stops_reading() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.stream.read_exact(&mut vec![0; 300_000])?;
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        peer.send(&format!("{interim}{interim}{FORBIDDEN}"))?;
        peer.idle(LONG);
        Ok(())
    });
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.stall = LONG;
    let body = Zeros::body(64 * MIB);
    let exchange = send(&http(), &server.host(), Method::Put, &body, &options).unwrap();
    assert_eq!((exchange.response.status, exchange.body_complete), (403, false));
}

#[test]
fn an_early_response_is_read_when_the_server_keeps_reading() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.send(FORBIDDEN)?;
        peer.read_to_end()
    });
    let http = http();
    (0..ROUNDS).for_each(|_| expect_early_403(&http, &server));
    assert_eq!(server.accepted(), ROUNDS, "a connection with an incomplete request is not reused");
}

#[test]
fn a_connection_with_an_incomplete_request_is_closed_at_once() {
    let (closed, is_closed) = std::sync::mpsc::channel();
    let server = Server::start(move |peer| {
        peer.head()?;
        peer.send(FORBIDDEN)?;
        // The client resets it, because it has bytes that are not sent.
        let _ = peer.read_to_end();
        let _ = closed.send(());
        Ok(())
    });
    let http = http();
    expect_early_403(&http, &server);
    is_closed.recv_timeout(LONG).unwrap();
}

#[test]
fn an_early_response_is_read_on_a_reused_connection() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.send(&ok(""))?;
        peer.head()?;
        peer.send(FORBIDDEN)
    });
    let http = http();
    for _ in 0..ROUNDS {
        get(&http, &server.host()).unwrap();
        expect_early_403(&http, &server);
    }
}

#[test]
fn an_interim_response_does_not_stop_the_body() {
    let server = Server::start(|peer| {
        loop {
            let head = peer.head()?;
            peer.send("HTTP/1.1 100 Continue\r\nServer: a\r\n\r\n")?;
            let body = peer.body(&head)?;
            peer.send(&ok(&body.len().to_string()))?;
        }
    });
    let http = http();
    for _ in 0..2 {
        let exchange = put(&http, &server.host(), &Zeros::body(16 * MIB)).unwrap();
        assert!(exchange.body_complete);
        assert_eq!(exchange.response.body, (16 * MIB).to_string().as_bytes());
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_reset_without_a_response_is_a_network_error() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.stream.read_exact(&mut vec![0; 100_000])
    });
    let http = http();
    for _ in 0..ROUNDS {
        let failure = put(&http, &server.host(), &Zeros::body(64 * MIB)).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Network, "{}", failure.error);
        assert_eq!(failure.error.phase(), Some(Phase::Send));
        assert!(failure.error.bytes_sent() > 0 && failure.error.bytes_sent() < 64 * MIB);
        assert!(!failure.stale_connection);
    }
}
