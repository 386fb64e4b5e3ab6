//! An emulator, clients for it, and their logs.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use oss_emulator::Emulator;
use ossmpu::{BucketName, Client, Config, LogLevel, ObjectKey};

use crate::fixture::{BUCKET, bytes, config};

pub struct Env {
    pub emulator: Emulator,
    pub bucket: BucketName,
}

impl Env {
    pub fn new() -> Self {
        let emulator = Emulator::builder()
            .bucket(BUCKET)
            .region("cn-hangzhou")
            .access_key("test-id", "test-secret")
            .start()
            .unwrap();
        Self { emulator, bucket: BucketName::parse(BUCKET).unwrap() }
    }

    /// A client of an endpoint, and its log at a level.
    pub fn client(
        &self,
        endpoint: &str,
        level: LogLevel,
        change: impl FnOnce(&mut Config),
    ) -> (Client, Log) {
        let mut config = config(&self.emulator);
        config.set_endpoint(endpoint).unwrap();
        let log = Log::default();
        let lines = Arc::clone(&log.0);
        config.set_log(level, move |_, line| {
            lines.lock().unwrap().push((Instant::now(), line.to_owned()));
        });
        change(&mut config);
        (Client::new(&config).unwrap(), log)
    }

    /// The number of body bytes that the emulator has read.
    pub fn bytes_received(&self) -> u64 {
        self.emulator.requests().iter().map(|request| request.bytes).sum()
    }
}

/// The log lines of a client with their times.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(Instant, String)>>>);

impl Log {
    /// Removes and returns the lines.
    pub fn take(&self) -> Vec<(Instant, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Removes and returns the lines, and counts the retries in them.
    pub fn take_text(&self) -> (Vec<String>, u64) {
        let lines: Vec<String> = self.take().into_iter().map(|(_, line)| line).collect();
        let retries = lines.iter().filter(|line| line.starts_with("retrying")).count();
        (lines, retries as u64)
    }
}

pub fn key(name: &str, number: u64) -> ObjectKey {
    ObjectKey::parse(&format!("{name}-{number}")).unwrap()
}

/// Content that differs for each number.
pub fn content(number: u64, length: u64) -> Vec<u8> {
    let mut content = bytes(length);
    for (byte, stamp) in content.iter_mut().zip(number.to_le_bytes()) {
        *byte = stamp;
    }
    content
}
