//! The keys of a configuration and what they set.

use std::ffi::c_int;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::arg_check;
use super::key_group::{KeyGroup, ValueType};
use crate::{
    Addressing, Config, CredentialsSource, EndpointKind, Error, ProxySetting, Result,
    SignatureVersion, Verify,
};

/// Text: the region of the bucket, such as "cn-hangzhou". Required for V4
/// signatures.
pub const OSSMPU_CONFIG_REGION: c_int = 1001;
/// Text: the URL of the service; https if it has no scheme. Default: derived
/// from the region and OSSMPU_CONFIG_ENDPOINT_KIND. If the host is an IP
/// address, the bucket always goes into the path.
pub const OSSMPU_CONFIG_ENDPOINT: c_int = 1002;
/// Text: the source of the credentials. There is no default.
/// - "anonymous": requests are not signed.
/// - "env": OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN.
/// - "default": the first of these that is configured: "env"; the same with
///   ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and
///   ALIBABA_CLOUD_SECURITY_TOKEN; "oidc"; "profile"; the URL in
///   ALIBABA_CLOUD_CREDENTIALS_URI; "ecs". A source that is configured and
///   fails is an error; the next one is not tried. Once a source has worked,
///   it stays in use.
/// - "oidc": Alibaba Cloud STS, with the token in the file
///   ALIBABA_CLOUD_OIDC_TOKEN_FILE, ALIBABA_CLOUD_ROLE_ARN and
///   ALIBABA_CLOUD_OIDC_PROVIDER_ARN.
/// - "profile", "profile:NAME": the first file that has the profile, of
///   ~/.aliyun/config.json, ~/.alibabacloud/credentials, the same with .ini,
///   and ~/.ossutilconfig (key pairs only). Without a name: the profile in
///   ALIBABA_CLOUD_PROFILE, or the default of each file. Other paths:
///   ALIBABA_CLOUD_CONFIG_FILE and ALIBABA_CLOUD_CREDENTIALS_FILE.
///   ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true skips config.json.
/// - "ecs", "ecs:ROLE": the metadata service of the instance, never through a
///   proxy. Without a role: the one in ALIBABA_CLOUD_ECS_METADATA, or the one
///   that the service names. ALIBABA_CLOUD_IMDSV1_DISABLED=true forbids
///   requests without a token, ALIBABA_CLOUD_ECS_METADATA_DISABLED=true
///   forbids all.
/// - "assume-role:ARN": Alibaba Cloud STS, called with the credentials of
///   "default", for one hour. ALIBABA_CLOUD_EXTERNAL_ID is sent if set.
/// - "process:COMMAND": the JSON that a command prints. The command line is
///   split into words as a POSIX shell does, but no shell runs it. The command
///   gets its own process group, its standard error is discarded, and it is
///   killed when it exceeds the timeout.
/// - "uri:URL": the JSON that a URL returns; https, or http to this machine.
///
/// The JSON has the strings AccessKeyId and AccessKeySecret and, for temporary
/// credentials, SecurityToken and Expiration ("2025-01-15T10:30:00Z").
///
/// The environment is read when this key is set. Files are read and services
/// are called when credentials are needed and before they expire. A fetch
/// takes at most 60 s (a response of STS or a URL 10 s, a step of "ecs" 1 s)
/// and can be canceled. STS is reached at ALIBABA_CLOUD_STS_ENDPOINT, or in
/// the region ALIBABA_CLOUD_STS_REGION (its internal endpoint with
/// ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED=true), or at the central endpoint. Roles
/// are assumed with the session name ALIBABA_CLOUD_ROLE_SESSION_NAME, or
/// "ossmpu-" and a number.
///
/// OSSMPU_EUNSUPPORTED for any other text, OSSMPU_EINVAL for a bad value after
/// the colon, OSSMPU_ECREDENTIALS if a variable is missing. No error contains
/// the text.
pub const OSSMPU_CONFIG_CREDENTIALS: c_int = 1003;
/// Text: the URL of a proxy (http, https, socks4, socks4a, socks5, socks5h),
/// "env" for ALL_PROXY, HTTPS_PROXY or HTTP_PROXY (the first that is set; a
/// program with REQUEST_METHOD in its environment, as CGI programs have,
/// ignores HTTP_PROXY) with the exceptions in NO_PROXY, or "none" (default).
/// NO_PROXY has entries as for curl and Go: "*", a domain, which includes its
/// subdomains, an address, a network such as 10.0.0.0/8, or one of these but
/// the network with a port. The URL may have USER:PASSWORD@ before the host: an
/// HTTP proxy gets them with the scheme Basic, SOCKS 5 as user name and
/// password, SOCKS 4 only the user name. If the proxy refuses a connection, with
/// status 403 or 407 for example, the call fails without a retry.
pub const OSSMPU_CONFIG_PROXY: c_int = 1004;
/// Text: a PEM file of certificates that replace the system's root
/// certificates. A server is trusted if one of them issued its certificate, or
/// is its certificate, as for a self-signed one; its name and its validity
/// period are checked in both cases. Without this file those of SSL_CERT_FILE
/// and SSL_CERT_DIR are used if one of these variables is not empty.
pub const OSSMPU_CONFIG_CA_FILE: c_int = 1005;
/// Text: a PEM file with the client certificate for mutual TLS. Requires
/// OSSMPU_CONFIG_CLIENT_KEY.
pub const OSSMPU_CONFIG_CLIENT_CERTIFICATE: c_int = 1006;
/// Text: a PEM file with the private key of the client certificate.
pub const OSSMPU_CONFIG_CLIENT_KEY: c_int = 1007;
/// Text: appended to the User-Agent of the library.
pub const OSSMPU_CONFIG_USER_AGENT: c_int = 1008;
/// Text: additional headers that V4 signs, separated by semicolons:
/// "host;range". Of these, the ones that a request has are signed.
pub const OSSMPU_CONFIG_ADDITIONAL_HEADERS: c_int = 1009;
/// Text: the local IP address, IPv4 or IPv6, from which connections are made,
/// to proxies too; by default the system chooses it. Of a host with addresses
/// of both families, those of the other family are not tried; if it has no
/// others, calls return OSSMPU_ECONNECT, as they do if this machine does not
/// have the address. "0.0.0.0" and "::" only choose the family. Requests for
/// credentials to the metadata service and to this machine are not affected.
/// OSSMPU_EINVAL if the text is not an address.
pub const OSSMPU_CONFIG_BIND_ADDRESS: c_int = 1010;
/// Number: the kind of endpoint that the region stands for: 0 public
/// (default), 1 internal, 2 transfer acceleration, 3 dual-stack.
pub const OSSMPU_CONFIG_ENDPOINT_KIND: c_int = 1100;
/// Number: where requests name the bucket: 0 in the host (default), 1 in the
/// path, 2 nowhere, because the endpoint is a custom domain of the bucket.
pub const OSSMPU_CONFIG_ADDRESSING: c_int = 1101;
/// Number: the signature version, 4 (default) or 1.
pub const OSSMPU_CONFIG_SIGNATURE: c_int = 1102;
/// Number: 1 verifies the certificate of the server (default), 0 does not. Use
/// 0 in tests only.
pub const OSSMPU_CONFIG_TLS_VERIFY: c_int = 1103;
/// Number: milliseconds to resolve a host name; default 5000. This and all
/// other timeouts of a client are 1 millisecond to 7 days.
pub const OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS: c_int = 1104;
/// Number: milliseconds to connect, including the handshakes of TLS and the
/// proxy; default 10000.
pub const OSSMPU_CONFIG_CONNECT_TIMEOUT_MS: c_int = 1105;
/// Number: milliseconds in which at least 1 KiB has to be transferred;
/// otherwise the attempt fails. Default 20000.
pub const OSSMPU_CONFIG_STALL_TIMEOUT_MS: c_int = 1106;
/// Number: milliseconds from the last byte of the request to the last byte of
/// the response; default 30000.
pub const OSSMPU_CONFIG_RESPONSE_TIMEOUT_MS: c_int = 1107;
/// Number: the same for CompleteMultipartUpload, CopyObject and UploadPartCopy,
/// which can take minutes; default 300000.
pub const OSSMPU_CONFIG_COMPLETE_TIMEOUT_MS: c_int = 1108;
/// Number: milliseconds in total to abort an upload that failed or was
/// canceled; default 5000.
pub const OSSMPU_CONFIG_ABORT_TIMEOUT_MS: c_int = 1109;
/// Number: attempts per request, 1 to 100; default 5. 1 disables retries.
/// Between attempts there is an exponential back-off with jitter.
pub const OSSMPU_CONFIG_MAX_ATTEMPTS: c_int = 1110;
/// Number: worker threads, shared by all uploads of the client, 1 to 1024;
/// default 16. They start with the first upload that needs them.
pub const OSSMPU_CONFIG_THREADS: c_int = 1111;
/// Number: bytes of part buffers, shared by all streams, writers and calls of
/// ossmpu_upload_part_from of the client, 204800 (200 KiB) or more; default
/// 268435456 (256 MiB). Uploads of files and memory need no buffers. While
/// others use all of it, calls wait and are served in their order. A call
/// returns OSSMPU_ENOMEM only for a part that exceeds the limit, and if writers
/// hold all buffers and none of them has been written to for ten seconds.
pub const OSSMPU_CONFIG_MEMORY_LIMIT: c_int = 1112;
/// Number: the rate limit for the data of all calls of the client together, in
/// bytes per second; 0 (default) is no limit.
pub const OSSMPU_CONFIG_BYTES_PER_SEC: c_int = 1113;
/// Number: milliseconds that the server's clock may differ from the local clock
/// for requests to be signed with the time of the server; default 86400000 (one
/// day). A larger difference is an error that names it. 0 always signs the
/// local time.
pub const OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS: c_int = 1114;

/// Number, 0 or 1: 1 calls the credentials callback only on threads that are in
/// a call with the client, during the waits of uploads. Worker threads that
/// need credentials wait for such a thread; those of a writer, for its next
/// write or finish. Default 0: any thread.
pub const OSSMPU_CONFIG_CALLBACKS_ON_CALLER: c_int = 1115;

/// A configuration, and the settings that it takes as a pair.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) config: Config,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
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
            OSSMPU_CONFIG_BIND_ADDRESS => {
                config.set_bind_address(ip_address("bind_address", value)?);
                Ok(())
            }
            OSSMPU_CONFIG_USER_AGENT => config.set_user_agent(value).map(|_| ()),
            OSSMPU_CONFIG_ADDITIONAL_HEADERS => config.set_additional_headers(value).map(|_| ()),
            _ => Err(KeyGroup::Config.unknown(ValueType::Text, key)),
        }
    }

    /// True for the texts that are paths, whose bytes need not be UTF-8.
    pub(super) fn is_path(key: c_int) -> bool {
        let paths =
            [OSSMPU_CONFIG_CA_FILE, OSSMPU_CONFIG_CLIENT_CERTIFICATE, OSSMPU_CONFIG_CLIENT_KEY];
        paths.contains(&key)
    }

    pub(super) fn set_path(&mut self, key: c_int, path: &Path) -> Result<()> {
        match key {
            OSSMPU_CONFIG_CA_FILE => {
                self.config.set_ca_file(path);
            }
            OSSMPU_CONFIG_CLIENT_CERTIFICATE => self.client_certificate = Some(path.to_owned()),
            OSSMPU_CONFIG_CLIENT_KEY => self.client_key = Some(path.to_owned()),
            _ => return Err(KeyGroup::Config.unknown(ValueType::Text, key)),
        }
        Ok(())
    }

    pub(super) fn set_number(&mut self, key: c_int, value: i64) -> Result<()> {
        let config = &mut self.config;
        match key {
            OSSMPU_CONFIG_ENDPOINT_KIND => config.set_endpoint_kind(endpoint_kind(value)?),
            OSSMPU_CONFIG_ADDRESSING => config.set_addressing(addressing(value)?),
            OSSMPU_CONFIG_SIGNATURE => config.set_signature(signature(value)?),
            OSSMPU_CONFIG_TLS_VERIFY => config.set_tls_verify(verify(value)?),
            OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS => {
                config.set_resolve_timeout(arg_check::milliseconds("resolve_timeout", value)?)?
            }
            OSSMPU_CONFIG_CONNECT_TIMEOUT_MS => {
                config.set_connect_timeout(arg_check::milliseconds("connect_timeout", value)?)?
            }
            OSSMPU_CONFIG_STALL_TIMEOUT_MS => {
                config.set_stall_timeout(arg_check::milliseconds("stall_timeout", value)?)?
            }
            OSSMPU_CONFIG_RESPONSE_TIMEOUT_MS => {
                config.set_response_timeout(arg_check::milliseconds("response_timeout", value)?)?
            }
            OSSMPU_CONFIG_COMPLETE_TIMEOUT_MS => {
                config.set_complete_timeout(arg_check::milliseconds("complete_timeout", value)?)?
            }
            OSSMPU_CONFIG_ABORT_TIMEOUT_MS => {
                config.set_abort_timeout(arg_check::milliseconds("abort_timeout", value)?)?
            }
            OSSMPU_CONFIG_MAX_ATTEMPTS => {
                config.set_max_attempts(arg_check::number("max_attempts", value)?)?
            }
            OSSMPU_CONFIG_THREADS => config.set_threads(arg_check::number("threads", value)?)?,
            OSSMPU_CONFIG_MEMORY_LIMIT => {
                config.set_memory_limit(arg_check::number("memory_limit", value)?)?
            }
            OSSMPU_CONFIG_BYTES_PER_SEC => {
                config.set_bytes_per_sec(arg_check::number("bytes_per_sec", value)?)
            }
            OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS => {
                config.set_max_clock_offset(arg_check::milliseconds("max_clock_offset", value)?)
            }
            OSSMPU_CONFIG_CALLBACKS_ON_CALLER => {
                config.set_callbacks_on_caller(arg_check::switch("callbacks_on_caller", value)?)
            }
            _ => return Err(KeyGroup::Config.unknown(ValueType::Number, key)),
        };
        Ok(())
    }

    /// Returns the configuration of a client.
    pub(super) fn build(&self) -> Result<Config> {
        let mut config = self.config.clone();
        match (&self.client_certificate, &self.client_key) {
            (None, None) => Ok(config),
            (Some(certificate), Some(key)) => {
                config.set_client_certificate(certificate, key);
                Ok(config)
            }
            (Some(_), None) => {
                Err(Error::invalid("client_key", "a client certificate requires its private key"))
            }
            (None, Some(_)) => Err(Error::invalid(
                "client_certificate",
                "a private key requires its client certificate",
            )),
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

fn ip_address(name: &str, text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| Error::invalid(name, "not an IPv4 or IPv6 address"))
}

fn endpoint_kind(number: i64) -> Result<EndpointKind> {
    match number {
        0 => Ok(EndpointKind::Public),
        1 => Ok(EndpointKind::Internal),
        2 => Ok(EndpointKind::Accelerate),
        3 => Ok(EndpointKind::DualStack),
        _ => Err(arg_check::no_choice("endpoint_kind", number)),
    }
}

fn addressing(number: i64) -> Result<Addressing> {
    match number {
        0 => Ok(Addressing::VirtualHost),
        1 => Ok(Addressing::Path),
        2 => Ok(Addressing::Cname),
        _ => Err(arg_check::no_choice("addressing", number)),
    }
}

fn signature(number: i64) -> Result<SignatureVersion> {
    match number {
        4 => Ok(SignatureVersion::V4),
        1 => Ok(SignatureVersion::V1),
        _ => Err(arg_check::no_choice("signature", number)),
    }
}

fn verify(number: i64) -> Result<Verify> {
    Ok(if arg_check::switch("tls_verify", number)? { Verify::Certificate } else { Verify::None })
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
        for unknown in [0, 1000, 1011, 1099, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(settings.set_text(unknown, "1")), ErrorKind::Unsupported);
        }
        for unknown in [0, 1116, 1199, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(settings.set_number(unknown, 1)), ErrorKind::Unsupported);
        }
    }

    #[test]
    fn every_number_has_its_bounds_and_names_itself() {
        let good = [0, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1];
        for (key, good) in (OSSMPU_CONFIG_ENDPOINT_KIND..=OSSMPU_CONFIG_THREADS).zip(good) {
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
    fn memory_rate_and_clock_offset_have_no_upper_bound() {
        let mut settings = Settings::default();
        for (key, good, bad, name) in [
            (OSSMPU_CONFIG_MEMORY_LIMIT, 204_800, 204_799, "memory_limit"),
            (OSSMPU_CONFIG_BYTES_PER_SEC, 0, -1, "bytes_per_sec"),
            (OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS, 0, -1, "max_clock_offset"),
        ] {
            settings.set_number(key, good).unwrap();
            settings.set_number(key, i64::MAX).unwrap();
            for bad in [bad, i64::MIN] {
                assert_eq!(settings.set_number(key, bad).unwrap_err().argument(), Some(name));
            }
        }
    }

    #[test]
    fn a_certificate_and_its_key_are_a_pair() {
        let mut settings = Settings::default();
        assert!(settings.build().is_ok());
        settings.set_path(OSSMPU_CONFIG_CLIENT_CERTIFICATE, Path::new("a.pem")).unwrap();
        assert_eq!(settings.build().unwrap_err().argument(), Some("client_key"));
        settings.set_path(OSSMPU_CONFIG_CLIENT_KEY, Path::new("b.pem")).unwrap();
        assert!(settings.build().is_ok());
    }

    #[test]
    fn a_bind_address_is_an_ip_address_without_port_and_brackets() {
        let mut settings = Settings::default();
        for good in ["127.0.0.2", "0.0.0.0", "::1", "2001:db8::1"] {
            settings.set_text(OSSMPU_CONFIG_BIND_ADDRESS, good).unwrap();
        }
        for bad in ["", "localhost", "127.0.0.1:80", "[::1]", "eth0", "1.2.3"] {
            let error = settings.set_text(OSSMPU_CONFIG_BIND_ADDRESS, bad).unwrap_err();
            assert_eq!(error.argument(), Some("bind_address"), "{bad}");
        }
    }

    #[test]
    fn an_unknown_source_of_credentials_is_unsupported() {
        let mut settings = Settings::default();
        settings.set_text(OSSMPU_CONFIG_CREDENTIALS, "anonymous").unwrap();
        let error = settings.set_text(OSSMPU_CONFIG_CREDENTIALS, "vault:cat key").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(!error.to_string().contains("cat"), "{error}");
    }
}
