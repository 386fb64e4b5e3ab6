//! Signals in the middle of an upload.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::fixture::{Fixture, IN_PARTS, PART, bytes, five_parts, never_answered, send, url};
use crate::run::Run;

/// An upload whose parts are not answered.
fn stuck(fixture: &Fixture, arguments: &[&str]) -> Child {
    fixture.hang(never_answered("UploadPart"));
    fixture.file("big", &five_parts());
    let target = url("big");
    let child = fixture.start_put_in_parts(&[arguments, &["big", &target]].concat());
    fixture.wait_for("UploadPart", 4);
    child
}

#[test]
fn each_signal_ends_it_with_its_own_code_and_leaves_nothing() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let fixture = Fixture::new();
        let child = stuck(&fixture, &[]);
        send(signal, &child);
        let run = Run::end(child).exits(code);
        assert!(run.stderr.contains("canceled"), "{run:?}");
        fixture.assert_bucket_empty();
    }
}

#[test]
fn the_files_after_it_are_not_begun() {
    let fixture = Fixture::new();
    fixture.file("next", b"x");
    fixture.hang(never_answered("UploadPart"));
    fixture.file("big", &five_parts());
    let child = fixture.start_put_in_parts(&["big", "next", &url("")]);
    fixture.wait_for("UploadPart", 4);
    send(Signal::INT, &child);
    Run::end(child).exits(130);
    fixture.assert_bucket_empty();
}

#[test]
fn the_second_interrupt_does_not_wait_for_the_clean_up() {
    let fixture = Fixture::new();
    fixture.hang(never_answered("AbortMultipartUpload"));
    let child = stuck(&fixture, &[]);
    let begun = Instant::now();
    send(Signal::INT, &child);
    fixture.wait_for("AbortMultipartUpload", 1);
    send(Signal::INT, &child);
    Run::end(child).exits(130);
    assert!(begun.elapsed() < CLEAN_UP, "{:?}", begun.elapsed());
}

#[test]
fn a_clean_up_that_fails_names_what_is_left() {
    let fixture = Fixture::new();
    let refusal = oss_emulator::Action::status(403, "AccessDenied");
    fixture.hang(oss_emulator::Rule::on("AbortMultipartUpload", refusal));
    let child = stuck(&fixture, &["--json"]);
    send(Signal::INT, &child);
    let run = Run::end(child).exits(130);
    let failures: Vec<_> = run.stderr.lines().filter(|line| line.contains("\"error\"")).collect();
    let [failure] = failures.as_slice() else { panic!("{run:?}") };
    let failure: serde_json::Value = serde_json::from_str(failure).unwrap();
    assert_eq!(failure["error"]["parts_left"], true, "{run:?}");
    let left = fixture.emulator.uploads(crate::fixture::BUCKET);
    assert_eq!(failure["error"]["upload_id"], left[0].upload_id);
}

#[test]
fn a_hangup_that_was_ignored_at_the_start_stays_ignored() {
    let fixture = Fixture::new();
    let target = url("stream");
    let arguments = [&["put"], &IN_PARTS[..], &["-", &target]].concat();
    let mut command = fixture.with_environment(Command::new("/bin/sh"));
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_ossmpu")]);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&bytes(2 * PART)).unwrap();
    fixture.wait_for("UploadPart", 1);
    send(Signal::HUP, &child);
    // Were it caught, the upload would be cancelled before these parts have arrived.
    stdin.write_all(&bytes(20 * PART)).unwrap();
    fixture.wait_for("UploadPart", 20);
    drop(stdin);
    Run::end(child).exits(0);
    assert_eq!(fixture.stored("stream").unwrap().len(), 22 * PART);
}

/// The least time that a clean-up that gets no answer takes.
const CLEAN_UP: Duration = Duration::from_secs(4);
