//! An emulator with one bucket, a client for it, and bytes to upload.

use std::io::Write;
use std::time::Duration;

use oss_emulator::Emulator;
use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};

pub const BUCKET: &str = "suite-bucket";
pub const MIB: u64 = 1024 * 1024;

pub struct Fixture {
    pub emulator: Emulator,
    pub client: Client,
    pub bucket: BucketName,
    pub key: ObjectKey,
    pub cancel: Cancel,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A fixture whose client has other settings.
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
            emulator,
            bucket: BucketName::parse(BUCKET).unwrap(),
            key: ObjectKey::parse("folder/object 中.bin").unwrap(),
            cancel: Cancel::new().unwrap(),
        }
    }

    /// The names of the operations that the emulator has seen, in order.
    pub fn operations(&self) -> Vec<String> {
        self.emulator.requests().into_iter().map(|request| request.op).collect()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|op| *op == operation).count()
    }

    /// The bytes of the object that was uploaded; `None` if there is none.
    pub fn stored(&self) -> Option<Vec<u8>> {
        let object = self.emulator.object(BUCKET, self.key.as_str())?;
        Some(object.bytes().unwrap())
    }

    pub fn assert_nothing_left(&self) {
        assert!(self.emulator.uploads(BUCKET).is_empty(), "an upload is left");
    }
}

/// A client configuration for the emulator, with limits that a test can wait for.
pub fn config(emulator: &Emulator) -> Config {
    let mut config = Config::new();
    config
        .set_region("cn-hangzhou")
        .and_then(|c| c.set_endpoint(emulator.url()))
        .and_then(|c| c.set_keys("test-id", "test-secret", None))
        .and_then(|c| c.set_connect_timeout(Duration::from_secs(2)))
        .and_then(|c| c.set_abort_timeout(Duration::from_secs(5)))
        .unwrap();
    config
}

/// Parts of 100 KiB, four at a time, whatever the size.
pub fn small_parts() -> UploadOptions {
    let mut options = UploadOptions::new();
    options
        .set_part_size(100 * 1024)
        .and_then(|o| o.set_single_below(0))
        .and_then(|o| o.set_parallelism(4))
        .unwrap();
    options
}

/// Bytes in which no two parts are alike.
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

pub fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}
