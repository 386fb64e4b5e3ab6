//! The configuration of a client. Setters check their own value; combinations are checked when the
//! client is created.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::logger::{LogLevel, Logger};
use crate::credentials::{CredentialsProvider, CredentialsSource};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{Addressing, Endpoint, EndpointKind, Region};
use crate::platform::env_var_os;
use crate::sign::{AccessKey, AdditionalHeaders, SignatureVersion};
use crate::transport::{ProxySetting, Timeouts, TlsSettings, Verify};

/// The configuration of a client.
///
/// Credentials are required and, for V4 signatures, a region; the endpoint follows from the region
/// unless it is set. A client copies the configuration: later changes do not affect it. The
/// environment is read only by the setters that say so.
#[derive(Debug, Clone)]
pub struct Config {
    pub(super) region: Option<Region>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) endpoint_kind: EndpointKind,
    pub(super) addressing: Addressing,
    pub(super) signature: SignatureVersion,
    pub(super) additional_headers: AdditionalHeaders,
    pub(super) credentials: Option<CredentialsSource>,
    pub(super) proxy: ProxySetting,
    pub(super) bind_address: Option<IpAddr>,
    pub(super) tls: TlsSettings,
    pub(super) user_agent: String,
    pub(super) timeouts: Timeouts,
    pub(super) complete_timeout: Duration,
    pub(super) abort_timeout: Duration,
    pub(super) max_attempts: u32,
    pub(crate) threads: usize,
    pub(crate) memory_limit: u64,
    pub(super) bytes_per_sec: u64,
    pub(super) max_clock_offset: Duration,
    pub(super) callbacks_on_caller: bool,
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
            additional_headers: AdditionalHeaders::default(),
            credentials: None,
            proxy: ProxySetting::None,
            bind_address: None,
            tls: TlsSettings::default(),
            user_agent: USER_AGENT.to_owned(),
            timeouts: Timeouts {
                resolve: limits::RESOLVE_TIMEOUT,
                connect: limits::CONNECT_TIMEOUT,
                stall: limits::STALL_TIMEOUT,
                response: limits::RESPONSE_TIMEOUT,
            },
            complete_timeout: limits::COMPLETE_TIMEOUT,
            abort_timeout: limits::ABORT_TIMEOUT,
            max_attempts: limits::ATTEMPTS_DEFAULT,
            threads: limits::THREADS_DEFAULT,
            memory_limit: limits::MEMORY_LIMIT_DEFAULT,
            bytes_per_sec: 0,
            max_clock_offset: limits::MAX_CLOCK_OFFSET,
            callbacks_on_caller: false,
            logger: Logger::default(),
        }
    }
}

/// A setter that fails leaves the configuration unchanged.
impl Config {
    /// Creates a configuration with all defaults, without credentials and region.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `OSS_REGION`, `OSS_ENDPOINT`, `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and
    /// `OSS_SESSION_TOKEN` now. A variable that is unset or empty changes nothing.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the variable; `Credentials`, when only one of ID and secret is set.
    pub fn set_env(&mut self) -> Result<&mut Self> {
        let mut read = Self::new();
        read.set_env_if_unset()?;
        self.region = read.region.or(self.region.take());
        self.endpoint = read.endpoint.or(self.endpoint.take());
        self.credentials = read.credentials.or(self.credentials.take());
        Ok(self)
    }

    /// Like [`Config::set_env`], but reads no variable whose setting has been set, so that a program
    /// with options that take precedence does not fail for variables that it does not need.
    ///
    /// # Errors
    ///
    /// Those of [`Config::set_env`].
    pub fn set_env_if_unset(&mut self) -> Result<&mut Self> {
        let mut changed = self.clone();
        if self.region.is_none()
            && let Some(region) = env_text("OSS_REGION")?
        {
            changed.set_region(&region).map_err(|e| e.with_argument("OSS_REGION"))?;
        }
        if self.endpoint.is_none()
            && let Some(endpoint) = env_text("OSS_ENDPOINT")?
        {
            changed.set_endpoint(&endpoint).map_err(|e| e.with_argument("OSS_ENDPOINT"))?;
        }
        if self.credentials.is_none() {
            let (id, secret) = (env_text("OSS_ACCESS_KEY_ID")?, env_text("OSS_ACCESS_KEY_SECRET")?);
            if id.is_some() || secret.is_some() {
                changed.credentials = Some(CredentialsSource::environment()?);
            }
        }
        *self = changed;
        Ok(self)
    }

    /// Sets the region of the bucket, such as `cn-hangzhou`.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `region`.
    pub fn set_region(&mut self, region: &str) -> Result<&mut Self> {
        self.region = Some(Region::parse(region)?);
        Ok(self)
    }

    /// Sets the base URL of OSS, instead of the endpoint of the region. Without a scheme it is
    /// https.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `endpoint`.
    pub fn set_endpoint(&mut self, endpoint: &str) -> Result<&mut Self> {
        self.endpoint = Some(Endpoint::parse(endpoint)?);
        Ok(self)
    }

    /// Sets which endpoint of the region is used if no endpoint is set; the default is the public
    /// one.
    pub fn set_endpoint_kind(&mut self, kind: EndpointKind) -> &mut Self {
        self.endpoint_kind = kind;
        self
    }

    /// Sets where requests name the bucket; the default is the host name.
    pub fn set_addressing(&mut self, addressing: Addressing) -> &mut Self {
        self.addressing = addressing;
        self
    }

    /// Sets the signature version; the default is V4.
    pub fn set_signature(&mut self, version: SignatureVersion) -> &mut Self {
        self.signature = version;
        self
    }

    /// Sets the names of headers that V4 signs in addition, separated by `;`: `host;range`.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `additional_headers`.
    pub fn set_additional_headers(&mut self, names: &str) -> Result<&mut Self> {
        let names = names.split(';').map(str::trim).filter(|name| !name.is_empty());
        self.additional_headers = AdditionalHeaders::parse(names)?;
        Ok(self)
    }

    /// Sets one key pair, with the security token if it is temporary. It is never refreshed.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `access_key_id`, `access_key_secret` or `security_token`.
    pub fn set_keys(&mut self, id: &str, secret: &str, token: Option<&str>) -> Result<&mut Self> {
        let mut key = AccessKey::new(id, secret)?;
        if let Some(token) = token {
            key = key.with_token(token)?;
        }
        Ok(self.set_credentials(CredentialsSource::Fixed(key)))
    }

    /// Sets a credentials provider of the caller's own.
    pub fn set_credentials_provider(
        &mut self,
        provider: impl CredentialsProvider + 'static,
    ) -> &mut Self {
        self.set_credentials(CredentialsSource::Provider(Arc::new(provider)))
    }

    /// Sets the source of credentials; [`CredentialsSource::parse`] creates one from a text.
    pub fn set_credentials(&mut self, source: CredentialsSource) -> &mut Self {
        self.credentials = Some(source);
        self
    }

    /// Sets the proxy; the default is none.
    pub fn set_proxy(&mut self, proxy: ProxySetting) -> &mut Self {
        self.proxy = proxy;
        self
    }

    /// Sets the local address from which connections are made, to proxies too; by default the system
    /// chooses it. Addresses of a host that are of the other family are not tried. An unspecified
    /// address, `0.0.0.0` or `::`, only chooses the family.
    ///
    /// Requests for credentials to the metadata service and to loopback addresses are not affected.
    pub fn set_bind_address(&mut self, address: IpAddr) -> &mut Self {
        self.bind_address = Some(address);
        self
    }

    /// Sets a PEM file of trusted certificates, which are used *instead* of the system's. It is
    /// read when a client is created. A server whose certificate is one of them is trusted even if
    /// that is self-signed.
    pub fn set_ca_file(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.tls.ca_file = Some(path.as_ref().to_path_buf());
        self
    }

    /// Sets a PEM file with the certificate of this client and its chain, and one with its key, for
    /// mutual TLS. They are read when a client is created.
    pub fn set_client_certificate(
        &mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> &mut Self {
        self.tls.client_certificate = Some(certificate.into());
        self.tls.client_key = Some(key.into());
        self
    }

    /// Sets whether the certificate of the server is verified; by default it is.
    ///
    /// `Verify::None` is for tests only: anyone on the network can then read and change the
    /// requests. Each client that is created with it logs a warning.
    pub fn set_tls_verify(&mut self, verify: Verify) -> &mut Self {
        self.tls.verify = verify;
        self
    }

    /// Sets a text that is appended to the library's own `User-Agent`.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `user_agent`, if it has a control character.
    pub fn set_user_agent(&mut self, suffix: &str) -> Result<&mut Self> {
        if suffix.chars().any(char::is_control) {
            return Err(Error::invalid("user_agent", "a user agent has no control characters"));
        }
        self.user_agent = format!("{USER_AGENT} {suffix}").trim_end().to_owned();
        Ok(self)
    }

    /// Sets the timeout to resolve a host name; the default is 5 s.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `resolve_timeout`, if it is zero or more than seven days.
    pub fn set_resolve_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        self.timeouts.resolve = bounded("resolve_timeout", timeout)?;
        Ok(self)
    }

    /// Sets the timeout to connect, with the handshakes of proxy and TLS; the default is 10 s.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `connect_timeout`, if it is zero or more than seven days.
    pub fn set_connect_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        self.timeouts.connect = bounded("connect_timeout", timeout)?;
        Ok(self)
    }

    /// Sets the stall timeout; the default is 20 s. An attempt fails when less than 1 KiB is sent
    /// or received in that time.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `stall_timeout`, if it is zero or more than seven days.
    pub fn set_stall_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        self.timeouts.stall = bounded("stall_timeout", timeout)?;
        Ok(self)
    }

    /// Sets the timeout from the last byte of a request to the end of its response; the default is
    /// 30 s.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `response_timeout`, if it is zero or more than seven days.
    pub fn set_response_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        self.timeouts.response = bounded("response_timeout", timeout)?;
        Ok(self)
    }

    /// Sets the response timeout of CompleteMultipartUpload, CopyObject and UploadPartCopy, which may
    /// take minutes; the default is 300 s.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `complete_timeout`, if it is zero or more than seven days.
    pub fn set_complete_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        self.complete_timeout = bounded("complete_timeout", timeout)?;
        Ok(self)
    }

    /// Sets the timeout to abort a failed or canceled upload, all requests together; the default is
    /// 5 s.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `abort_timeout`, if it is zero or more than seven days.
    pub fn set_abort_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        self.abort_timeout = bounded("abort_timeout", timeout)?;
        Ok(self)
    }

    /// Sets how often a request is sent, retries included; the default is 5, and 1 is no retries.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `max_attempts`, if it is not 1 to 100.
    pub fn set_max_attempts(&mut self, attempts: u32) -> Result<&mut Self> {
        if !(1..=limits::ATTEMPTS_MAX).contains(&attempts) {
            return Err(Error::invalid("max_attempts", "the number of attempts is 1 to 100"));
        }
        self.max_attempts = attempts;
        Ok(self)
    }

    /// Sets the number of worker threads, which all uploads of a client share; the default is 16.
    /// They are started by the first upload that needs them.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `threads`, if it is not 1 to 1024.
    pub fn set_threads(&mut self, threads: usize) -> Result<&mut Self> {
        if !(1..=limits::THREADS_MAX).contains(&threads) {
            return Err(Error::invalid("threads", "the number of threads is 1 to 1024"));
        }
        self.threads = threads;
        Ok(self)
    }

    /// Sets the memory limit in bytes for the part buffers of all readers and writers of a client;
    /// the default is 256 MiB. Uploads of files and memory need no part buffers.
    ///
    /// While others use all of it, calls wait and are served in their order. They fail with kind
    /// `Memory` only if writers hold all buffers and none of them has been written to for ten
    /// seconds.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `memory_limit`, if it is less than two of the smallest parts, 200 KiB.
    pub fn set_memory_limit(&mut self, bytes: u64) -> Result<&mut Self> {
        if bytes < 2 * limits::PART_SIZE_MIN {
            return Err(Error::invalid("memory_limit", "the memory limit is 200 KiB or more"));
        }
        self.memory_limit = bytes;
        Ok(self)
    }

    /// Sets the most bytes per second that all calls of a client send in request bodies together;
    /// 0, the default, is no limit.
    pub fn set_bytes_per_sec(&mut self, bytes: u64) -> &mut Self {
        self.bytes_per_sec = bytes;
        self
    }

    /// Sets how far the server's clock may be from the local clock for requests to be signed with
    /// the time of the server; the default is one day. Zero always signs the local time.
    pub fn set_max_clock_offset(&mut self, offset: Duration) -> &mut Self {
        self.max_clock_offset = offset;
        self
    }

    /// Calls the [`CredentialsProvider`](crate::CredentialsProvider) only on threads that make calls
    /// with the client, during the waits of uploads. Workers that need credentials wait for one, so
    /// credentials that expire between two writes of a [`Writer`](crate::Writer) are fetched by the
    /// next one. Off by default: it may run on any thread.
    pub fn set_callbacks_on_caller(&mut self, on: bool) -> &mut Self {
        self.callbacks_on_caller = on;
        self
    }

    /// Sets a callback that receives every log line up to `level`, in addition to the `log` crate.
    ///
    /// It runs on threads that make calls, on one at a time, also for lines of other calls and of
    /// worker threads. Calls of the client that it makes fail with kind `State`. While it runs, up
    /// to 1000 lines wait; then lines are dropped, and a line says how many.
    pub fn set_log(
        &mut self,
        level: LogLevel,
        sink: impl Fn(LogLevel, &str) + Send + Sync + 'static,
    ) -> &mut Self {
        self.logger = Logger::new(level, Box::new(sink));
        self
    }

    /// Returns the endpoint that is set or follows from the region; `None` without either.
    pub(super) fn effective_endpoint(&self) -> Option<Endpoint> {
        let from_region = |region| Endpoint::from_region(region, self.endpoint_kind);
        self.endpoint.clone().or_else(|| self.region.as_ref().map(from_region))
    }

    pub(super) fn effective_credentials(&self) -> Result<CredentialsSource> {
        self.credentials.clone().ok_or_else(|| {
            let text = "no credentials were set; set the environment variables OSS_ACCESS_KEY_ID \
                        and OSS_ACCESS_KEY_SECRET and read the environment, or set a source of \
                        credentials such as \"default\"";
            Error::new(ErrorKind::Credentials, text).with_argument("credentials")
        })
    }
}

/// Reads a variable of the environment; `None` if it is unset or empty.
fn env_text(name: &'static str) -> Result<Option<String>> {
    let value = env_var_os(name).map(OsString::into_string).transpose().map_err(|_| {
        let text = "the value of the environment variable is not UTF-8; correct or unset it";
        Error::invalid(name, text)
    })?;
    Ok(value.filter(|value| !value.is_empty()))
}

fn bounded(name: &str, timeout: Duration) -> Result<Duration> {
    if timeout.is_zero() || timeout > limits::TIMEOUT_MAX {
        return Err(Error::invalid(name, "a timeout is 1 millisecond to 7 days"));
    }
    Ok(timeout)
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
        assert_eq!(error.argument(), Some("stall_timeout"));
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
