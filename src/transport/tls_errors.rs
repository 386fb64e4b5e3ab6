//! Says why a TLS handshake failed, and what to do about it.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::server_role::ServerRole;
use super::tls_verifier::CA_AS_END_ENTITY;
use crate::error::{Error, ErrorKind};

/// Converts an error of the handshake with `host`.
pub(super) fn handshake(cause: rustls::Error, host: &str, role: ServerRole) -> Error {
    Error::new(ErrorKind::Tls, describe(&cause, host, role)).with_cause(cause)
}

/// Converts an error after the handshake. With TLS 1.3 this includes a rejected client certificate.
pub(super) fn session(cause: rustls::Error) -> Error {
    match cause {
        rustls::Error::AlertReceived(alert) if is_client_certificate_alert(alert) => {
            Error::new(ErrorKind::Tls, client_certificate(alert)).with_cause(cause)
        }
        cause => Error::new(ErrorKind::Network, "the TLS session failed")
            .with_cause(cause)
            .with_cause_in_text(),
    }
}

fn describe(cause: &rustls::Error, host: &str, role: ServerRole) -> String {
    match cause {
        rustls::Error::InvalidMessage(_) => format!(
            "the server does not speak TLS on this port; {} may need http:// or another port",
            role.setting()
        ),
        rustls::Error::InvalidCertificate(cause) => certificate(cause, host, role),
        rustls::Error::NoCertificatesPresented => "the server has no certificate".to_owned(),
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("the server does not serve the name {host}; check {}", role.setting())
        }
        rustls::Error::AlertReceived(alert) if is_client_certificate_alert(*alert) => {
            client_certificate(*alert)
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server rejected the TLS handshake: {alert:?}")
        }
        rustls::Error::PeerIncompatible(cause) => {
            format!("the server supports neither TLS 1.2 nor 1.3 as this library does: {cause:?}")
        }
        cause => format!("the TLS handshake failed: {cause}"),
    }
}

fn certificate(cause: &CertificateError, host: &str, role: ServerRole) -> String {
    const CLOCK: &str = "; check the clock of this machine";
    match cause {
        CertificateError::NotValidForName => {
            format!("the server's certificate is not valid for {host}; check {}", role.setting())
        }
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "the server's certificate is not valid for {host} but for {}; check {}",
            names(presented),
            role.setting()
        ),
        CertificateError::Expired => format!("the server's certificate has expired{CLOCK}"),
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the server's certificate expired on {}, and it is {} now; renew it, or check the \
             clock of this machine",
            date(*not_after),
            date(*time)
        ),
        CertificateError::NotValidYet => {
            format!("the server's certificate is not valid yet{CLOCK}")
        }
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the server's certificate is valid from {}, and it is {} now{CLOCK}",
            date(*not_before),
            date(*time)
        ),
        CertificateError::UnknownIssuer => "the server's certificate is not trusted, because \
            an unknown authority signed it; set ca_file to the certificate of that authority if \
            you trust it"
            .to_owned(),
        CertificateError::Other(other) if other.to_string() == CA_AS_END_ENTITY => {
            "the server's certificate is a CA certificate; set ca_file to that same certificate \
             if you trust it"
                .to_owned()
        }
        CertificateError::Revoked => "the server's certificate is revoked".to_owned(),
        cause => format!("the server's certificate is not trusted: {cause}"),
    }
}

/// The names in a certificate; rustls gives them as `DnsName("example.com")`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no name (it has no subjectAltName)".to_owned();
    }
    let bare = |name: &String| {
        let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inside.unwrap_or(name).trim_matches('"').to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(NAMES_MAX).map(bare).collect();
    if presented.len() > NAMES_MAX {
        names.push(format!("{} more names", presented.len() - NAMES_MAX));
    }
    names.join(", ")
}

fn date(time: UnixTime) -> String {
    // The formatter panics after the year 9999.
    let seconds = Duration::from_secs(time.as_secs().min(LATEST_DATE));
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + seconds)
}

fn client_certificate(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => "the server requires a client certificate; set \
            client_certificate and client_key"
            .to_owned(),
        alert => format!("the server rejected the client certificate: {alert:?}"),
    }
}

fn is_client_certificate_alert(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

/// The end of the year 9999.
const LATEST_DATE: u64 = 253_402_300_799;

/// How many names of a certificate an error has.
const NAMES_MAX: usize = 4;
