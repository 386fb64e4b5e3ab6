//! Answers that come before the request is sent, and connections that break under it.

use std::io::Read;

use super::server::{Server, ok};
use super::*;
use crate::error::{ErrorKind, Phase};
use crate::limits::MIB;

const REFUSAL: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied";
const ROUNDS: usize = 50;

fn refused(http: &Http, server: &Server) {
    let exchange = put(http, &server.host(), &Zeros::body(64 * MIB)).unwrap();
    assert_eq!((exchange.response.status, exchange.whole), (403, false));
    assert_eq!(exchange.response.body, b"denied");
    assert!(exchange.sent.bytes < 64 * MIB);
}

#[test]
fn a_refusal_is_read_when_the_server_closes_at_once() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.say(REFUSAL)
    });
    let http = http();
    (0..ROUNDS).for_each(|_| refused(&http, &server));
    assert_eq!(server.accepted(), ROUNDS);
}

#[test]
fn a_refusal_is_read_when_the_server_stops_reading() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.stream.read_exact(&mut vec![0; 300_000])?;
        peer.say(REFUSAL)?;
        peer.idle(LONG);
        Ok(())
    });
    let http = http();
    (0..ROUNDS).for_each(|_| refused(&http, &server));
}

#[test]
fn a_refusal_is_read_when_the_server_reads_on() {
    let server = Server::start(|peer| {
        peer.head()?;
        peer.say(REFUSAL)?;
        peer.hold()
    });
    let http = http();
    (0..ROUNDS).for_each(|_| refused(&http, &server));
    assert_eq!(server.accepted(), ROUNDS, "a half sent request is not followed");
}

#[test]
fn a_refusal_on_a_kept_connection_is_read_too() {
    let server = Server::start(|peer| {
        peer.request()?;
        peer.say(&ok(""))?;
        peer.head()?;
        peer.say(REFUSAL)
    });
    let http = http();
    for _ in 0..ROUNDS {
        get(&http, &server.host()).unwrap();
        refused(&http, &server);
    }
}

#[test]
fn an_interim_answer_does_not_end_the_body() {
    let server = Server::start(|peer| {
        let head = peer.head()?;
        peer.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        let body = peer.body(&head)?;
        peer.say(&ok(&body.len().to_string()))
    });
    let exchange = put(&http(), &server.host(), &Zeros::body(16 * MIB)).unwrap();
    assert!(exchange.whole);
    assert_eq!(exchange.response.body, (16 * MIB).to_string().as_bytes());
}

#[test]
fn a_reset_without_an_answer_is_a_lost_connection() {
    let server = Server::start(|peer| {
        peer.head()?;
        let mut some = vec![0; 100_000];
        peer.stream.read_exact(&mut some)
    });
    let http = http();
    for _ in 0..ROUNDS {
        let failure = put(&http, &server.host(), &Zeros::body(64 * MIB)).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Network, "{}", failure.error);
        assert_eq!(failure.error.phase(), Some(Phase::Send));
        assert!(failure.error.bytes_sent() > 0 && failure.error.bytes_sent() < 64 * MIB);
        assert!(!failure.reused);
    }
}

#[test]
fn a_broken_connection_raises_no_signal() {
    let server = Server::start(|peer| peer.head().map(drop));
    // SAFETY: this only sets the disposition of a signal that no test relies on.
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let http = http();
    for _ in 0..ROUNDS {
        put(&http, &server.host(), &Zeros::body(8 * MIB)).unwrap_err();
    }
    // SAFETY: as above.
    unsafe { libc::signal(libc::SIGPIPE, before) };
}
