//! What a client is made from. Setters check at once; what only fits together is checked when the
//! client is made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::logger::{LogLevel, Logger};
use crate::credentials::{CredentialsProvider, CredentialsSource};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{Addressing, Dialect, Endpoint, EndpointKind, Region};
use crate::sign::{AccessKey, AdditionalHeaders, SignatureVersion};
use crate::transport::{ProxySetting, TimeLimits, TlsSettings, Verify};

/// The configuration of a client.
///
/// Needed are credentials and, for V4 signatures, a region; the endpoint follows from the region
/// unless it is set. Nothing is read from the environment unless a setter says so.
#[derive(Debug, Clone)]
pub struct Config {
    pub(super) region: Option<Region>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) endpoint_kind: EndpointKind,
    pub(super) addressing: Addressing,
    pub(super) signature: SignatureVersion,
    pub(super) dialect: Dialect,
    pub(super) additional_headers: AdditionalHeaders,
    pub(super) credentials: Option<CredentialsSource>,
    pub(super) proxy: ProxySetting,
    pub(super) tls: TlsSettings,
    pub(super) user_agent: String,
    pub(super) limits: TimeLimits,
    pub(super) complete_response: Duration,
    pub(super) abort: Duration,
    pub(super) max_attempts: u32,
    pub(crate) threads: usize,
    pub(crate) memory_limit: u64,
    pub(super) bytes_per_sec: u64,
    pub(super) logger: Logger,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: None,
            endpoint_kind: EndpointKind::default(),
            addressing: Addressing::default(),
            signature: SignatureVersion::default(),
            dialect: Dialect::default(),
            additional_headers: AdditionalHeaders::default(),
            credentials: None,
            proxy: ProxySetting::None,
            tls: TlsSettings::default(),
            user_agent: USER_AGENT.to_owned(),
            limits: TimeLimits {
                resolve: limits::RESOLVE,
                connect: limits::CONNECT,
                stall: limits::STALL,
                response: limits::RESPONSE,
            },
            complete_response: limits::COMPLETE_RESPONSE,
            abort: limits::ABORT,
            max_attempts: limits::ATTEMPTS_DEFAULT,
            threads: limits::THREADS_DEFAULT,
            memory_limit: limits::MEMORY_LIMIT_DEFAULT,
            bytes_per_sec: 0,
            logger: Logger::default(),
        }
    }
}

/// Each setter changes the configuration only if it succeeds.
impl Config {
    /// All defaults; credentials and a region are still to be set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `OSS_REGION`, `OSS_ENDPOINT`, `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and
    /// `OSS_SESSION_TOKEN`, now. What is not set there stays as it was.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming a variable that cannot be used; `Credentials`, when only one half of the
    /// key pair is set.
    pub fn set_env(&mut self) -> Result<&mut Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut changed = self.clone();
        if let Some(region) = variable("OSS_REGION") {
            changed.set_region(&region).map_err(|e| e.with_argument("OSS_REGION"))?;
        }
        if let Some(endpoint) = variable("OSS_ENDPOINT") {
            changed.set_endpoint(&endpoint).map_err(|e| e.with_argument("OSS_ENDPOINT"))?;
        }
        if ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"].iter().any(|n| variable(n).is_some()) {
            changed.credentials = Some(CredentialsSource::environment()?);
        }
        *self = changed;
        Ok(self)
    }

    /// The region of the bucket, `cn-hangzhou` and so on.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `region`.
    pub fn set_region(&mut self, region: &str) -> Result<&mut Self> {
        self.region = Some(Region::parse(region)?);
        Ok(self)
    }

    /// The base URL of the service, in place of the one made from the region. Without a scheme it
    /// is https.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `endpoint`.
    pub fn set_endpoint(&mut self, endpoint: &str) -> Result<&mut Self> {
        self.endpoint = Some(Endpoint::parse(endpoint)?);
        Ok(self)
    }

    /// Which endpoint of the region is used when none is set.
    pub fn set_endpoint_kind(&mut self, kind: EndpointKind) -> &mut Self {
        self.endpoint_kind = kind;
        self
    }

    /// How the bucket is named in requests.
    pub fn set_addressing(&mut self, addressing: Addressing) -> &mut Self {
        self.addressing = addressing;
        self
    }

    /// How requests are signed; V4 unless set.
    pub fn set_signature(&mut self, version: SignatureVersion) -> &mut Self {
        self.signature = version;
        self
    }

    /// Further headers that V4 signs, by name, separated by `;`: `host;range`.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `additional_headers`.
    pub fn set_additional_headers(&mut self, names: &str) -> Result<&mut Self> {
        let names = names.split(';').map(str::trim).filter(|name| !name.is_empty());
        self.additional_headers = AdditionalHeaders::parse(names)?;
        Ok(self)
    }

    /// One key pair that never changes, with a security token if it is a temporary one.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the half that cannot be used.
    pub fn set_keys(&mut self, id: &str, secret: &str, token: Option<&str>) -> Result<&mut Self> {
        let mut key = AccessKey::new(id, secret)?;
        if let Some(token) = token {
            key = key.with_token(token)?;
        }
        Ok(self.set_credentials(CredentialsSource::Fixed(key)))
    }

    /// A source of the caller's own.
    pub fn set_credentials_provider(
        &mut self,
        provider: impl CredentialsProvider + 'static,
    ) -> &mut Self {
        self.set_credentials(CredentialsSource::Provider(Arc::new(provider)))
    }

    /// Any source; [`CredentialsSource::parse`] makes one of a text.
    pub fn set_credentials(&mut self, source: CredentialsSource) -> &mut Self {
        self.credentials = Some(source);
        self
    }

    /// The proxy; none unless set.
    pub fn set_proxy(&mut self, proxy: ProxySetting) -> &mut Self {
        self.proxy = proxy;
        self
    }

    /// A PEM file of certificates that is used *instead* of the system's.
    pub fn set_ca_file(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.tls.ca_file = Some(path.as_ref().to_path_buf());
        self
    }

    /// A PEM file with this client's own certificate, and one with its key, for mutual TLS.
    pub fn set_client_certificate(
        &mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> &mut Self {
        self.tls.client_certificate = Some(certificate.into());
        self.tls.client_key = Some(key.into());
        self
    }

    /// Whether the server's certificate is checked. Anything but `Verify::Certificate` is for
    /// tests only, and each client that is made so logs a warning.
    pub fn set_tls_verify(&mut self, verify: Verify) -> &mut Self {
        self.tls.verify = verify;
        self
    }

    /// Is appended to the library's own `User-Agent`.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `user_agent`, if it cannot stand in a header.
    pub fn set_user_agent(&mut self, suffix: &str) -> Result<&mut Self> {
        if suffix.chars().any(char::is_control) {
            return Err(Error::invalid("user_agent", "a user agent has no control characters"));
        }
        self.user_agent = format!("{USER_AGENT} {suffix}").trim_end().to_owned();
        Ok(self)
    }

    /// Time for a name look-up; 5 s unless set.
    ///
    /// # Errors
    ///
    /// For this and every other time: `Invalid`, naming it, if it is zero or over seven days.
    pub fn set_resolve_timeout(&mut self, time: Duration) -> Result<&mut Self> {
        self.limits.resolve = bounded("resolve_ms", time)?;
        Ok(self)
    }

    /// Time to connect, proxy and TLS handshakes included; 10 s unless set.
    ///
    /// # Errors
    ///
    /// As for [`Config::set_resolve_timeout`].
    pub fn set_connect_timeout(&mut self, time: Duration) -> Result<&mut Self> {
        self.limits.connect = bounded("connect_ms", time)?;
        Ok(self)
    }

    /// A window in which less than 1 KiB moves ends the attempt; 20 s unless set.
    ///
    /// # Errors
    ///
    /// As for [`Config::set_resolve_timeout`].
    pub fn set_stall_timeout(&mut self, time: Duration) -> Result<&mut Self> {
        self.limits.stall = bounded("stall_ms", time)?;
        Ok(self)
    }

    /// Time from the last byte sent to the whole answer; 30 s unless set.
    ///
    /// # Errors
    ///
    /// As for [`Config::set_resolve_timeout`].
    pub fn set_response_timeout(&mut self, time: Duration) -> Result<&mut Self> {
        self.limits.response = bounded("response_ms", time)?;
        Ok(self)
    }

    /// The same for CompleteMultipartUpload, which may take minutes; 300 s unless set.
    ///
    /// # Errors
    ///
    /// As for [`Config::set_resolve_timeout`].
    pub fn set_complete_timeout(&mut self, time: Duration) -> Result<&mut Self> {
        self.complete_response = bounded("complete_ms", time)?;
        Ok(self)
    }

    /// Time for the clean-up after a failed or cancelled upload, in all; 5 s unless set.
    ///
    /// # Errors
    ///
    /// As for [`Config::set_resolve_timeout`].
    pub fn set_abort_timeout(&mut self, time: Duration) -> Result<&mut Self> {
        self.abort = bounded("abort_ms", time)?;
        Ok(self)
    }

    /// Requests sent for one call, retries included; 1 is no retries, 5 unless set.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `max_attempts`, outside 1 to 100.
    pub fn set_max_attempts(&mut self, attempts: u32) -> Result<&mut Self> {
        if !(1..=limits::ATTEMPTS_MAX).contains(&attempts) {
            return Err(Error::invalid("max_attempts", "the number of attempts is 1 to 100"));
        }
        self.max_attempts = attempts;
        Ok(self)
    }

    /// Worker threads, shared by all uploads of the client; 16 unless set. They are started by the
    /// first upload that needs them.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `threads`, outside 1 to 1024.
    pub fn set_threads(&mut self, threads: usize) -> Result<&mut Self> {
        if !(1..=limits::THREADS_MAX).contains(&threads) {
            return Err(Error::invalid("threads", "the number of threads is 1 to 1024"));
        }
        self.threads = threads;
        Ok(self)
    }

    /// Bytes of part buffers of all streams of the client together; 256 MiB unless set. Files and
    /// memory need none.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `memory_limit`, under two of the smallest parts, 200 KiB.
    pub fn set_memory_limit(&mut self, bytes: u64) -> Result<&mut Self> {
        if bytes < 2 * limits::PART_SIZE_MIN {
            return Err(Error::invalid("memory_limit", "the memory limit is 200 KiB or more"));
        }
        self.memory_limit = bytes;
        Ok(self)
    }

    /// The most bytes of bodies that all calls of the client send in a second; 0, no limit, unless
    /// set.
    pub fn set_bytes_per_sec(&mut self, bytes: u64) -> &mut Self {
        self.bytes_per_sec = bytes;
        self
    }

    /// Gets a copy of every log line up to that level. It may run on any thread of the client,
    /// never two at a time, and must not use the client.
    pub fn set_log(
        &mut self,
        level: LogLevel,
        sink: impl Fn(LogLevel, &str) + Send + Sync + 'static,
    ) -> &mut Self {
        self.logger = Logger::new(level, Box::new(sink));
        self
    }

    /// The endpoint that follows from what was set; `None` if nothing was.
    pub(super) fn effective_endpoint(&self) -> Option<Endpoint> {
        let from_region = |region| Endpoint::from_region(region, self.endpoint_kind);
        self.endpoint.clone().or_else(|| self.region.as_ref().map(from_region))
    }

    pub(super) fn effective_credentials(&self) -> Result<CredentialsSource> {
        self.credentials.clone().ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "no credentials were set")
                .with_argument("credentials")
        })
    }
}

fn bounded(name: &str, time: Duration) -> Result<Duration> {
    if time.is_zero() || time > limits::TIMEOUT_MAX {
        return Err(Error::invalid(name, "a time limit is 1 millisecond to 7 days"));
    }
    Ok(time)
}

const USER_AGENT: &str = concat!("ossmpu/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setter_that_fails_changes_nothing_and_names_its_setting() {
        let mut config = Config::new();
        config.set_region("cn-hangzhou").unwrap();
        assert_eq!(config.set_region("oss-cn-hangzhou").unwrap_err().argument(), Some("region"));
        assert_eq!(config.region.as_ref().unwrap().as_str(), "cn-hangzhou");
        let error = config.set_stall_timeout(Duration::ZERO).unwrap_err();
        assert_eq!(error.argument(), Some("stall_ms"));
        assert_eq!(config.set_threads(0).unwrap_err().argument(), Some("threads"));
        assert_eq!(config.set_max_attempts(101).unwrap_err().argument(), Some("max_attempts"));
        assert_eq!(config.set_user_agent("a\nb").unwrap_err().argument(), Some("user_agent"));
    }

    #[test]
    fn the_endpoint_follows_from_the_region_unless_it_is_set() {
        let mut config = Config::new();
        assert_eq!(config.effective_endpoint(), None);
        config.set_region("cn-hangzhou").unwrap();
        let host = |config: &Config| config.effective_endpoint().unwrap().host().to_owned();
        assert_eq!(host(&config), "oss-cn-hangzhou.aliyuncs.com");
        config.set_endpoint_kind(EndpointKind::Internal);
        assert_eq!(host(&config), "oss-cn-hangzhou-internal.aliyuncs.com");
        config.set_endpoint("http://localhost:8080").unwrap();
        assert_eq!(host(&config), "localhost:8080");
    }
}
