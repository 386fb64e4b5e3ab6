//! A certificate authority and TLS servers for tests.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Peer, Server};
use crate::transport::TlsSettings;

pub(super) type TlsServerStream = StreamOwned<ServerConnection, TcpStream>;

/// A certificate authority; [`Authority::settings`] makes a client trust it.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer =
            CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(super) fn settings(&self) -> TlsSettings {
        let ca_file = Some(self.file("ca.pem", &self.issuer.pem()));
        TlsSettings { ca_file, ..Default::default() }
    }

    /// Issues a certificate and its key.
    pub(super) fn issue(&self, name: &str, years: [i32; 2]) -> (String, String) {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(years[0], 1, 1);
        parameters.not_after = rcgen::date_time_ymd(years[1], 1, 1);
        let key = KeyPair::generate().unwrap();
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// The configuration of a server with a certificate of this authority.
    pub(super) fn config(&self, name: &str, years: [i32; 2]) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(name, years);
        server_config(&certificate, &key)
    }

    /// Starts a TLS server that runs `script` for each connection.
    pub(super) fn server(
        &self,
        name: &str,
        years: [i32; 2],
        script: impl Fn(&mut Peer<TlsServerStream>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Server {
        self.server_at((Ipv4Addr::LOCALHOST, 0).into(), name, years, script)
    }

    pub(super) fn server_at(
        &self,
        address: SocketAddr,
        name: &str,
        years: [i32; 2],
        script: impl Fn(&mut Peer<TlsServerStream>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Server {
        let config = self.config(name, years);
        Server::start_at(address, move |peer| {
            let end = Arc::clone(&peer.end);
            let stream = peer.stream.get_ref().try_clone()?;
            script(&mut Peer { number: peer.number, stream: accept_tls(&config, stream), end })
        })
    }
}

/// A server's certificate that its own key signed.
pub(super) struct SelfSigned {
    certificate: String,
    key: String,
    folder: tempfile::TempDir,
}

impl SelfSigned {
    pub(super) fn new(name: &str, years: [i32; 2], is_ca: bool) -> Self {
        Self::with_key(&KeyPair::generate().unwrap(), name, years, is_ca)
    }

    pub(super) fn with_key(key: &KeyPair, name: &str, years: [i32; 2], is_ca: bool) -> Self {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(years[0], 1, 1);
        parameters.not_after = rcgen::date_time_ymd(years[1], 1, 1);
        parameters.serial_number = Some(fastrand::u64(..).into());
        if is_ca {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = parameters.self_signed(key).unwrap().pem();
        Self { certificate, key: key.serialize_pem(), folder: tempfile::tempdir().unwrap() }
    }

    /// Trusts this certificate. The file begins with a byte order mark.
    pub(super) fn settings(&self) -> TlsSettings {
        let path = self.folder.path().join("ca.pem");
        std::fs::write(&path, format!("\u{feff}{}", self.certificate)).unwrap();
        TlsSettings { ca_file: Some(path), ..Default::default() }
    }

    pub(super) fn server(&self) -> Server {
        let config = server_config(&self.certificate, &self.key);
        Server::start(move |peer| {
            let end = Arc::clone(&peer.end);
            let stream = peer.stream.get_ref().try_clone()?;
            Peer { number: peer.number, stream: accept_tls(&config, stream), end }.echo()
        })
    }
}

fn server_config(certificate: &str, key: &str) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// The server side of TLS over `stream`.
pub(super) fn accept_tls<S: Read + Write>(
    config: &Arc<ServerConfig>,
    stream: S,
) -> BufReader<StreamOwned<ServerConnection, S>> {
    let session = ServerConnection::new(Arc::clone(config)).unwrap();
    BufReader::new(StreamOwned::new(session, stream))
}

/// The validity of a good certificate, in years.
pub(super) const VALID: [i32; 2] = [2020, 2099];
