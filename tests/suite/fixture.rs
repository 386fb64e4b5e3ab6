//! An emulator with one bucket, a client for it, and bytes to upload.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oss_emulator::{Action, Emulator, RequestRecord, Rule};
use ossmpu::{
    BucketName, Cancel, Client, Config, LogLevel, MultipartUpload, ObjectKey, PartNumber, Result,
    UploadOptions, UploadResult,
};
use socket2::{Domain, Socket, Type};

pub const BUCKET: &str = "suite-bucket";
/// Milliseconds of a delay that only [`Emulator::end_delays`] or the end of the emulator ends.
pub const NEVER_MS: u64 = 600_000;
pub const MIB: u64 = 1024 * 1024;
/// The minimum part size.
pub const PART: u64 = 100 * 1024;

pub struct Fixture {
    pub emulator: Arc<Emulator>,
    pub client: Client,
    pub bucket: BucketName,
    pub key: ObjectKey,
    pub cancel: Cancel,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A fixture whose client repeats no request.
    pub fn with_one_attempt() -> Self {
        Self::with(|config| {
            config.set_max_attempts(1).unwrap();
        })
    }

    /// A fixture whose client has changed settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let emulator = Emulator::builder()
            .bucket(BUCKET)
            .region("cn-hangzhou")
            .access_key("test-id", "test-secret")
            .start()
            .unwrap();
        let mut config = config(&emulator);
        change(&mut config);
        Self {
            client: Client::new(&config).unwrap(),
            emulator: Arc::new(emulator),
            bucket: BucketName::parse(BUCKET).unwrap(),
            key: ObjectKey::parse("folder/object 中.bin").unwrap(),
            cancel: Cancel::new().unwrap(),
        }
    }

    /// The operations of all requests to the emulator, in order.
    pub fn operations(&self) -> Vec<String> {
        self.emulator.requests().into_iter().map(|request| request.op).collect()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|op| *op == operation).count()
    }

    /// The bytes of the object; `None` if it does not exist.
    pub fn stored(&self) -> Option<Vec<u8>> {
        let object = self.emulator.object(BUCKET, self.key.as_str())?;
        Some(object.bytes().unwrap())
    }

    pub fn assert_nothing_left(&self) {
        assert!(self.emulator.uploads(BUCKET).is_empty(), "an upload was left behind");
    }

    /// Asserts that the bucket holds neither an upload nor an object.
    pub fn assert_bucket_empty(&self) {
        self.assert_nothing_left();
        assert_eq!(self.emulator.keys(BUCKET), [""; 0]);
    }

    /// Applies the action to the first request of an operation.
    pub fn once(&self, operation: &str, action: Action) {
        self.emulator.add_rule(Rule::on(operation, action));
    }

    /// Applies the action to every request of an operation.
    pub fn always(&self, operation: &str, action: Action) {
        self.emulator.add_rule(Rule::on(operation, action).always());
    }

    pub fn put(&self, content: &[u8], options: &UploadOptions) -> Result<UploadResult> {
        let content = content.to_vec();
        self.client.put_data(&self.bucket, &self.key, content, options, &self.cancel)
    }

    /// Uploads five parts; the last one is short.
    pub fn put_five_parts(&self) -> Result<UploadResult> {
        self.put(&five_parts(), &small_parts())
    }

    pub fn initiate(&self) -> MultipartUpload {
        let options = UploadOptions::new();
        MultipartUpload::initiate(&self.client, &self.bucket, &self.key, &options, &self.cancel)
            .unwrap()
    }

    /// Waits until the emulator has received this many requests of an operation.
    pub fn wait_for(&self, operation: &str, count: usize) {
        self.wait_until(|requests| {
            requests.iter().filter(|request| request.op == operation).count() >= count
        });
    }

    /// Waits until the requests to the emulator meet a condition.
    pub fn wait_until(&self, mut condition: impl FnMut(&[RequestRecord]) -> bool) {
        let started = Instant::now();
        while !condition(&self.emulator.requests()) {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the condition was not met in 60 s"
            );
            std::thread::yield_now();
        }
    }

    /// Triggers the cancel token after the first request of an operation; returns the time.
    pub fn cancel_at(&self, operation: &str) -> Instant {
        self.wait_for(operation, 1);
        self.cancel.trigger();
        Instant::now()
    }
}

/// The log lines of a client.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<(LogLevel, String)>>>);

impl Lines {
    pub fn listen(&self, config: &mut Config, level: LogLevel) {
        let lines = Arc::clone(&self.0);
        config.set_log(level, move |level, line| {
            lines.lock().unwrap().push((level, line.to_owned()));
        });
    }

    pub fn at(&self, level: LogLevel) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.0 == level).map(|line| line.1.clone()).collect()
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|line| line.1.clone()).collect()
    }
}

/// A client configuration for the emulator, with timeouts that a test can wait for.
pub fn config(emulator: &Emulator) -> Config {
    config_for(emulator.url())
}

/// [`config`] for the URL of an emulator in another process.
pub fn config_for(url: &str) -> Config {
    let mut config = Config::new();
    config
        .set_region("cn-hangzhou")
        .and_then(|c| c.set_endpoint(url))
        .and_then(|c| c.set_keys("test-id", "test-secret", None))
        .and_then(|c| c.set_connect_timeout(Duration::from_secs(20)))
        .and_then(|c| c.set_abort_timeout(Duration::from_secs(5)))
        .unwrap();
    config
}

pub fn number(number: u16) -> PartNumber {
    PartNumber::new(number).unwrap()
}

/// Content that [`small_parts`] divides into five parts.
pub fn five_parts() -> Vec<u8> {
    bytes(4 * PART + 1)
}

/// Parts of 100 KiB, four at a time, for any size. Without hedging, so that the number of requests
/// does not depend on the speed of the machine.
pub fn small_parts() -> UploadOptions {
    let mut options = UploadOptions::new();
    options
        .set_part_size(PART)
        .and_then(|o| o.set_single_below(0))
        .and_then(|o| o.set_parallelism(4))
        .unwrap();
    options.set_hedging(false);
    options
}

/// Pseudo-random bytes, so that all parts differ.
pub fn bytes(length: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(usize::try_from(length).unwrap());
    bytes
}

/// A port that refuses every connection until this is dropped: the socket occupies the port and
/// does not listen.
pub struct RefusedPort(Socket);

impl RefusedPort {
    pub fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        Self(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap().as_socket().unwrap()
    }
}

pub fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}
