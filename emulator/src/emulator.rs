//! Handle of a running emulator.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::auth::AccessKey;
use crate::faults::{Rule, RuleBook};
use crate::inspect::{ObjectView, UploadView};
use crate::options::Options;
use crate::request_log::RequestRecord;
use crate::server;
use crate::service::Service;
use crate::store::{BucketRecord, Versioning};

/// How long shutdown waits for blocking reads.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// A running emulator with its own threads. Dropping it stops and joins them.
#[derive(Debug)]
pub struct Emulator {
    service: Arc<Service>,
    address: SocketAddr,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Deleted on drop, after the server has stopped.
    _folder: Option<TempDir>,
}

impl Emulator {
    /// Serves on the listener until dropped; `folder` is then deleted.
    pub(crate) fn run(
        service: Arc<Service>,
        listener: TcpListener,
        folder: Option<TempDir>,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = spawn(Arc::clone(&service), listener, stopped)?;
        Ok(Self {
            service,
            address,
            url: format!("http://{address}"),
            stop: Some(stop),
            thread: Some(thread),
            _folder: folder,
        })
    }

    /// Returns the base URL, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the listening address.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the latest version of an object; `None` if it is a delete marker.
    pub fn object(&self, bucket: &str, key: &str) -> Option<ObjectView> {
        let version = self.service.store.current(bucket, key)?;
        (!version.record.is_marker).then(|| ObjectView::of(&version))
    }

    /// Returns the keys of all objects of a bucket, in order.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let objects = self.service.store.objects(bucket).into_iter();
        let visible = objects.filter(|(_, versions)| {
            versions.last().is_some_and(|version| !version.record.is_marker)
        });
        visible.map(|(key, _)| key).collect()
    }

    /// Returns the incomplete uploads of a bucket, ordered by key and upload ID.
    pub fn uploads(&self, bucket: &str) -> Vec<UploadView> {
        self.service.store.uploads(bucket).iter().map(UploadView::of).collect()
    }

    /// Returns the requests since the start or the last [`Emulator::clear_requests`], in order of
    /// arrival.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.service.request_log.all()
    }

    /// Clears the recorded requests.
    pub fn clear_requests(&self) {
        self.service.request_log.clear();
    }

    /// Adds a fault rule. It counts requests from now on.
    pub fn add_rule(&self, rule: Rule) {
        self.service.change_rules(|rules| rules.add(rule));
    }

    /// Removes all fault rules.
    pub fn clear_rules(&self) {
        self.service.change_rules(RuleBook::clear);
    }

    /// Ends the delays (`delay_ms`, `delay_response_ms`) of all requests that have arrived.
    pub fn end_delays(&self) {
        self.service.ended_delays.send_modify(|count| *count += 1);
    }

    /// Sets the offset of the emulator clock.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.service.clock.set_offset(seconds);
    }

    /// Changes options: `emulator.change_options(|options| options.straggler = true)`.
    pub fn change_options(&self, change: impl FnOnce(&mut Options)) {
        self.service.change_options(change);
    }

    /// Sets one option by name, see [`Options::set`].
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

    /// Marks a security token as expired.
    pub fn expire_token(&self, token: &str) {
        self.service.change_keys(|keys| {
            let matching = keys.iter_mut().filter(|key| key.token.as_deref() == Some(token));
            matching.for_each(|key| key.expired = true);
        });
    }

    /// Enables (`true`) or suspends versioning of a bucket.
    pub fn set_versioning(&self, bucket: &str, enabled: bool) -> io::Result<()> {
        let state = if enabled { Versioning::Enabled } else { Versioning::Suspended };
        self.change_bucket(bucket, |record| record.versioning = state)
    }

    /// Enables or disables requester-pays for a bucket.
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

    /// Stops serving, closes all connections and joins the threads. Same as dropping.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the server thread has already been reported.
            let _ = thread.join();
        }
    }
}

/// Runs the runtime on its own thread, so that an emulator can be dropped where blocking is
/// forbidden.
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
        runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    })
}
