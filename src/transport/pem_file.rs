//! Reads PEM files that settings name.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use zeroize::Zeroizing;

use crate::error::{Error, Result, io_text};
use crate::runtime::read_file;

/// Reads the certificates of a file, at least one.
pub(super) fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read(option, path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(without_bom(&pem))
        .collect::<Result<_, pem::Error>>()
        .map_err(|cause| {
            let text = format!("{} is not valid PEM", path.display());
            Error::invalid(option, text).with_cause(cause).with_cause_in_text()
        })?;
    if certificates.is_empty() {
        let text = format!("{} contains no certificate in PEM", path.display());
        return Err(Error::invalid(option, text));
    }
    Ok(certificates)
}

pub(super) fn private_key(option: &str, path: &Path) -> Result<PrivateKeyDer<'static>> {
    let pem = read(option, path)?;
    PrivateKeyDer::from_pem_slice(without_bom(&pem)).map_err(|cause| {
        let path = path.display();
        let text = if is_encrypted(&pem) {
            format!(
                "the private key in {path} is encrypted, which is not supported: decrypt it first, \
                 with openssl pkey for example"
            )
        } else {
            format!("{path} contains no private key in PEM")
        };
        Error::invalid(option, text).with_cause(cause)
    })
}

/// True if the PEM has a key with a passphrase, of PKCS #8 or of the older format.
fn is_encrypted(pem: &[u8]) -> bool {
    let mut lines = pem.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.any(|line| ENCRYPTED.iter().any(|mark| line == mark.as_bytes()))
}

/// The bytes without the byte order mark of UTF-8, which editors on Windows write.
pub(super) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn read(option: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = read_file(path).map_err(|cause| {
        Error::invalid(option, format!("{}: {}", path.display(), io_text(&cause))).with_io(&cause)
    })?;
    Ok(Zeroizing::new(bytes))
}

const ENCRYPTED: [&str; 2] = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];
