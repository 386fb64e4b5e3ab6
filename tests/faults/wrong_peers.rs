//! Peers that are not an OSS server: no address, no listener, no TLS, untrusted certificates.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use ossmpu::ErrorKind;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::cases::{Case, Expect, FaultInjection};
use crate::fault::Op;
use crate::fixture::RefusedPort;

/// What is at the address of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongPeer {
    NoSuchName,
    ConnectionRefused,
    ClosesAtOnce,
    PlainText,
    WrongName,
    Expired,
    UnknownIssuer,
}

/// The endpoint of a wrong peer, and what must outlive its use.
pub struct PeerEndpoint {
    pub endpoint: String,
    pub ca_file: Option<PathBuf>,
    _folder: Option<tempfile::TempDir>,
    _port: Option<RefusedPort>,
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (peer, fault, kind) in [
        (WrongPeer::NoSuchName, "host name without an address", ErrorKind::Resolve),
        (WrongPeer::ConnectionRefused, "connection refused", ErrorKind::Connect),
        (WrongPeer::ClosesAtOnce, "connection closed at once", ErrorKind::Network),
        (WrongPeer::PlainText, "plain HTTP on an https endpoint", ErrorKind::Tls),
        (WrongPeer::WrongName, "certificate for another name", ErrorKind::Tls),
        (WrongPeer::Expired, "expired certificate", ErrorKind::Tls),
        (WrongPeer::UnknownIssuer, "certificate of an untrusted issuer", ErrorKind::Tls),
    ] {
        for op in [Op::Initiate, Op::PutObject] {
            cases.push(Case::new(
                op,
                fault,
                FaultInjection::WrongPeer(peer),
                Expect::Failure(kind),
            ));
        }
    }
    cases
}

impl WrongPeer {
    /// Starts the peer. Its thread ends with the process.
    pub fn start(self) -> PeerEndpoint {
        let at =
            |endpoint: String| PeerEndpoint { endpoint, ca_file: None, _folder: None, _port: None };
        match self {
            Self::NoSuchName => at("http://nowhere.invalid".to_owned()),
            Self::ConnectionRefused => {
                let port = RefusedPort::new();
                let endpoint = at(format!("http://{}", port.address()));
                PeerEndpoint { _port: Some(port), ..endpoint }
            }
            Self::ClosesAtOnce => at(format!("http://{}", serve(drop))),
            Self::PlainText => {
                let address = serve(|mut stream| {
                    let _ = stream.read(&mut [0; 5]);
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                });
                at(format!("https://{address}"))
            }
            Self::WrongName => secure("other.test", 2099, false),
            Self::Expired => secure("127.0.0.1", 2002, false),
            Self::UnknownIssuer => secure("127.0.0.1", 2099, true),
        }
    }
}

fn serve(script: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            script(stream);
        }
    });
    address
}

/// A server with a certificate for this name that expires in this year. The client trusts its
/// issuer, or another one.
fn secure(name: &str, last_year: i32, is_untrusted: bool) -> PeerEndpoint {
    let (issuer, other) = (issuer("issuer"), issuer("another issuer"));
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, &issuer).unwrap().pem();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let address = serve(move |stream| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        // The read ends with the alert of the client.
        let _ = stream.read(&mut [0; 1]);
    });
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, if is_untrusted { other.pem() } else { issuer.pem() }).unwrap();
    PeerEndpoint {
        endpoint: format!("https://{address}"),
        ca_file: Some(ca_file),
        _folder: Some(folder),
        _port: None,
    }
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}
