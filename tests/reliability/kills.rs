//! `kill -9` at random moments of an upload with a checkpoint, which is then gone on with.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;
use oss_emulator::{Action, Rule};

use crate::counts::{Tally, something_ended};
use crate::env::{Env, content, key};
use crate::fixture::{BUCKET, MIB};

/// The example program sends parts of 1 MiB, four at a time.
const SIZE: u64 = 12 * MIB + 7;
const PARTS: usize = 13;
const PARALLELISM: usize = 4;
/// An upload is killed so often at the most, so that some come to an end.
const KILLS_OF_ONE: usize = 4;

/// One file on its way.
struct Round<'a> {
    world: &'a Env,
    number: u64,
    file: tempfile::NamedTempFile,
    folder: tempfile::TempDir,
    content: Vec<u8>,
    kills: usize,
    edits: usize,
}

pub fn run(seed: u64, times: u64) -> Tally {
    let (mut rng, mut tally) = (Rng::with_seed(seed), Tally::default());
    let world = Env::new();
    world.emulator.add_rule(Rule::on("UploadPart", Action::delay_response(20)).always());
    let span = Round::new(&world, 0).time_unhurt();
    let (mut number, mut resent, mut orphans, mut edits) = (0, 0, 0, 0);
    while tally.faults < times {
        number += 1;
        let mut round = Round::new(&world, number);
        let wished = usize::try_from(times - tally.faults).unwrap_or(usize::MAX);
        round.run(&mut rng, span, wished.min(KILLS_OF_ONE));
        tally.faults += round.kills as u64;
        tally.bytes_sent += world.bytes_received();
        edits += round.edits;
        match round.judge() {
            Ok((again, unknown)) => {
                tally.verified += 1;
                resent += again;
                orphans += unknown;
            }
            Err(complaint) => tally.lost.push(format!("file {number}: {complaint}")),
        }
    }
    tally.notes = vec![
        format!("files {number}, of which {edits} were changed between a kill and the next start"),
        format!("parts sent twice  {resent}, at most {PARALLELISM} a kill"),
        format!("uploads whose ID died with the process, without a part  {orphans}"),
    ];
    tally
}

impl<'a> Round<'a> {
    fn new(world: &'a Env, number: u64) -> Self {
        world.emulator.clear_requests();
        let (file, content) = (tempfile::NamedTempFile::new().unwrap(), content(number, SIZE));
        std::fs::write(file.path(), &content).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { world, number, file, folder, content, kills: 0, edits: 0 }
    }

    /// How long an upload takes that nobody kills.
    fn time_unhurt(mut self) -> Duration {
        let begun = Instant::now();
        self.finish();
        begun.elapsed()
    }

    fn run(&mut self, rng: &mut Rng, span: Duration, kills: usize) {
        let edit_after = rng.usize(0..4 * KILLS_OF_ONE);
        while self.kills < kills {
            let mut child = self.start();
            std::thread::sleep(span.mul_f64(rng.f64()));
            if child.try_wait().unwrap().is_some() {
                return;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            self.kills += 1;
            something_ended();
            if self.kills == edit_after {
                self.edit();
            }
        }
        self.finish();
    }

    /// Other bytes, and a time of change that every file system can tell from the first.
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

    /// How many parts were sent again, and how many uploads nobody can know of any more.
    fn judge(&self) -> Result<(usize, usize), String> {
        let emulator = &self.world.emulator;
        let key = key("kill", self.number);
        let object = emulator.object(BUCKET, key.as_str()).ok_or("there is no object")?;
        if object.bytes().unwrap() != self.content {
            return Err("the object is not the file".to_owned());
        }
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        if !files.is_empty() {
            return Err(format!("of the checkpoint is left: {files:?}"));
        }
        let requests = emulator.requests();
        let count = |op: &str| requests.iter().filter(|request| request.op == op).count();
        let (begun, sent) = (count("InitiateMultipartUpload"), count("UploadPart"));
        let allowed = PARTS * begun + PARALLELISM * self.kills;
        if sent > allowed {
            return Err(format!("{sent} parts were sent, and {allowed} are allowed"));
        }
        let uploads = emulator.uploads(BUCKET);
        let left: Vec<_> = uploads.iter().filter(|upload| upload.key == key.as_str()).collect();
        // The ID is written down before the first part is sent.
        if let Some(upload) = left.iter().find(|upload| !upload.parts.is_empty()) {
            return Err(format!("parts are left in upload {}", upload.upload_id));
        }
        let again = if begun == 1 { sent.saturating_sub(PARTS) } else { 0 };
        Ok((again, left.len()))
    }

    fn start(&self) -> Child {
        Command::new(program())
            .args([self.file.path().as_os_str(), BUCKET.as_ref()])
            .arg(key("kill", self.number).as_str())
            .arg(self.folder.path())
            .env("OSS_REGION", "cn-hangzhou")
            .env("OSS_ENDPOINT", self.world.emulator.url())
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
