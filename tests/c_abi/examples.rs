//! The programs of `examples-c` do what their comments say.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use oss_emulator::{Action, Emulator, RequestRecord, Rule};
use tempfile::TempDir;

use super::C;
use super::native_programs::{
    BUCKET, BuildVariant, KEY_ID, KEY_SECRET, SECONDS, compile, path_text, root, shared_flags,
};

const MIB: usize = 1024 * 1024;
const PART: usize = 100 * 1024;

#[test]
fn put_file_and_three_parts_store_the_file() {
    let example = Example::new("put_file");
    let (content, file) = example.file(4 * PART);
    let said = example.succeeds(&[&file, BUCKET, "one"]);
    assert!(said.contains("ETag") && said.contains("parts"), "{said}");
    assert_eq!(example.stored("one").unwrap(), content);

    let example = Example::new("three_parts");
    let (content, file) = example.file(3 * PART + 1);
    let said = example.succeeds(&[&file, BUCKET, "two"]);
    assert!(said.contains("upload ") && said.contains("ETag"), "{said}");
    assert_eq!(example.stored("two").unwrap(), content);
    assert_eq!(example.requests("UploadPart").count(), 3);
    example.assert_nothing_left();
}

#[test]
fn put_file_leaves_nothing_at_ctrl_c() {
    let example = Example::new("put_file");
    let (_, file) = example.file(12 * MIB);
    let slow = Rule::on("UploadPart", Action { delay_ms: 600_000, ..Action::default() });
    example.emulator.add_rule(slow.part(2).always());
    let mut child = example.start(&[&file, BUCKET, "one"]);
    until(|| example.parts_stored() > 0);
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    example.assert_nothing_made("one");
}

#[test]
fn presigned_part_makes_an_object_of_parts_sent_by_url() {
    let example = Example::new("presigned_part");
    assert!(example.succeeds(&[BUCKET, "three"]).contains("ETag"));
    let stored = example.stored("three").unwrap();
    let expected: Vec<u8> = (b'b'..=b'd').flat_map(|byte| vec![byte; PART]).collect();
    assert!(stored == expected);
    example.assert_nothing_left();
}

#[test]
fn list_and_abort_ends_what_is_old_and_only_if_told_to() {
    let example = Example::new("list_and_abort");
    let emulator = &example.emulator;
    assert_eq!(example.succeeds(&[BUCKET, "0"]), "");
    emulator.set_clock_offset(-300);
    begin_uploads(emulator, &["a/one", "b/two", "a/three"]);
    emulator.set_clock_offset(0);
    let old = example.succeeds(&[BUCKET, "0", "a/"]);
    assert!(old.lines().count() == 2 && old.lines().all(|line| line.starts_with("old ")), "{old}");
    let young = example.succeeds(&["--abort", BUCKET, "1"]);
    assert!(young.lines().all(|line| line.starts_with("young ")), "{young}");
    assert_eq!(emulator.uploads(BUCKET).len(), 3);
    let gone = example.succeeds(&["--abort", BUCKET, "0", "a/"]);
    assert!(gone.contains("a/one") && gone.contains("a/three"), "{gone}");
    let left: Vec<_> = emulator.uploads(BUCKET).into_iter().map(|upload| upload.key).collect();
    assert_eq!(left, ["b/two"]);
    // The local clock is 20 hours ahead.
    emulator.set_clock_offset(-20 * 3600);
    begin_uploads(emulator, &["new"]);
    let said = example.succeeds(&["--abort", BUCKET, "12", "new"]);
    assert!(said.starts_with("young "), "{said}");
}

#[test]
fn list_and_abort_goes_on_after_a_failed_abort() {
    let example = Example::new("list_and_abort");
    let emulator = &example.emulator;
    begin_uploads(emulator, &["one", "three", "two"]);
    emulator.add_rule(Rule::on("AbortMultipartUpload", Action::status(403, "AccessDenied")));
    let output = example.command(&["--abort", BUCKET, "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let left: Vec<_> = emulator.uploads(BUCKET).into_iter().map(|upload| upload.key).collect();
    assert_eq!(left, ["one"]);
}

#[test]
fn stream_stores_what_comes_from_a_pipe_and_from_a_file() {
    let example = Example::new("stream");
    let (content, file) = example.file(9 * MIB);
    let mut cat = Command::new("cat").arg(&file).stdout(Stdio::piped()).spawn().unwrap();
    let pipe = Stdio::from(cat.stdout.take().unwrap());
    for (key, input) in [("pipe", pipe), ("file", File::open(&file).unwrap().into())] {
        let output = example.command(&[BUCKET, key]).stdin(input).output().unwrap();
        assert!(said(&output).contains("bytes in"), "{}", said(&output));
        assert!(example.stored(key).unwrap() == content);
    }
    assert!(cat.wait().unwrap().success());
    example.assert_nothing_left();
}

#[test]
fn stream_ends_at_ctrl_c_although_no_input_comes() {
    let example = Example::new("stream");
    let (content, _) = example.file(9 * MIB);
    let mut child = example.start(&[BUCKET, "stream"]);
    let mut input = child.stdin.take().unwrap();
    // The first part of 8 MiB is sent; the rest waits for more input.
    std::io::Write::write_all(&mut input, &content).unwrap();
    until(|| example.parts_stored() == 1);
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    example.assert_nothing_made("stream");
    drop(input);
}

#[test]
fn writer_stores_every_row() {
    let example = Example::new("writer");
    let said = example.succeeds(&[BUCKET, "table.csv", "700000"]);
    let rows = (1..=700_000_u64).map(|row| format!("{row},{}\n", row * row % 1_000_003));
    let expected: String = rows.collect();
    assert!(expected.len() > 8 * MIB && said.contains("in 2 parts"), "{said}");
    assert!(example.stored("table.csv").unwrap() == expected.as_bytes());
    example.assert_nothing_left();
}

#[test]
fn writer_gives_up_at_ctrl_c() {
    let example = Example::new("writer");
    let mut child = example.start(&[BUCKET, "table.csv", "9000000000000"]);
    until(|| example.parts_stored() > 0);
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    example.assert_nothing_made("table.csv");
}

#[test]
fn resume_sends_only_what_a_killed_run_has_not() {
    let example = Example::new("resume");
    let (content, file) = example.file(12 * MIB);
    let folder = path_text(example.scratch.path());
    let arguments = [file.as_str(), BUCKET, "object", &folder];
    // Part 12 always fails, so the first run cannot finish.
    let rule = Rule::on("UploadPart", Action { delay_ms: 600_000, ..Action::default() });
    example.emulator.add_rule(rule.part(12).always());
    let mut child = example.start(&arguments);
    until(|| {
        example.parts_stored() == 11
            && example.requests("UploadPart").any(|seen| seen.part_number == Some(12))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(example.stored("object").is_none());

    example.emulator.clear_rules();
    example.emulator.clear_requests();
    let said = example.succeeds(&arguments);
    assert_eq!(said, "12582912 bytes, 11534336 of them resumed\n");
    let sent: BTreeSet<_> = example.requests("UploadPart").map(|seen| seen.part_number).collect();
    assert_eq!(sent, BTreeSet::from([Some(12)]));
    assert!(example.stored("object").unwrap() == content);
    example.assert_nothing_left();
}

#[test]
fn own_threads_stores_every_part() {
    let example = Example::new("own_threads");
    let (content, file) = example.file(12 * MIB + 1);
    let said = example.succeeds(&[&file, BUCKET, "object", "4"]);
    assert!(said.contains("in 13 parts"), "{said}");
    assert_eq!(example.requests("UploadPart").count(), 13);
    assert!(example.stored("object").unwrap() == content);
    let (_, empty) = example.file(0);
    assert!(example.succeeds(&[&empty, BUCKET, "empty", "2"]).contains("0 bytes in 1 parts"));
    example.assert_nothing_left();
}

#[test]
fn own_threads_leaves_nothing_when_a_part_fails_or_ctrl_c_comes() {
    let example = Example::new("own_threads");
    let (_, file) = example.file(12 * MIB);
    let arguments = [file.as_str(), BUCKET, "object", "4"];
    let refused = Rule::on("UploadPart", Action::status(403, "AccessDenied")).part(7);
    example.emulator.add_rule(refused);
    let output = example.command(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let lines = said(&output);
    assert!(lines.contains("part 7") && lines.lines().count() == 1, "{lines}");
    example.assert_nothing_made("object");

    let slow = Rule::on("UploadPart", Action { delay_ms: 600_000, ..Action::default() });
    example.emulator.add_rule(slow.part(9).always());
    example.emulator.clear_requests();
    let mut child = example.start(&arguments);
    until(|| example.requests("UploadPart").any(|seen| seen.part_number == Some(9)));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    example.assert_nothing_made("object");
}

/// A program, compiled as users do, and a server for it.
struct Example {
    scratch: TempDir,
    program: PathBuf,
    emulator: Emulator,
}

impl Example {
    fn new(name: &str) -> Self {
        // An example must not leak handles or errors.
        let flags = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"];
        let variant = BuildVariant {
            name: "examples",
            compiler: C,
            flags,
            library: shared_flags(),
            wrapper: &[],
        };
        let scratch = TempDir::new().unwrap();
        let program = scratch.path().join(name);
        compile(&variant, &root().join(format!("examples-c/{name}.c")), &program).unwrap();
        let emulator = Emulator::builder().bucket(BUCKET).access_key(KEY_ID, KEY_SECRET);
        Self { scratch, program, emulator: emulator.start().unwrap() }
    }

    /// Bytes without a pattern, and a file of them.
    fn file(&self, size: usize) -> (Vec<u8>, String) {
        let content: Vec<u8> = (0..size).map(|i| (i % 251 + i / 65_536) as u8).collect();
        let path = self.scratch.path().join(format!("{size} bytes"));
        fs::write(&path, &content).unwrap();
        (content, path_text(&path))
    }

    /// The program itself, so that a signal reaches it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        super::native_programs::with_environment(&mut command, self.emulator.url());
        command.args(arguments);
        command
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", SECONDS]).arg(&self.program);
        super::native_programs::with_environment(&mut command, self.emulator.url());
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}\n{}", output.status, said(&output));
        said(&output)
    }

    fn stored(&self, key: &str) -> Option<Vec<u8>> {
        self.emulator.object(BUCKET, key).map(|object| object.bytes().unwrap())
    }

    /// The requests so far.
    fn requests(&self, operation: &str) -> impl Iterator<Item = RequestRecord> {
        self.emulator.requests().into_iter().filter(move |seen| seen.op == operation)
    }

    /// The parts of all unfinished uploads.
    fn parts_stored(&self) -> usize {
        self.emulator.uploads(BUCKET).iter().map(|upload| upload.parts.len()).sum()
    }

    fn assert_nothing_left(&self) {
        assert_eq!(self.emulator.uploads(BUCKET), []);
    }

    fn assert_nothing_made(&self, key: &str) {
        assert!(self.stored(key).is_none());
        self.assert_nothing_left();
    }
}

fn said(output: &Output) -> String {
    let bytes = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(bytes).unwrap()
}

/// Sends what Ctrl-C sends.
fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits for an effect of another process.
fn until(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < Duration::from_secs(60), "the condition was not met");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Starts uploads.
fn begin_uploads(emulator: &Emulator, keys: &[&str]) {
    let mut config = ossmpu::Config::new();
    config.set_region("cn-hangzhou").unwrap().set_endpoint(emulator.url()).unwrap();
    config.set_keys(KEY_ID, KEY_SECRET, None).unwrap();
    let client = ossmpu::Client::new(&config).unwrap();
    let bucket = ossmpu::BucketName::parse(BUCKET).unwrap();
    let (options, cancel) = (ossmpu::UploadOptions::new(), ossmpu::Cancel::never());
    for key in keys {
        let key = ossmpu::ObjectKey::parse(key).unwrap();
        ossmpu::MultipartUpload::initiate(&client, &bucket, &key, &options, &cancel).unwrap();
    }
}
