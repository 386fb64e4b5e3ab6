//! Configuration of an emulator.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use tokio::sync::watch;

use crate::auth::AccessKey;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::faults::{Rule, RuleBook};
use crate::options::Options;
use crate::request_log::RequestLog;
use crate::service::Service;
use crate::store::{BucketRecord, Store};
use crate::target::{Addressing, BoundHosts, is_bucket_name};

/// Configures an [`Emulator`].
#[derive(Debug)]
pub struct Builder {
    listen: SocketAddr,
    dir: Option<PathBuf>,
    region: String,
    buckets: Vec<String>,
    keys: Vec<AccessKey>,
    addressing: Addressing,
    hosts: BoundHosts,
    rules: Vec<Rule>,
    options: Options,
    clock_offset_s: i64,
    logs: bool,
    any_address: bool,
}

impl Emulator {
    /// Configures an emulator: region `cn-hangzhou`, a free port, no buckets and no keys.
    pub fn builder() -> Builder {
        Builder {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            dir: None,
            region: "cn-hangzhou".to_owned(),
            buckets: Vec::new(),
            keys: Vec::new(),
            addressing: Addressing::default(),
            hosts: BoundHosts::new(),
            rules: Vec::new(),
            options: Options::default(),
            clock_offset_s: 0,
            logs: false,
            any_address: false,
        }
    }
}

impl Builder {
    /// Creates this bucket unless it exists. Can be called repeatedly.
    #[must_use]
    pub fn bucket(mut self, name: impl Into<String>) -> Self {
        self.buckets.push(name.into());
        self
    }

    /// Sets the region of signatures and endpoints; defaults to `cn-hangzhou`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Adds a permanent key of the bucket owner. Without keys only anonymous requests succeed.
    #[must_use]
    pub fn access_key(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.key(AccessKey::new(id, secret))
    }

    /// Adds an access key.
    #[must_use]
    pub fn key(mut self, key: AccessKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Makes the most recently added key a temporary key with this token.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        if let Some(key) = self.keys.last_mut() {
            key.token = Some(token.into());
        }
        self
    }

    /// Sets where the bucket name is read from; defaults to host and path.
    #[must_use]
    pub fn addressing(mut self, addressing: Addressing) -> Self {
        self.addressing = addressing;
        self
    }

    /// Maps a host name to a bucket, like a custom domain.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>, bucket: impl Into<String>) -> Self {
        self.hosts.insert(host.into(), bucket.into());
        self
    }

    /// Stores data in this directory; defaults to a temporary directory.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets the fault rules that are active from the start.
    #[must_use]
    pub fn rules(mut self, rules: Vec<Rule>) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the behavior options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Offsets the emulator clock by this many seconds.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset_s = seconds;
        self
    }

    /// Sets the address to listen on; defaults to a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Allows non-loopback addresses. The emulator is not designed to be exposed to a network.
    #[must_use]
    pub fn any_address(mut self) -> Self {
        self.any_address = true;
        self
    }

    /// Logs one line per request to stderr.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.logs = true;
        self
    }

    /// Opens the store, binds the address and starts serving.
    pub fn start(self) -> io::Result<Emulator> {
        if !self.listen.ip().is_loopback() && !self.any_address {
            return Err(bad_input(format!("{} is not a loopback address", self.listen)));
        }
        let (folder, dir) = match self.dir {
            Some(dir) => (None, dir),
            None => {
                let folder = tempfile::Builder::new().prefix("oss-emulator-").tempdir()?;
                let dir = folder.path().to_owned();
                (Some(folder), dir)
            }
        };
        let store = Store::open(&dir)?;
        let clock = Clock::default();
        clock.set_offset(self.clock_offset_s);
        create_buckets(&store, &self.buckets, clock.now())?;
        let mut rules = RuleBook::default();
        self.rules.into_iter().for_each(|rule| rules.add(rule));
        let service = Arc::new(Service {
            store: Arc::new(store),
            clock,
            region: self.region,
            addressing: self.addressing,
            hosts: self.hosts,
            request_log: RequestLog::default(),
            logs: self.logs,
            keys: RwLock::new(self.keys),
            options: RwLock::new(self.options),
            rules: Mutex::new(rules),
            ended_delays: watch::Sender::new(0),
        });
        Emulator::run(service, TcpListener::bind(self.listen)?, folder)
    }
}

fn create_buckets(store: &Store, names: &[String], now: i64) -> io::Result<()> {
    for name in names {
        if !is_bucket_name(name) {
            return Err(bad_input(format!("{name} is not a bucket name")));
        }
        if store.bucket(name).is_none() {
            store.put_bucket(name, BucketRecord::new(now))?;
        }
    }
    Ok(())
}

fn bad_input(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
