//! The trusted certificates: of the CA file, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::pem_file;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::read_file;

/// Trusted certificates: authorities, and servers that are accepted as they are.
#[derive(Debug, Clone)]
pub(super) struct TrustStore {
    pub(super) roots: RootCertStore,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

impl TrustStore {
    /// Reads the CA file of the settings, all of whose certificates must be usable.
    pub(super) fn from_ca_file(path: &Path) -> Result<Self> {
        let certificates = pem_file::certificates("ca_file", path)?;
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|cause| {
                let text = "a certificate in the file cannot be used";
                Error::invalid("ca_file", text).with_cause(cause).with_cause_in_text()
            })?;
        }
        Ok(Self { roots, certificates })
    }

    /// Reads the files that the environment names instead of the system's store; `None` if it
    /// names none.
    pub(super) fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>> {
        let value = |name| variable(name).filter(|value| !value.is_empty());
        let (file, folders) = (value(FILE_VARIABLE), value(FOLDERS_VARIABLE));
        if file.is_none() && folders.is_none() {
            // An empty variable is like none; the crate for the system's store differs.
            let is_empty = [FILE_VARIABLE, FOLDERS_VARIABLE].iter().any(|n| variable(n).is_some());
            return Ok(if is_empty { Self::of_system() } else { None });
        }
        let mut store = Self::empty();
        if let Some(file) = file {
            store
                .add_file(Path::new(&file))
                .map_err(|cause| variable_error(FILE_VARIABLE, Path::new(&file), &cause))?;
        }
        for folder in folders.iter().flat_map(|folders| std::env::split_paths(folders)) {
            store
                .add_folder(&folder)
                .map_err(|cause| variable_error(FOLDERS_VARIABLE, &folder, &cause))?;
        }
        if store.roots.is_empty() {
            return Err(Error::new(
                ErrorKind::Tls,
                format!(
                    "the files of the environment variables {FILE_VARIABLE} and {FOLDERS_VARIABLE} \
                     have no certificate in PEM; correct or unset them"
                ),
            ));
        }
        Ok(Some(store))
    }

    /// Reads the first of the files in which Linux distributions keep the system's store.
    pub(super) fn of_system() -> Option<Self> {
        SYSTEM_FILES.iter().find_map(|path| {
            let mut store = Self::empty();
            store.add_file(Path::new(path)).ok()?;
            (!store.roots.is_empty()).then_some(store)
        })
    }

    fn empty() -> Self {
        Self { roots: RootCertStore::empty(), certificates: Vec::new() }
    }

    /// Adds the usable certificates of a file.
    fn add_file(&mut self, path: &Path) -> std::io::Result<()> {
        let pem = read_file(path)?;
        for certificate in CertificateDer::pem_slice_iter(pem_file::without_bom(&pem)).flatten() {
            if self.roots.add(certificate.clone()).is_ok() {
                self.certificates.push(certificate);
            }
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path) -> std::io::Result<()> {
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            files.push(entry?.path());
        }
        // Other files may be in the folder, and dangling links.
        for file in files.iter().filter(|file| file.is_file()) {
            let _ = self.add_file(file);
        }
        Ok(())
    }
}

fn variable_error(name: &str, path: &Path, cause: &std::io::Error) -> Error {
    let text =
        format!("the environment variable {name} names {}, which cannot be read", path.display());
    Error::new(ErrorKind::Tls, text).with_io(cause).with_cause_in_text()
}

const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const FOLDERS_VARIABLE: &str = "SSL_CERT_DIR";

const SYSTEM_FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, folders: &str) -> Result<Option<TrustStore>> {
        TrustStore::from_environment(|name| {
            let value = if name == FILE_VARIABLE { file } else { folders };
            (value != "unset").then(|| value.into())
        })
    }

    #[test]
    fn a_variable_that_names_no_certificates_is_named_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().to_str().unwrap();
        for (file, folders, named) in [
            ("/nonexistent/ca.pem", "unset", "SSL_CERT_FILE names /nonexistent/ca.pem"),
            ("unset", "/nonexistent", "SSL_CERT_DIR names /nonexistent"),
            (empty, "", "SSL_CERT_FILE names"),
            ("", empty, "SSL_CERT_FILE and SSL_CERT_DIR have no certificate"),
            ("/dev/null", "unset", "have no certificate in PEM"),
        ] {
            let error = load(file, folders).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn an_unset_or_empty_variable_means_the_store_of_the_system() {
        assert!(load("unset", "unset").unwrap().is_none());
        for (file, folders) in [("", "unset"), ("unset", ""), ("", "")] {
            let store = load(file, folders).unwrap();
            let has_store = SYSTEM_FILES.iter().any(|path| Path::new(path).exists());
            assert_eq!(store.is_some(), has_store);
            assert!(store.is_none_or(|store| !store.roots.is_empty()));
        }
    }

    #[test]
    fn files_and_folders_are_read_together() {
        let folder = tempfile::tempdir().unwrap();
        let pem = || {
            let key = rcgen::KeyPair::generate().unwrap();
            let parameters = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
            parameters.self_signed(&key).unwrap().pem()
        };
        let (file, certs) = (folder.path().join("one.pem"), folder.path().join("certs"));
        std::fs::create_dir(&certs).unwrap();
        std::fs::write(&file, format!("\u{feff}{}", pem())).unwrap();
        std::fs::write(certs.join("two.0"), pem() + &pem()).unwrap();
        std::fs::write(certs.join("README"), "not PEM").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("nowhere", certs.join("dangling")).unwrap();
        let twice = std::env::join_paths([&certs, &certs]).unwrap().into_string().unwrap();
        let (file, certs) = (file.to_str().unwrap(), certs.to_str().unwrap());
        for (file, folders, count) in
            [(file, "unset", 1), ("", certs, 2), (file, certs, 3), (file, &twice, 5)]
        {
            let store = load(file, folders).unwrap().unwrap();
            assert_eq!(store.certificates.len(), count, "{file} {folders}");
        }
    }
}
