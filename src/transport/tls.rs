//! TLS configuration: trusted certificates and the client certificate, validated up front.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use super::pem_file;
use super::tls_verifier::{PinningVerifier, Unverified};
use super::trust_store::TrustStore;
use crate::error::{Error, ErrorKind, Result};
use crate::platform::{env_var_os, is_secure, with_private_descriptors};
use crate::runtime::IgnorePoison;

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
    /// Built at the first use, because loading the system's certificates is slow. A failure is not
    /// kept: the process may have had no descriptor left.
    config: Mutex<Option<Arc<ClientConfig>>>,
}

#[derive(Debug)]
enum Trust {
    System,
    File(TrustStore),
    Any,
}

impl Tls {
    pub(super) fn new(settings: &TlsSettings) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let file = settings.ca_file.as_deref().map(TrustStore::from_ca_file).transpose()?;
        let trust = match (settings.verify, file) {
            (Verify::None, _) => Trust::Any,
            (Verify::Certificate, Some(store)) => Trust::File(store),
            (Verify::Certificate, None) => Trust::System,
        };
        let identity = load_identity(settings, &provider)?;
        Ok(Self { provider, trust, identity, config: Mutex::default() })
    }

    pub(super) fn config(&self) -> Result<Arc<ClientConfig>> {
        let mut config = self.config.lock().ignore_poison();
        match &*config {
            Some(config) => Ok(Arc::clone(config)),
            None => Ok(Arc::clone(config.insert(self.build_config()?))),
        }
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
            Trust::System => with_private_descriptors(move || system_verifier(&provider))?,
            Trust::File(store) => pinning_verifier(store.clone(), provider)?,
            Trust::Any => Arc::new(Unverified(provider)),
        })
    }
}

/// Verifies with the certificates that the environment names, or those of the system.
fn system_verifier(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let provider = Arc::clone(provider);
    if let Some(store) = TrustStore::from_environment(env_var_os)? {
        return pinning_verifier(store, provider);
    }
    // The crate reads the environment itself.
    if is_secure() {
        let store = TrustStore::of_system();
        return pinning_verifier(store.ok_or_else(no_system_store)?, provider);
    }
    let verifier = rustls_platform_verifier::Verifier::new(provider);
    Ok(Arc::new(verifier.map_err(|cause| no_system_store().with_cause(cause))?))
}

fn pinning_verifier(
    store: TrustStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let TrustStore { roots, certificates } = store;
    let webpki =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(
            |cause| Error::invalid("ca_file", "the certificates cannot be used").with_cause(cause),
        )?;
    Ok(Arc::new(PinningVerifier { webpki, trusted: certificates }))
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
    let chain = pem_file::certificates("client_certificate", certificate)?;
    let key = pem_file::private_key("client_key", key)?;
    let identity = CertifiedKey::from_der(chain, key, provider).map_err(unusable_identity)?;
    Ok(Some(Arc::new(identity)))
}

fn unusable_identity(cause: rustls::Error) -> Error {
    let (option, text) = match cause {
        rustls::Error::InconsistentKeys(_) => {
            let text = "the key does not fit the client certificate";
            return Error::invalid("client_key", text).with_cause(cause);
        }
        rustls::Error::InvalidCertificate(_) => {
            ("client_certificate", "the client certificate cannot be used")
        }
        _ => ("client_key", "the private key cannot be used"),
    };
    let why = match cause {
        rustls::Error::General(why) => why,
        cause => cause.to_string(),
    };
    Error::invalid(option, text).with_cause(why).with_cause_in_text()
}

fn setup_error(cause: &rustls::Error) -> Error {
    let error = Error::new(ErrorKind::Tls, "TLS cannot be set up on this system");
    error.with_cause(cause).with_cause_in_text()
}

fn no_system_store() -> Error {
    let text = "this system has no CA certificates; install the package ca-certificates, or set \
                ca_file";
    Error::new(ErrorKind::Tls, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_system_without_certificates_is_told_what_to_install_or_set() {
        let text = no_system_store().to_string();
        assert!(text.contains("package ca-certificates") && text.contains("ca_file"), "{text}");
    }

    #[test]
    fn certificates_that_cannot_be_read_once_are_read_again() {
        const IS_CHILD: &str = "OSSMPU_TEST_HAS_NO_CERTIFICATES";
        const FILE: &str = "SSL_CERT_FILE";
        if std::env::var_os(IS_CHILD).is_some() {
            let file = std::env::var_os(FILE).unwrap();
            let tls = Tls::new(&TlsSettings::default()).unwrap();
            assert_eq!(tls.config().err().unwrap().kind(), ErrorKind::Tls);
            let key = rcgen::KeyPair::generate().unwrap();
            let parameters = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
            std::fs::write(file, parameters.self_signed(&key).unwrap().pem()).unwrap();
            let config = tls.config().ok().unwrap();
            assert!(Arc::ptr_eq(&config, &tls.config().ok().unwrap()), "it is kept");
            return;
        }
        // The environment is that of a process, so the test runs again in one of its own.
        let directory = tempfile::tempdir().unwrap();
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["certificates_that_cannot_be_read_once_are_read_again", "--test-threads", "1"])
            .env(FILE, directory.path().join("ca.pem"))
            .env_remove("SSL_CERT_DIR")
            .env(IS_CHILD, "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && output.contains("1 passed"), "{output}");
    }
}
