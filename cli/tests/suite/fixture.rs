//! An emulator with one bucket, and the command with an environment for it and for nothing else.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oss_emulator::{Action, Emulator, RequestRecord, Rule};
use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::run::Run;

pub const BUCKET: &str = "cli-bucket";
pub const SECRET: &str = "the-secret-of-the-test";
/// The smallest part.
pub const PART: usize = 100 * 1024;
/// What makes [`five_parts`] go in five.
pub const IN_PARTS: [&str; 6] =
    ["--part-size", "100KiB", "--single-below", "0", "--parallelism", "4"];

pub struct Fixture {
    pub emulator: Emulator,
    pub folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let emulator = Emulator::builder()
            .bucket(BUCKET)
            .region("cn-hangzhou")
            .access_key("test-id", SECRET)
            .start()
            .unwrap();
        Self { emulator, folder: tempfile::tempdir().unwrap() }
    }

    /// The command, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.with_environment(ossmpu(arguments))
    }

    /// A program that sees what the command needs to know, and no variable of this process.
    pub fn with_environment(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("OSS_ENDPOINT", self.emulator.url())
            .env("OSS_REGION", "cn-hangzhou")
            .env("OSS_ACCESS_KEY_ID", "test-id")
            .env("OSS_ACCESS_KEY_SECRET", SECRET)
            .current_dir(self.folder.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Uploads a file in parts with further arguments.
    pub fn put_in_parts(&self, arguments: &[&str]) -> Run {
        self.run(&[&["put"], &IN_PARTS[..], arguments].concat())
    }

    /// The same, but running.
    pub fn start_put_in_parts(&self, arguments: &[&str]) -> Child {
        self.start(&[&["put"], &IN_PARTS[..], arguments].concat())
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// A file in the folder that the command runs in.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        File::create(self.path(name)).unwrap().write_all(bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(Path::new(name))
    }

    /// The bytes of an object; `None` if there is none.
    pub fn stored(&self, key: &str) -> Option<Vec<u8>> {
        Some(self.emulator.object(BUCKET, key)?.bytes().unwrap())
    }

    pub fn count(&self, operation: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.op == operation).count()
    }

    /// Neither an object nor an upload.
    pub fn assert_bucket_empty(&self) {
        assert_eq!(self.emulator.uploads(BUCKET), []);
        assert_eq!(self.emulator.keys(BUCKET), [""; 0]);
    }

    /// Every such request of an operation is answered only after the test.
    pub fn hang(&self, rule: Rule) {
        self.emulator.add_rule(rule.always());
    }

    /// Waits until the emulator is as wished.
    pub fn wait_until(&self, wished: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !wished(self) {
            assert!(begun.elapsed() < Duration::from_secs(10), "this takes too long");
            std::thread::yield_now();
        }
    }

    pub fn wait_for(&self, operation: &str, count: usize) {
        self.wait_until(|fixture| fixture.count(operation) >= count);
    }

    /// Begins an upload by the library, without any part; gives its ID.
    pub fn initiate(&self, key: &str) -> String {
        let mut config = Config::new();
        config
            .set_region("cn-hangzhou")
            .and_then(|config| config.set_endpoint(self.emulator.url()))
            .and_then(|config| config.set_keys("test-id", SECRET, None))
            .unwrap();
        let client = Client::new(&config).unwrap();
        let (bucket, key) = (BucketName::parse(BUCKET).unwrap(), ObjectKey::parse(key).unwrap());
        let options = UploadOptions::new();
        let upload = client.initiate_upload(&bucket, &key, &options, &Cancel::never()).unwrap();
        upload.upload_id().to_string()
    }
}

/// The command with an environment that says nothing.
pub fn ossmpu(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ossmpu"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// What `--keep` and the like are tested with: never answered while the test runs.
pub fn never_answered(operation: &str) -> Rule {
    Rule::on(operation, Action { delay_ms: 60_000, ..Action::default() })
}

pub fn send(signal: Signal, child: &Child) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

pub fn url(key: &str) -> String {
    format!("oss://{BUCKET}/{key}")
}

/// What [`IN_PARTS`] cuts in five.
pub fn five_parts() -> Vec<u8> {
    bytes(4 * PART + 1)
}

/// Bytes in which no two parts are alike.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bytes = Vec::new();
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The headers of the first request of an operation.
pub fn first(fixture: &Fixture, operation: &str) -> RequestRecord {
    let requests = fixture.emulator.requests();
    requests.into_iter().find(|request| request.op == operation).unwrap()
}
