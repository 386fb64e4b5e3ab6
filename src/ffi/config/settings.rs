//! What the numbers of a configuration mean.

use std::ffi::c_int;

use super::*;
use crate::ffi::setting;
use crate::{Addressing, EndpointKind, Error, ProxySetting, SignatureVersion, Verify};

/// A configuration, and what it takes only as a pair.
#[derive(Debug, Default)]
pub(in crate::ffi) struct Settings {
    pub(super) config: Config,
    client_certificate: Option<String>,
    client_key: Option<String>,
}

impl Settings {
    pub(super) fn set_text(&mut self, key: c_int, value: &str) -> Result<()> {
        let config = &mut self.config;
        match key {
            OSSMPU_CONFIG_REGION => config.set_region(value).map(|_| ()),
            OSSMPU_CONFIG_ENDPOINT => config.set_endpoint(value).map(|_| ()),
            OSSMPU_CONFIG_CREDENTIALS => {
                config.set_credentials(CredentialsSource::parse(value)?);
                Ok(())
            }
            OSSMPU_CONFIG_PROXY => {
                config.set_proxy(proxy(value));
                Ok(())
            }
            OSSMPU_CONFIG_CA_FILE => {
                config.set_ca_file(value);
                Ok(())
            }
            OSSMPU_CONFIG_CLIENT_CERTIFICATE => {
                self.client_certificate = Some(value.to_owned());
                Ok(())
            }
            OSSMPU_CONFIG_CLIENT_KEY => {
                self.client_key = Some(value.to_owned());
                Ok(())
            }
            OSSMPU_CONFIG_USER_AGENT => config.set_user_agent(value).map(|_| ()),
            OSSMPU_CONFIG_ADDITIONAL_HEADERS => config.set_additional_headers(value).map(|_| ()),
            _ => Err(setting::unknown_text(key)),
        }
    }

    pub(super) fn set_number(&mut self, key: c_int, value: i64) -> Result<()> {
        let config = &mut self.config;
        match key {
            OSSMPU_CONFIG_ENDPOINT_KIND => config.set_endpoint_kind(endpoint_kind(value)?),
            OSSMPU_CONFIG_ADDRESSING => config.set_addressing(addressing(value)?),
            OSSMPU_CONFIG_SIGNATURE => config.set_signature(signature(value)?),
            OSSMPU_CONFIG_TLS_VERIFY => config.set_tls_verify(verify(value)?),
            OSSMPU_CONFIG_RESOLVE_MS => {
                config.set_resolve_timeout(setting::milliseconds("resolve_timeout", value)?)?
            }
            OSSMPU_CONFIG_CONNECT_MS => {
                config.set_connect_timeout(setting::milliseconds("connect_timeout", value)?)?
            }
            OSSMPU_CONFIG_STALL_MS => {
                config.set_stall_timeout(setting::milliseconds("stall_timeout", value)?)?
            }
            OSSMPU_CONFIG_RESPONSE_MS => {
                config.set_response_timeout(setting::milliseconds("response_timeout", value)?)?
            }
            OSSMPU_CONFIG_COMPLETE_MS => {
                config.set_complete_timeout(setting::milliseconds("complete_timeout", value)?)?
            }
            OSSMPU_CONFIG_ABORT_MS => {
                config.set_abort_timeout(setting::milliseconds("abort_timeout", value)?)?
            }
            OSSMPU_CONFIG_MAX_ATTEMPTS => {
                config.set_max_attempts(setting::number("max_attempts", value)?)?
            }
            OSSMPU_CONFIG_THREADS => config.set_threads(setting::number("threads", value)?)?,
            OSSMPU_CONFIG_MEMORY_LIMIT => {
                config.set_memory_limit(setting::number("memory_limit", value)?)?
            }
            OSSMPU_CONFIG_BYTES_PER_SEC => {
                config.set_bytes_per_sec(setting::number("bytes_per_sec", value)?)
            }
            _ => return Err(setting::unknown_number(key)),
        };
        Ok(())
    }

    /// What a client is made from.
    pub(in crate::ffi) fn finish(&self) -> Result<Config> {
        let mut config = self.config.clone();
        match (&self.client_certificate, &self.client_key) {
            (None, None) => Ok(config),
            (Some(certificate), Some(key)) => {
                config.set_client_certificate(certificate, key);
                Ok(config)
            }
            (Some(_), None) => {
                Err(Error::invalid("client_key", "the client's certificate needs its key"))
            }
            (None, Some(_)) => {
                Err(Error::invalid("client_certificate", "the key needs its certificate"))
            }
        }
    }
}

fn proxy(text: &str) -> ProxySetting {
    match text {
        "none" => ProxySetting::None,
        "env" => ProxySetting::Environment,
        url => ProxySetting::Url(url.to_owned()),
    }
}

fn endpoint_kind(number: i64) -> Result<EndpointKind> {
    match number {
        0 => Ok(EndpointKind::Public),
        1 => Ok(EndpointKind::Internal),
        2 => Ok(EndpointKind::Accelerate),
        3 => Ok(EndpointKind::DualStack),
        _ => Err(setting::no_choice("endpoint_kind", number)),
    }
}

fn addressing(number: i64) -> Result<Addressing> {
    match number {
        0 => Ok(Addressing::VirtualHost),
        1 => Ok(Addressing::Path),
        2 => Ok(Addressing::Cname),
        _ => Err(setting::no_choice("addressing", number)),
    }
}

fn signature(number: i64) -> Result<SignatureVersion> {
    match number {
        4 => Ok(SignatureVersion::V4),
        1 => Ok(SignatureVersion::V1),
        _ => Err(setting::no_choice("signature", number)),
    }
}

fn verify(number: i64) -> Result<Verify> {
    Ok(if setting::switch("tls_verify", number)? { Verify::Certificate } else { Verify::Nothing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_key_of_the_other_setter_is_invalid_and_an_unknown_one_is_unsupported() {
        let mut settings = Settings::default();
        let kind = |outcome: Result<()>| outcome.unwrap_err().kind();
        assert_eq!(kind(settings.set_text(OSSMPU_CONFIG_THREADS, "1")), ErrorKind::Invalid);
        assert_eq!(kind(settings.set_number(OSSMPU_CONFIG_REGION, 1)), ErrorKind::Invalid);
        for unknown in [0, 99, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(settings.set_text(unknown, "1")), ErrorKind::Unsupported);
        }
        for unknown in [0, 115, 199, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(settings.set_number(unknown, 1)), ErrorKind::Unsupported);
        }
    }

    #[test]
    fn every_number_has_its_bounds_and_names_itself() {
        let keys = (OSSMPU_CONFIG_ENDPOINT_KIND..=OSSMPU_CONFIG_THREADS).filter(|key| *key != 103);
        for (key, good) in keys.zip([0, 1, 4, 0, 1, 1, 1, 1, 1, 1, 1, 1]) {
            let mut settings = Settings::default();
            settings.set_number(key, good).unwrap();
            for bad in [-1, i64::MAX, i64::MIN] {
                let error = settings.set_number(key, bad).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Invalid, "{key} {bad}");
                assert!(error.argument().is_some(), "{key} {bad}");
            }
        }
    }

    #[test]
    fn bounds_of_memory_and_rate_have_no_upper_end() {
        let mut settings = Settings::default();
        for (key, good, bad, name) in [
            (OSSMPU_CONFIG_MEMORY_LIMIT, 204_800, 204_799, "memory_limit"),
            (OSSMPU_CONFIG_BYTES_PER_SEC, 0, -1, "bytes_per_sec"),
        ] {
            settings.set_number(key, good).unwrap();
            settings.set_number(key, i64::MAX).unwrap();
            for bad in [bad, i64::MIN] {
                assert_eq!(settings.set_number(key, bad).unwrap_err().argument(), Some(name));
            }
        }
    }

    #[test]
    fn a_certificate_and_its_key_come_together() {
        let mut settings = Settings::default();
        assert!(settings.finish().is_ok());
        settings.set_text(OSSMPU_CONFIG_CLIENT_CERTIFICATE, "a.pem").unwrap();
        assert_eq!(settings.finish().unwrap_err().argument(), Some("client_key"));
        settings.set_text(OSSMPU_CONFIG_CLIENT_KEY, "b.pem").unwrap();
        assert!(settings.finish().is_ok());
    }

    #[test]
    fn a_source_of_credentials_that_is_not_there_is_unsupported() {
        let mut settings = Settings::default();
        settings.set_text(OSSMPU_CONFIG_CREDENTIALS, "anonymous").unwrap();
        let error = settings.set_text(OSSMPU_CONFIG_CREDENTIALS, "vault:cat key").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(!error.to_string().contains("cat"), "{error}");
    }
}
