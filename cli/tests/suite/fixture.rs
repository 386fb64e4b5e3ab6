//! An emulator with one bucket, and the command configured for it by its environment alone.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oss_emulator::{Action, Emulator, RequestRecord, Rule};
use ossmpu::{BucketName, Cancel, Client, Config, MultipartUpload, ObjectKey, UploadOptions};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::run::Run;

pub const BUCKET: &str = "cli-bucket";
pub const SECRET: &str = "the-secret-of-the-test";
/// The minimum part size.
pub const PART: usize = 100 * 1024;
/// Options that split [`five_parts`] into five parts.
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

    /// The command, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_environment(ossmpu(arguments));
        // SAFETY: `signal` is safe between fork and exec.
        unsafe { command.pre_exec(default_signals) };
        command
    }

    /// Replaces the environment of `command` by what the command needs for this emulator.
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

    /// Runs `put` with small parts and further arguments.
    pub fn put_in_parts(&self, arguments: &[&str]) -> Run {
        self.run(&[&["put"], &IN_PARTS[..], arguments].concat())
    }

    /// Starts `put` with small parts and further arguments.
    pub fn start_put_in_parts(&self, arguments: &[&str]) -> Child {
        self.start(&[&["put"], &IN_PARTS[..], arguments].concat())
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Writes a file in the working directory of the command.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        File::create(self.path(name)).unwrap().write_all(bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(Path::new(name))
    }

    /// The content of an object; `None` if it does not exist.
    pub fn stored(&self, key: &str) -> Option<Vec<u8>> {
        Some(self.emulator.object(BUCKET, key)?.bytes().unwrap())
    }

    pub fn count(&self, operation: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.op == operation).count()
    }

    /// The number of parts that were sent; on a busy machine some are sent twice.
    pub fn parts_sent(&self, operation: &str) -> usize {
        let requests = self.emulator.requests();
        let of_parts = requests.iter().filter(|request| request.op == operation);
        of_parts.map(|request| request.part_number).collect::<BTreeSet<_>>().len()
    }

    /// Asserts that there is neither an object nor an unfinished upload.
    pub fn assert_bucket_empty(&self) {
        assert_eq!(self.emulator.uploads(BUCKET), []);
        assert_eq!(self.emulator.keys(BUCKET), [""; 0]);
    }

    /// Applies a fault rule to every matching request.
    pub fn always(&self, rule: Rule) {
        self.emulator.add_rule(rule.always());
    }

    /// Waits until a condition holds.
    pub fn wait_until(&self, holds: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < Duration::from_secs(60), "timed out");
            std::thread::yield_now();
        }
    }

    /// Waits until the emulator has received at least `count` requests of an operation.
    pub fn wait_for(&self, operation: &str, count: usize) {
        self.wait_until(|fixture| fixture.count(operation) >= count);
    }

    /// Initiates an upload without parts and returns its upload ID.
    pub fn initiate(&self, key: &str) -> String {
        let mut config = Config::new();
        config
            .set_region("cn-hangzhou")
            .and_then(|config| config.set_endpoint(self.emulator.url()))
            .and_then(|config| config.set_keys("test-id", SECRET, None))
            .unwrap();
        // Some tests initiate uploads days ago.
        config.set_max_clock_offset(Duration::from_secs(30 * 24 * 3600));
        let client = Client::new(&config).unwrap();
        let (bucket, key) = (BucketName::parse(BUCKET).unwrap(), ObjectKey::parse(key).unwrap());
        let options = UploadOptions::new();
        let upload =
            MultipartUpload::initiate(&client, &bucket, &key, &options, &Cancel::never()).unwrap();
        upload.upload_id().to_string()
    }
}

/// The command with an empty environment.
pub fn ossmpu(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ossmpu"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Delays the response of an operation beyond the end of the test.
pub fn no_response(operation: &str) -> Rule {
    Rule::on(operation, Action { delay_ms: 60_000, ..Action::default() })
}

/// The tests may run with signals ignored, as in the background of a shell.
fn default_signals() -> std::io::Result<()> {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: no handler is set.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    Ok(())
}

pub fn send(signal: Signal, child: &Child) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

pub fn url(key: &str) -> String {
    format!("oss://{BUCKET}/{key}")
}

/// Data that [`IN_PARTS`] splits into five parts.
pub fn five_parts() -> Vec<u8> {
    bytes(4 * PART + 1)
}

/// Pseudo-random bytes, so that all parts differ.
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

/// The first request of an operation.
pub fn first_request(fixture: &Fixture, operation: &str) -> RequestRecord {
    let requests = fixture.emulator.requests();
    requests.into_iter().find(|request| request.op == operation).unwrap()
}
