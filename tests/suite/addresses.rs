//! Endpoints that are unreachable, or that speak another protocol.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ossmpu::{ErrorKind, HeadObject, Phase};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::fixture::{Fixture, RefusedPort, bytes, small_parts};

fn fixture_at(endpoint: &str) -> Fixture {
    Fixture::with(|config| {
        config.set_endpoint(endpoint).unwrap();
        config.set_max_attempts(2).unwrap();
    })
}

#[test]
fn https_to_an_http_port_is_a_tls_error() {
    let plain = Fixture::new();
    let fixture = fixture_at(&plain.emulator.url().replace("http:", "https:"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Some(Phase::Tls)), "{error}");
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
    assert_eq!(error.attempts(), 1);
    assert_eq!(plain.operations(), [""; 0]);
}

/// Serves one TLS connection.
fn tls_server() -> (SocketAddr, JoinHandle<()>) {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        let _ = tls.complete_io(&mut stream);
        let _ = tls.write_tls(&mut stream);
        let _ = stream.flush();
        // Waits until the client has closed the connection.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    (address, thread)
}

#[test]
fn http_to_a_tls_port_is_a_protocol_error() {
    let (address, server) = tls_server();
    let fixture = fixture_at(&format!("http://{address}"));
    let request = HeadObject::new(&fixture.bucket, &fixture.key);
    let error = fixture.client.head_object(&request, &fixture.cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.to_string().contains("may need https://"), "{error}");
    drop(fixture);
    server.join().unwrap();
}

#[test]
fn a_self_signed_certificate_is_not_trusted() {
    let (address, server) = tls_server();
    let fixture = fixture_at(&format!("https://{address}"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1), "{error}");
    assert!(error.to_string().contains("is not trusted"), "{error}");
    server.join().unwrap();
}

#[test]
fn an_unknown_host_is_a_resolve_error() {
    let fixture = fixture_at("http://nowhere.invalid");
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Resolve, Some(Phase::Resolve)));
    assert!(error.host().unwrap().ends_with("nowhere.invalid"), "{error}");
    assert!(error.is_retryable() && !error.upload_may_exist(), "{error}");
}

#[test]
fn a_refused_connection_is_a_connect_error_and_is_retried() {
    let port = RefusedPort::new();
    let fixture = fixture_at(&format!("http://{}", port.address()));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some(Phase::Connect)));
    assert_eq!((error.attempts(), error.operation()), (2, Some("InitiateMultipartUpload")));
    assert!(error.is_retryable() && error.os_errno().is_some(), "{error:?}");
    assert!(!error.upload_may_exist(), "{error}");
}

#[test]
fn a_server_that_never_responds_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let fixture = Fixture::with(|config| {
        config.set_endpoint(&endpoint).unwrap();
        config.set_max_attempts(1).unwrap();
        config.set_response_timeout(Duration::from_millis(100)).unwrap();
    });
    let started = Instant::now();
    let error = fixture.put(&bytes(10), &small_parts()).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Wait)), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(error.upload_may_exist(), "{error}");
}

#[test]
fn a_client_connects_from_its_bind_address() {
    let bound_to = |address: &str| {
        Fixture::with(|config| {
            config.set_bind_address(address.parse().unwrap());
            config.set_max_attempts(1).unwrap();
        })
    };
    bound_to("127.0.0.1").put_five_parts().unwrap();
    let error = bound_to("::1").put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some(Phase::Connect)));
    assert!(error.to_string().contains("127.0.0.1 from ::1"), "{error}");
}
