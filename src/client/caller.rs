//! Everything that the calls of one client share.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use super::flow::Flow;
use super::{Config, Logger, Rate};
use crate::credentials::{Asking, Cached, CredentialsSource};
use crate::error::{Error, Result};
use crate::model::{Addressing, Dialect, Endpoint};
use crate::ops::Patience;
use crate::retry::Budget;
use crate::runtime::{Cancel, Clock, Deadline, Process};
use crate::sign::{AccessKey, SignatureVersion, Signer};
use crate::transport::{Http, HttpSettings, TimeLimits, Verify};

/// The lower half of a client: knows how to make a call, but not what an upload is.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(super) process: Process,
    pub(super) dialect: Dialect,
    endpoint: Option<Endpoint>,
    pub(super) addressing: Addressing,
    pub(super) signer: Signer,
    credentials: Cached,
    pub(super) http: Http,
    limits: TimeLimits,
    complete_response: Duration,
    abort: Duration,
    pub(super) max_attempts: u32,
    pub(super) budget: Budget,
    pub(super) rate: Option<Rate>,
    pub(super) flow: Flow,
    pub(super) clock: Clock,
    /// The server's time less the local clock's, in milliseconds.
    clock_offset_ms: AtomicI64,
    logger: Logger,
}

impl Caller {
    /// Opens no connection and starts no thread.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let credentials = config.effective_credentials()?;
        let endpoint = config.effective_endpoint();
        let signer = signer(config, endpoint.as_ref(), &credentials)?;
        let http = Http::new(&HttpSettings {
            connections: config.threads.saturating_add(SPARE_CONNECTIONS),
            user_agent: config.user_agent.clone(),
            tls: config.tls.clone(),
            proxy: config.proxy.clone(),
        })?;
        if config.tls.verify != Verify::Certificate {
            config.logger.warn(|| "the server's certificate will not be checked".to_owned());
        }
        Ok(Self {
            process: Process::current(),
            dialect: config.dialect,
            endpoint,
            addressing: config.addressing,
            signer,
            credentials: Cached::new(credentials),
            http,
            limits: config.limits,
            complete_response: config.complete_response,
            abort: config.abort,
            max_attempts: config.max_attempts,
            budget: Budget::new(),
            rate: Rate::new(config.bytes_per_sec),
            flow: Flow::new(config.threads),
            clock: Clock::default(),
            clock_offset_ms: AtomicI64::new(0),
            logger: config.logger.clone(),
        })
    }

    #[cfg(test)]
    pub(crate) fn simulate(&mut self, peer: std::sync::Arc<dyn crate::transport::Peer>) {
        self.http.simulate(peer);
    }

    pub(crate) fn check_process(&self) -> Result<()> {
        self.process.check()
    }

    pub(crate) fn logger(&self) -> &Logger {
        &self.logger
    }

    /// The time that the clean-up of one upload may take.
    pub(crate) fn abort_budget(&self) -> Duration {
        self.abort
    }

    pub(crate) fn endpoint(&self) -> Result<&Endpoint> {
        self.endpoint
            .as_ref()
            .ok_or_else(|| Error::invalid("endpoint", "neither an endpoint nor a region was set"))
    }

    pub(super) fn time_limits(&self, patience: Patience) -> TimeLimits {
        match patience {
            Patience::Ordinary => self.limits,
            Patience::Complete => TimeLimits { response: self.complete_response, ..self.limits },
        }
    }

    /// The key to sign with now; `None` is anonymous. The source is told the time of the local
    /// clock, because an offset learned from OSS is no other service's.
    pub(super) fn access_key(
        &self,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> Result<Option<AccessKey>> {
        let asking = Asking { http: &self.http, clock: &self.clock, cancel, deadline };
        self.credentials.access_key(&asking)
    }

    /// The service has refused the key. False if the source cannot give another.
    pub(super) fn forget(&self, refused: &AccessKey) -> bool {
        self.credentials.forget(refused)
    }

    /// The time to sign with: the local clock, corrected by what the server last said.
    pub(super) fn signing_time(&self) -> SystemTime {
        let offset_ms = self.clock_offset_ms.load(Ordering::Relaxed);
        let offset = Duration::from_millis(offset_ms.unsigned_abs());
        let now = self.clock.now();
        let corrected =
            if offset_ms < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
        corrected.unwrap_or(now)
    }

    /// Measures the offset against the uncorrected clock, so that a second correction does not
    /// build on the first.
    pub(super) fn correct_clock(&self, server_time: SystemTime) {
        let now = self.clock.now();
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let offset_ms = match server_time.duration_since(now) {
            Ok(ahead) => ms(ahead),
            Err(behind) => -ms(behind.duration()),
        };
        self.clock_offset_ms.store(offset_ms, Ordering::Relaxed);
        self.logger.warn(|| format!("the local clock is off by {offset_ms} ms; corrected"));
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
        dialect: config.dialect,
        region: region.unwrap_or_default().to_owned(),
        product: if cloud_box.is_some() { "oss-cloudbox" } else { "oss" }.to_owned(),
        additional_headers: config.additional_headers.clone(),
    })
}

/// Besides the workers, callers' own threads send requests too.
const SPARE_CONNECTIONS: usize = 4;
