//! The state that all calls of a client share.

use std::time::{Duration, SystemTime};

use super::clock_offset::{ClockDifference, ClockOffset, Correction};
use super::concurrency_limiter::ConcurrencyLimiter;
use super::logger::SILENT;
use super::{Config, Logger, RateLimiter};
use crate::credentials::{CredentialsCache, CredentialsSource, FetchContext};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Addressing, Endpoint};
use crate::ops::ResponseTimeout;
use crate::platform::{ForkGuard, ThreadId};
use crate::retry::RetryBudget;
use crate::runtime::{Cancel, Clock, Deadline};
use crate::sign::{AccessKey, SignatureVersion, Signer};
use crate::transport::{Http, HttpSettings, Timeouts, Verify};

/// Executes OSS operations. Knows nothing of uploads.
#[derive(Debug)]
pub(crate) struct ServiceClient {
    pub(super) process: ForkGuard,
    endpoint: Option<Endpoint>,
    pub(super) addressing: Addressing,
    pub(super) signer: Signer,
    credentials: CredentialsCache,
    pub(super) http: Http,
    timeouts: Timeouts,
    complete_timeout: Duration,
    abort_timeout: Duration,
    pub(super) max_attempts: u32,
    pub(super) retry_budget: RetryBudget,
    pub(super) rate_limiter: Option<RateLimiter>,
    pub(super) concurrency_limiter: ConcurrencyLimiter,
    pub(super) clock: Clock,
    clock_offset: ClockOffset,
    logger: Logger,
}

impl ServiceClient {
    /// Creates a client without opening a connection or starting a thread.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let credentials = config.effective_credentials()?;
        let endpoint = config.effective_endpoint();
        let signer = signer(config, endpoint.as_ref(), &credentials)?;
        let http = Http::new(&HttpSettings {
            connections: config.threads.saturating_add(SPARE_CONNECTIONS),
            user_agent: config.user_agent.clone(),
            tls: config.tls.clone(),
            proxy: config.proxy.clone(),
            bind_address: config.bind_address,
        })?;
        if config.tls.verify != Verify::Certificate {
            config.logger.warn(|| "the server's certificate will not be checked".to_owned());
        }
        Ok(Self {
            process: ForkGuard::current(),
            endpoint,
            addressing: config.addressing,
            signer,
            credentials: CredentialsCache::new(credentials)
                .fetched_by_callers(config.callbacks_on_caller),
            http,
            timeouts: config.timeouts,
            complete_timeout: config.complete_timeout,
            abort_timeout: config.abort_timeout,
            max_attempts: config.max_attempts,
            retry_budget: RetryBudget::new(),
            rate_limiter: RateLimiter::new(config.bytes_per_sec),
            concurrency_limiter: ConcurrencyLimiter::new(config.threads),
            clock: Clock::default(),
            clock_offset: ClockOffset::new(config.max_clock_offset),
            logger: config.logger.clone(),
        })
    }

    #[cfg(test)]
    pub(crate) fn simulate(&mut self, peer: std::sync::Arc<dyn crate::transport::SimulatedPeer>) {
        self.http.simulate(peer);
    }

    pub(crate) fn check_process(&self) -> Result<()> {
        self.process.check()
    }

    /// True if the threads that make calls must call [`ServiceClient::serve_workers`] during their
    /// waits.
    pub(crate) fn has_callbacks_on_caller(&self) -> bool {
        self.credentials.is_fetched_by_callers()
    }

    /// Fetches credentials that a worker waits for.
    pub(crate) fn serve_workers(&self, cancel: &Cancel, deadline: Deadline) {
        let context = FetchContext { http: &self.http, clock: &self.clock, cancel, deadline };
        self.credentials.serve_workers(&context);
    }

    /// Checks that a call may use the client: in the process that created it, and not in a
    /// credentials or log callback of its own, which would wait for itself.
    pub(crate) fn check_call(&self) -> Result<()> {
        self.process.check()?;
        if self.logger.is_delivering() || self.is_fetching_credentials(ThreadId::current()) {
            let text = "the client is used in its own credentials or log callback";
            return Err(Error::new(ErrorKind::State, text));
        }
        Ok(())
    }

    /// True if that thread fetches credentials for all calls.
    pub(crate) fn is_fetching_credentials(&self, thread: ThreadId) -> bool {
        self.credentials.fetching_thread() == Some(thread)
    }

    /// The logger. It logs nothing in a forked child, where a thread that does not exist there may
    /// hold its lock.
    pub(crate) fn logger(&self) -> &Logger {
        if self.process.is_current() { &self.logger } else { &SILENT }
    }

    /// Returns the time that aborting one upload may take.
    pub(crate) fn abort_timeout(&self) -> Duration {
        self.abort_timeout
    }

    pub(crate) fn endpoint(&self) -> Result<&Endpoint> {
        self.endpoint
            .as_ref()
            .ok_or_else(|| Error::invalid("endpoint", "neither an endpoint nor a region was set"))
    }

    pub(super) fn timeouts(&self, response: ResponseTimeout) -> Timeouts {
        match response {
            ResponseTimeout::Ordinary => self.timeouts,
            ResponseTimeout::Complete => {
                Timeouts { response: self.complete_timeout, ..self.timeouts }
            }
        }
    }

    /// Returns the key to sign with; `None` means anonymous. The source uses the uncorrected local
    /// clock, because the offset of OSS does not apply to other services.
    pub(super) fn access_key(
        &self,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> Result<Option<AccessKey>> {
        let context = FetchContext { http: &self.http, clock: &self.clock, cancel, deadline };
        self.credentials.access_key(&context)
    }

    /// Discards a key that OSS has refused. Returns false if the source cannot provide another.
    pub(super) fn invalidate_key(&self, refused: &AccessKey) -> bool {
        self.credentials.invalidate(refused)
    }

    /// Returns the time to sign with: the local clock plus the offset from the server.
    pub(super) fn signing_time(&self) -> SystemTime {
        self.clock_offset.signing_time(self.clock.now())
    }

    /// Corrects the offset of the server's clock. The error says why that is not possible.
    pub(super) fn correct_clock(&self, server_time: SystemTime) -> Result<(), String> {
        let difference = ClockDifference::new(self.clock.now(), server_time);
        match self.clock_offset.correct(difference) {
            Correction::Applied => {
                self.logger().warn(|| format!("{difference}; requests are signed with its time"));
                Ok(())
            }
            Correction::Refused => {
                let most = self.clock_offset.max().as_secs();
                let text = format!("{difference}, more than the maximum of {most} s");
                self.logger().warn(|| format!("{text}: the local time is used"));
                Err(format!("{text}; set the local clock"))
            }
        }
    }

    /// Describes how far the server's clock is from the local one.
    pub(super) fn clock_difference(&self, server_time: SystemTime) -> ClockDifference {
        ClockDifference::new(self.clock.now(), server_time)
    }
}

fn signer(
    config: &Config,
    endpoint: Option<&Endpoint>,
    credentials: &CredentialsSource,
) -> Result<Signer> {
    let cloud_box = endpoint.and_then(Endpoint::cloud_box);
    let region = cloud_box.or(config.region.as_ref().map(crate::model::Region::as_str));
    let needed = config.signature == SignatureVersion::V4
        && !matches!(credentials, CredentialsSource::Anonymous);
    if needed && region.is_none() {
        return Err(Error::invalid("region", "V4 signatures need the region of the bucket"));
    }
    Ok(Signer {
        version: config.signature,
        region: region.unwrap_or_default().to_owned(),
        product: if cloud_box.is_some() { "oss-cloudbox" } else { "oss" }.to_owned(),
        additional_headers: config.additional_headers.clone(),
    })
}

/// Connections for requests from the caller's threads, in addition to those of the workers.
const SPARE_CONNECTIONS: usize = 4;
