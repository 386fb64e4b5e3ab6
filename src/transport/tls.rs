//! TLS configuration: trusted certificates and the client certificate, validated up front.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WebPkiServerVerifier, danger};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, ErrorKind, Result, io_text};
use crate::runtime::{is_secure, with_private_descriptors};

/// How a client verifies servers and authenticates itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whether the certificate of the server is verified.
    pub verify: Verify,
    /// A PEM file of CA certificates that replace those of the system.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client certificate and its chain.
    pub client_certificate: Option<PathBuf>,
    /// A PEM file with the private key of the client certificate.
    pub client_key: Option<PathBuf>,
}

/// Whether the certificate of the server is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verify {
    /// The server needs a trusted certificate for its host name.
    #[default]
    Certificate,
    /// Any certificate is accepted, so an attacker on the network can read and change the traffic.
    /// For tests only.
    None,
}

/// The validated settings.
#[derive(Debug)]
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    trust: Trust,
    identity: Option<Arc<CertifiedKey>>,
    /// Built at the first use, because loading the system's certificates is slow.
    config: OnceLock<Result<Arc<ClientConfig>>>,
}

#[derive(Debug)]
enum Trust {
    System,
    File(Arc<RootCertStore>),
    Any,
}

impl Tls {
    pub(super) fn new(settings: &TlsSettings) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let file = settings.ca_file.as_deref().map(load_roots).transpose()?;
        let trust = match (settings.verify, file) {
            (Verify::None, _) => Trust::Any,
            (Verify::Certificate, Some(roots)) => Trust::File(Arc::new(roots)),
            (Verify::Certificate, None) => Trust::System,
        };
        let identity = load_identity(settings, &provider)?;
        Ok(Self { provider, trust, identity, config: OnceLock::new() })
    }

    pub(super) fn config(&self) -> Result<Arc<ClientConfig>> {
        self.config.get_or_init(|| self.build_config()).clone()
    }

    fn build_config(&self) -> Result<Arc<ClientConfig>> {
        let provider = Arc::clone(&self.provider);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| setup_error(&cause))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier()?);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_cert_resolver(Arc::new(
                rustls::sign::SingleCertAndKey::from(Arc::clone(identity)),
            )),
        };
        Ok(Arc::new(config))
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>> {
        let provider = Arc::clone(&self.provider);
        Ok(match &self.trust {
            Trust::System => with_private_descriptors(move || system_verifier(&provider))
                .map_err(|cause| setup_error(&cause))?,
            Trust::File(roots) => {
                WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider)
                    .build()
                    .map_err(|cause| {
                        Error::invalid("ca_file", "the certificates cannot be used")
                            .with_cause(cause)
                    })?
            }
            Trust::Any => Arc::new(Unverified(provider)),
        })
    }
}

/// Trusts the certificates of the system. The variables that name others are not read in a program
/// with more rights than its user, who must not choose whom it trusts.
fn system_verifier(
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    #[cfg(target_os = "linux")]
    if is_secure() {
        let mut roots = RootCertStore::empty();
        for directory in openssl_probe::candidate_cert_dirs() {
            let loaded = rustls_native_certs::load_certs_from_paths(None, Some(directory));
            roots.add_parsable_certificates(loaded.certs);
        }
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        return match builder.build() {
            Ok(verifier) => Ok(verifier),
            Err(cause) => Err(rustls::Error::General(cause.to_string())),
        };
    }
    Ok(Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(provider))?))
}

fn load_roots(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in load_certificates("ca_file", path)? {
        roots.add(certificate).map_err(|cause| {
            Error::invalid("ca_file", "a certificate in the file cannot be used").with_cause(cause)
        })?;
    }
    Ok(roots)
}

fn load_identity(
    settings: &TlsSettings,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>> {
    let (certificate, key) = match (&settings.client_certificate, &settings.client_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            return Err(Error::invalid("client_key", "the client certificate needs a key"));
        }
        (None, Some(_)) => {
            return Err(Error::invalid("client_certificate", "the client key needs a certificate"));
        }
    };
    let chain = load_certificates("client_certificate", certificate)?;
    let pem = read_file("client_key", key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|cause| {
        Error::invalid("client_key", "the file contains no private key in PEM").with_cause(cause)
    })?;
    let identity = CertifiedKey::from_der(chain, key, provider).map_err(|cause| {
        let text = "the key does not fit the client certificate";
        Error::invalid("client_key", text).with_cause(cause)
    })?;
    Ok(Some(Arc::new(identity)))
}

fn load_certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read_file(option, path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|cause: rustls::pki_types::pem::Error| {
            Error::invalid(option, "the file is not valid PEM").with_cause(cause)
        })?;
    if certificates.is_empty() {
        return Err(Error::invalid(option, "the file contains no certificate in PEM"));
    }
    Ok(certificates)
}

fn read_file(option: &str, path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let bytes = crate::runtime::read_file(path).map_err(|cause| {
        Error::invalid(option, format!("{}: {}", path.display(), io_text(&cause))).with_io(&cause)
    })?;
    Ok(zeroize::Zeroizing::new(bytes))
}

fn setup_error(cause: &rustls::Error) -> Error {
    Error::new(ErrorKind::Tls, "TLS cannot be set up on this system").with_cause(cause)
}

/// Accepts any certificate, but verifies the handshake signatures.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<danger::ServerCertVerified, rustls::Error> {
        Ok(danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
