//! TLS: certificate verification, client certificates, early responses and handshake errors.

use std::io::Read;
use std::path::PathBuf;

use rcgen::KeyPair;

use super::authority::{Authority, SelfSigned, VALID};
use super::server::{Peer, Server};
use super::*;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::MIB;
use crate::transport::{Delivery, TlsSettings, Verify};

fn http_with(tls: TlsSettings) -> Http {
    Http::new(&HttpSettings { connections: 2, tls, ..Default::default() }).unwrap()
}

fn tls_error(http: &Http, host: &str) -> Error {
    let failure = put_tls(http, host, &Body::Empty).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Tls, "{}", failure.error);
    assert_eq!(failure.error.phase(), Some(Phase::Tls));
    assert_eq!(failure.delivery, Delivery::Impossible);
    failure.error
}

#[test]
fn a_server_with_a_certificate_of_the_ca_file_is_trusted() {
    let authority = Authority::new("ours");
    let server = authority.server("127.0.0.1", VALID, Peer::echo);
    let http = http_with(authority.settings());
    for length in [0, 5, 3 * MIB + 7] {
        let exchange = put_tls(&http, &server.host(), &Pattern::body(length)).unwrap();
        let echo = String::from_utf8(exchange.response.body).unwrap();
        assert!(echo.ends_with(&format!("\r\n\r\n{length}")), "{echo}");
        assert_eq!((exchange.sent.bytes, exchange.body_complete), (length, true));
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_rejected_certificate_is_explained() {
    let authority = Authority::new("ours");
    let http = http_with(authority.settings());
    for (name, years, text) in [
        ("other.test", VALID, "is not valid for 127.0.0.1 but for other.test; check the endpoint"),
        ("127.0.0.1", [2001, 2002], "expired on Tue, 01 Jan 2002 00:00:00 GMT, and it is "),
        ("127.0.0.1", [2098, 2099], "is valid from Wed, 01 Jan 2098 00:00:00 GMT, and it is "),
    ] {
        let server = authority.server(name, years, Peer::echo);
        let error = tls_error(&http, &server.host());
        assert!(error.to_string().contains(text), "{error}");
    }
    let unknown = Authority::new("unknown");
    let server = unknown.server("127.0.0.1", VALID, Peer::echo);
    let error = tls_error(&http, &server.host());
    assert!(error.to_string().contains("an unknown authority signed it; set ca_file"), "{error}");
    let unverified = TlsSettings { verify: Verify::None, ..Default::default() };
    put_tls(&http_with(unverified), &server.host(), &Body::Empty).unwrap();
}

#[test]
fn a_self_signed_certificate_is_accepted_if_it_is_in_the_ca_file() {
    for is_ca in [true, false] {
        for (name, years, text) in [
            ("127.0.0.1", VALID, ""),
            ("other.test", VALID, "is not valid for 127.0.0.1"),
            ("127.0.0.1", [2001, 2002], "expired"),
        ] {
            let pinned = SelfSigned::new(name, years, is_ca);
            let server = pinned.server();
            let http = http_with(pinned.settings());
            if text.is_empty() {
                put_tls(&http, &server.host(), &Body::Empty).unwrap();
            } else {
                let error = tls_error(&http, &server.host());
                assert!(error.to_string().contains(text), "CA {is_ca}: {error}");
            }
        }
    }
}

#[test]
fn another_certificate_of_a_pinned_key_is_rejected() {
    let key = KeyPair::generate().unwrap();
    let pinned = SelfSigned::with_key(&key, "127.0.0.1", VALID, true);
    let other = SelfSigned::with_key(&key, "127.0.0.1", VALID, true);
    let error = tls_error(&http_with(pinned.settings()), &other.server().host());
    assert!(error.to_string().contains("set ca_file to that same certificate"), "{error}");
    put_tls(&http_with(other.settings()), &other.server().host(), &Body::Empty).unwrap();
}

#[test]
fn a_server_without_tls_is_recognized() {
    let server = Server::start(|peer| {
        let mut some = [0; 5];
        peer.stream.read_exact(&mut some)?;
        peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    });
    let error = tls_error(&http_with(TlsSettings::default()), &server.host());
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[test]
fn a_connection_closed_during_the_handshake_is_a_connect_error() {
    let server = Server::start(|peer| peer.stream.read_exact(&mut [0; 5]));
    let http = http_with(TlsSettings { verify: Verify::None, ..Default::default() });
    let failure = put_tls(&http, &server.host(), &Body::Empty).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Connect, "{}", failure.error);
    assert_eq!((failure.delivery, failure.error.phase()), (Delivery::Impossible, Some(Phase::Tls)));
}

#[test]
fn a_plain_request_to_a_tls_port_is_a_protocol_error() {
    let authority = Authority::new("ours");
    let server = authority.server("127.0.0.1", VALID, Peer::echo);
    let failure = get(&http_with(authority.settings()), &server.host()).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Protocol, "{}", failure.error);
}

#[test]
fn an_early_response_is_read_through_tls() {
    const RESPONSE: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied";
    let authority = Authority::new("ours");
    let http = http_with(authority.settings());
    let closes = authority.server("127.0.0.1", VALID, |peer| {
        peer.head()?;
        peer.send(RESPONSE)
    });
    let keeps_reading = authority.server("127.0.0.1", VALID, |peer| {
        peer.head()?;
        peer.send(RESPONSE)?;
        peer.read_to_end()
    });
    for server in [closes, keeps_reading] {
        for _ in 0..10 {
            let exchange = put_tls(&http, &server.host(), &Pattern::body(64 * MIB)).unwrap();
            assert_eq!((exchange.response.status, exchange.body_complete), (403, false));
            assert_eq!(exchange.response.body, b"denied");
        }
    }
}

#[test]
fn a_response_without_close_notify_is_truncated() {
    let authority = Authority::new("ours");
    let server = authority.server("127.0.0.1", VALID, |peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf")
    });
    let http = http_with(authority.settings());
    let failure = put_tls(&http, &server.host(), &Body::Empty).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Network, "{}", failure.error);
}

#[test]
fn a_client_certificate_is_accepted() {
    let authority = Authority::new("ours");
    let (certificate, key) = authority.issue("client", VALID);
    let settings = TlsSettings {
        client_certificate: Some(authority.file("client.pem", &certificate)),
        client_key: Some(authority.file("client.key", &key)),
        ..authority.settings()
    };
    let server = authority.server("127.0.0.1", VALID, Peer::echo);
    put_tls(&http_with(settings), &server.host(), &Body::Empty).unwrap();
}

#[test]
fn errors_of_bad_files_name_the_option() {
    let authority = Authority::new("ours");
    let (certificate, key) = authority.issue("client", VALID);
    let (_, other_key) = authority.issue("client", VALID);
    let good = Some(authority.file("good.pem", &certificate));
    let good_key = Some(authority.file("good.key", &key));
    let other_key = Some(authority.file("other.key", &other_key));
    let missing = Some(PathBuf::from("/nowhere/at/all.pem"));
    let text = Some(authority.file("text.pem", "hello"));
    let malformed = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let malformed = Some(authority.file("malformed.pem", malformed));
    for (ca_file, client_certificate, client_key, option) in [
        (missing.clone(), None, None, "ca_file"),
        (text.clone(), None, None, "ca_file"),
        (malformed.clone(), None, None, "ca_file"),
        (None, good.clone(), None, "client_key"),
        (None, None, good_key.clone(), "client_certificate"),
        (None, text.clone(), good_key.clone(), "client_certificate"),
        (None, missing.clone(), good_key.clone(), "client_certificate"),
        (None, good.clone(), text.clone(), "client_key"),
        (None, good.clone(), malformed.clone(), "client_key"),
        (None, good.clone(), missing.clone(), "client_key"),
        (None, good, other_key, "client_key"),
        (None, malformed, good_key, "client_certificate"),
    ] {
        let tls = TlsSettings { ca_file, client_certificate, client_key, ..Default::default() };
        let error = Http::new(&HttpSettings { tls, ..Default::default() }).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some(option)), "{error}");
    }
}

#[test]
fn the_error_of_a_key_that_cannot_be_used_says_why() {
    let authority = Authority::new("ours");
    let (certificate, _) = authority.issue("client", VALID);
    let (_, other_key) = authority.issue("client", VALID);
    let pkcs8 = |kind| format!("-----BEGIN {kind}-----\nMAA=\n-----END {kind}-----\n");
    let legacy = "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\
        DEK-Info: AES-128-CBC,00\r\n\r\nMAA=\r\n-----END RSA PRIVATE KEY-----\r\n";
    for (key, text) in [
        (pkcs8("ENCRYPTED PRIVATE KEY"), "the private key in PATH is encrypted"),
        (legacy.to_owned(), "the private key in PATH is encrypted"),
        ("hello".to_owned(), "PATH contains no private key in PEM"),
        (other_key, "the key does not fit the client certificate"),
        (pkcs8("PRIVATE KEY"), "the private key cannot be used: failed to parse private key"),
    ] {
        let path = authority.file("client.key", &key);
        let tls = TlsSettings {
            client_certificate: Some(authority.file("client.pem", &certificate)),
            client_key: Some(path.clone()),
            ..Default::default()
        };
        let error = Http::new(&HttpSettings { tls, ..Default::default() }).unwrap_err().to_string();
        let text = text.replace("PATH", &path.display().to_string());
        assert!(error.starts_with(&format!("client_key: {text}")), "{error}");
    }
}

/// All tests of a process share its environment, so the test re-executes itself as a child process.
#[test]
fn the_systems_certificates_are_trusted_and_ssl_cert_file_replaces_them() {
    const HOST: &str = "OSSMPU_TEST_TLS_SERVER";
    if let Ok(host) = std::env::var(HOST) {
        put_tls(&http_with(TlsSettings::default()), &host, &Body::Empty).unwrap();
        return;
    }
    let authority = Authority::new("ours");
    let server = authority.server("127.0.0.1", VALID, Peer::echo);
    let ca_file = authority.settings().ca_file.unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let name = "the_systems_certificates_are_trusted_and_ssl_cert_file_replaces_them";
    child.args(["--exact", &format!("transport::tests::tls::{name}")]);
    let output = child.env(HOST, server.host()).env("SSL_CERT_FILE", ca_file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    tls_error(&http_with(TlsSettings::default()), &server.host());
}
