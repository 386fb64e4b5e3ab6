//! `kill -9` at random moments of an upload with a checkpoint, which is then resumed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;
use oss_emulator::{Action, Rule};

use crate::env::{Env, content, key};
use crate::fixture::{BUCKET, MIB};
use crate::stats::{Stats, count_end};

/// The example program sends parts of 1 MiB, four at a time.
const SIZE: u64 = 12 * MIB + 7;
const PARTS: usize = 13;
const PARALLELISM: usize = 4;
/// The maximum number of kills of one upload, so that some of them finish.
const KILLS_PER_UPLOAD: usize = 4;

/// The upload of one file.
struct FileUpload<'a> {
    env: &'a Env,
    number: u64,
    file: tempfile::NamedTempFile,
    folder: tempfile::TempDir,
    content: Vec<u8>,
    kills: usize,
    edits: usize,
}

pub fn run(seed: u64, times: u64) -> Stats {
    let (mut rng, mut stats) = (Rng::with_seed(seed), Stats::default());
    let env = Env::new();
    env.emulator.add_rule(Rule::on("UploadPart", Action::delay_response(20)).always());
    let span = FileUpload::new(&env, 0).uninterrupted_time();
    let (mut number, mut resent, mut orphans, mut edits) = (0, 0, 0, 0);
    while stats.faults < times {
        number += 1;
        let mut upload = FileUpload::new(&env, number);
        let remaining = usize::try_from(times - stats.faults).unwrap_or(usize::MAX);
        upload.run(&mut rng, span, remaining.min(KILLS_PER_UPLOAD));
        stats.faults += upload.kills as u64;
        stats.bytes_sent += env.bytes_received();
        edits += upload.edits;
        match upload.check() {
            Ok((twice, orphaned)) => {
                stats.verified += 1;
                resent += twice;
                orphans += orphaned;
            }
            Err(failure) => stats.violations.push(format!("file {number}: {failure}")),
        }
    }
    stats.notes = vec![
        format!("files {number}, of which {edits} were changed between a kill and the next start"),
        format!("parts sent twice  {resent}, at most {PARALLELISM} a kill"),
        format!("orphaned uploads without a part  {orphans}"),
    ];
    stats
}

impl<'a> FileUpload<'a> {
    fn new(env: &'a Env, number: u64) -> Self {
        env.emulator.clear_requests();
        let (file, content) = (tempfile::NamedTempFile::new().unwrap(), content(number, SIZE));
        std::fs::write(file.path(), &content).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { env, number, file, folder, content, kills: 0, edits: 0 }
    }

    /// How long an upload takes without a kill.
    fn uninterrupted_time(mut self) -> Duration {
        let started = Instant::now();
        self.finish();
        started.elapsed()
    }

    fn run(&mut self, rng: &mut Rng, span: Duration, kills: usize) {
        let edit_after = rng.usize(0..4 * KILLS_PER_UPLOAD);
        while self.kills < kills {
            let mut child = self.start();
            std::thread::sleep(span.mul_f64(rng.f64()));
            if child.try_wait().unwrap().is_some() {
                return;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            self.kills += 1;
            count_end();
            if self.kills == edit_after {
                self.edit();
            }
        }
        self.finish();
    }

    /// Changes the bytes, and sets a modification time that differs on every file system.
    fn edit(&mut self) {
        self.edits += 1;
        self.content.reverse();
        std::fs::write(self.file.path(), &self.content).unwrap();
        let later = std::time::SystemTime::now() + Duration::from_secs(2);
        let file = std::fs::File::options().write(true).open(self.file.path()).unwrap();
        file.set_modified(later).unwrap();
    }

    fn finish(&mut self) {
        let output = self.start().wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns how many parts were sent twice and how many uploads are orphaned.
    fn check(&self) -> Result<(usize, usize), String> {
        let emulator = &self.env.emulator;
        let key = key("kill", self.number);
        let object = emulator.object(BUCKET, key.as_str()).ok_or("the object does not exist")?;
        if object.bytes().unwrap() != self.content {
            return Err("the object differs from the file".to_owned());
        }
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        if !files.is_empty() {
            return Err(format!("checkpoint files were left behind: {files:?}"));
        }
        let requests = emulator.requests();
        let count = |op: &str| requests.iter().filter(|request| request.op == op).count();
        let (initiated, sent) = (count("InitiateMultipartUpload"), count("UploadPart"));
        let allowed = PARTS * initiated + PARALLELISM * self.kills;
        if sent > allowed {
            return Err(format!("{sent} parts were sent, and {allowed} are allowed"));
        }
        let uploads = emulator.uploads(BUCKET);
        let left: Vec<_> = uploads.iter().filter(|upload| upload.key == key.as_str()).collect();
        // The upload ID is in the checkpoint before the first part is sent.
        if let Some(upload) = left.iter().find(|upload| !upload.parts.is_empty()) {
            return Err(format!("upload {} was left behind with parts", upload.upload_id));
        }
        let twice = if initiated == 1 { sent.saturating_sub(PARTS) } else { 0 };
        Ok((twice, left.len()))
    }

    fn start(&self) -> Child {
        Command::new(program())
            .args([self.file.path().as_os_str(), BUCKET.as_ref()])
            .arg(key("kill", self.number).as_str())
            .arg(self.folder.path())
            .env("OSS_REGION", "cn-hangzhou")
            .env("OSS_ENDPOINT", self.env.emulator.url())
            .env("OSS_ACCESS_KEY_ID", "test-id")
            .env("OSS_ACCESS_KEY_SECRET", "test-secret")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// The example `resume`, which is built with the tests.
fn program() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .ancestors()
        .map(|folder: &Path| folder.join("examples/resume"))
        .find(|program| program.exists())
        .expect("the example `resume` is built")
}
