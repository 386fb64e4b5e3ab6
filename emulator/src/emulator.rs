//! The handle of a running emulator and its builder.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::auth::AccessKey;
use crate::clock::Clock;
use crate::faults::{Rule, RuleBook};
use crate::journal::{Journal, RequestRecord};
use crate::options::Options;
use crate::server;
use crate::service::Service;
use crate::store::{BucketRecord, Store, Versioning};
use crate::target::{Addressing, BoundHosts, is_bucket_name};
use crate::views::{ObjectView, UploadView};

/// How long the end of a stopped emulator's blocking reads is waited for.
const STOP_TIME: Duration = Duration::from_secs(2);

/// A running emulator. It has threads of its own; dropping it stops and joins them.
#[derive(Debug)]
pub struct Emulator {
    service: Arc<Service>,
    address: SocketAddr,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Removed on drop, after the server has stopped.
    _folder: Option<TempDir>,
}

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

impl Builder {
    /// Creates this bucket unless it exists. May be called several times.
    #[must_use]
    pub fn bucket(mut self, name: impl Into<String>) -> Self {
        self.buckets.push(name.into());
        self
    }

    /// The region of signatures and endpoints; `cn-hangzhou` by default.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Adds a permanent key of the owner. Without any key only anonymous requests are possible.
    #[must_use]
    pub fn access_key(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.key(AccessKey::new(id, secret))
    }

    /// Adds a key.
    #[must_use]
    pub fn key(mut self, key: AccessKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Makes the key added last a temporary one.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        if let Some(key) = self.keys.last_mut() {
            key.token = Some(token.into());
        }
        self
    }

    /// Where the bucket's name is looked for; in host and path by default.
    #[must_use]
    pub fn addressing(mut self, addressing: Addressing) -> Self {
        self.addressing = addressing;
        self
    }

    /// Binds a host name to a bucket, as a custom domain is.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>, bucket: impl Into<String>) -> Self {
        self.hosts.insert(host.into(), bucket.into());
        self
    }

    /// Keeps everything in this folder; by default in a temporary one.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Faults in force from the start.
    #[must_use]
    pub fn rules(mut self, rules: Vec<Rule>) -> Self {
        self.rules = rules;
        self
    }

    /// Switches.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The emulator's clock is off by so many seconds.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset_s = seconds;
        self
    }

    /// The address to listen on; a free port of 127.0.0.1 by default.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Permits addresses that others can reach. The emulator is not meant for that.
    #[must_use]
    pub fn any_address(mut self) -> Self {
        self.any_address = true;
        self
    }

    /// Prints a line for each request on stderr.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.logs = true;
        self
    }

    /// Opens the store, binds the address and serves.
    pub fn start(self) -> io::Result<Emulator> {
        if !self.listen.ip().is_loopback() && !self.any_address {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is not a loopback address", self.listen),
            ));
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
        for name in &self.buckets {
            if !is_bucket_name(name) {
                let message = format!("{name} is not a bucket name");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            if store.bucket(name).is_none() {
                store.put_bucket(name, BucketRecord::new(clock.now()))?;
            }
        }
        let mut rules = RuleBook::default();
        self.rules.into_iter().for_each(|rule| rules.add(rule));
        let service = Arc::new(Service {
            store: Arc::new(store),
            clock,
            region: self.region,
            addressing: self.addressing,
            hosts: self.hosts,
            journal: Journal::default(),
            logs: self.logs,
            keys: RwLock::new(self.keys),
            options: RwLock::new(self.options),
            rules: Mutex::new(rules),
        });
        let listener = TcpListener::bind(self.listen)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = spawn(Arc::clone(&service), listener, stopped)?;
        Ok(Emulator {
            service,
            address,
            url: format!("http://{address}"),
            stop: Some(stop),
            thread: Some(thread),
            _folder: folder,
        })
    }
}

/// The runtime lives and ends on a thread of its own, so that an emulator can also be dropped where
/// blocking is forbidden.
fn spawn(
    service: Arc<Service>,
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    listener.set_nonblocking(true)?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("oss-emulator")
        .enable_all()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    std::thread::Builder::new().name("oss-emulator".to_owned()).spawn(move || {
        runtime.block_on(server::serve(service, listener, stopped));
        runtime.shutdown_timeout(STOP_TIME);
    })
}

impl Emulator {
    /// An emulator of region `cn-hangzhou` on a free port, without buckets and keys.
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

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The newest version of an object; `None` also for a delete marker.
    pub fn object(&self, bucket: &str, key: &str) -> Option<ObjectView> {
        let version = self.service.store.current(bucket, key)?;
        (!version.record.is_marker).then(|| ObjectView::of(&version))
    }

    /// All keys of a bucket that have an object, in order.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let objects = self.service.store.objects(bucket).into_iter();
        let visible = objects.filter(|(_, versions)| {
            versions.last().is_some_and(|version| !version.record.is_marker)
        });
        visible.map(|(key, _)| key).collect()
    }

    /// The unfinished uploads of a bucket, by key and upload ID.
    pub fn uploads(&self, bucket: &str) -> Vec<UploadView> {
        self.service.store.uploads(bucket).iter().map(UploadView::of).collect()
    }

    /// All requests since the start or the last [`Emulator::clear_requests`], in order of arrival.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.service.journal.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.service.journal.clear();
    }

    /// Adds a fault. Its count starts now.
    pub fn add_rule(&self, rule: Rule) {
        self.service.change_rules(|rules| rules.add(rule));
    }

    /// Removes all faults.
    pub fn clear_rules(&self) {
        self.service.change_rules(RuleBook::clear);
    }

    /// Shifts the emulator's clock.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.service.clock.set_offset(seconds);
    }

    /// Changes switches: `emulator.change_options(|options| options.straggler = true)`.
    pub fn change_options(&self, change: impl FnOnce(&mut Options)) {
        self.service.change_options(change);
    }

    /// Sets one switch by name, see [`Options::set`].
    pub fn set_option(&self, name_and_value: &str) -> Result<(), String> {
        let mut result = Ok(());
        self.service.change_options(|options| result = options.set(name_and_value));
        result
    }

    /// Adds a key, or replaces the one with the same ID and token.
    pub fn add_key(&self, key: AccessKey) {
        self.service.change_keys(|keys| {
            keys.retain(|old| (&old.id, &old.token) != (&key.id, &key.token));
            keys.push(key);
        });
    }

    /// Removes all keys with this ID.
    pub fn remove_key(&self, id: &str) {
        self.service.change_keys(|keys| keys.retain(|key| key.id != id));
    }

    /// From now on the token is expired.
    pub fn expire_token(&self, token: &str) {
        self.service.change_keys(|keys| {
            let matching = keys.iter_mut().filter(|key| key.token.as_deref() == Some(token));
            matching.for_each(|key| key.expired = true);
        });
    }

    /// Switches versioning of a bucket on (true) or suspends it.
    pub fn set_versioning(&self, bucket: &str, enabled: bool) -> io::Result<()> {
        let state = if enabled { Versioning::Enabled } else { Versioning::Suspended };
        self.change_bucket(bucket, |record| record.versioning = state)
    }

    /// Switches requester-pays mode of a bucket.
    pub fn set_requester_pays(&self, bucket: &str, on: bool) -> io::Result<()> {
        self.change_bucket(bucket, |record| record.requester_pays = on)
    }

    /// Sets the bucket's ACL: `private`, `public-read` or `public-read-write`.
    pub fn set_bucket_acl(&self, bucket: &str, acl: &str) -> io::Result<()> {
        self.change_bucket(bucket, |record| acl.clone_into(&mut record.acl))
    }

    fn change_bucket(
        &self,
        bucket: &str,
        change: impl FnOnce(&mut BucketRecord),
    ) -> io::Result<()> {
        let mut record = self.service.store.bucket(bucket).ok_or(io::ErrorKind::NotFound)?;
        change(&mut record);
        self.service.store.put_bucket(bucket, record)
    }

    /// Stops serving, cuts all connections and waits for the threads. Drop does the same.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the server thread has been printed where it happened.
            let _ = thread.join();
        }
    }
}
