//! Signals during an upload.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use crate::fixture::{Fixture, IN_PARTS, PART, bytes, five_parts, no_response, send, url};
use crate::run::Run;

/// Starts an upload whose parts get no response.
fn stalled_upload(fixture: &Fixture, arguments: &[&str]) -> Child {
    fixture.always(no_response("UploadPart"));
    fixture.file("big", &five_parts());
    let target = url("big");
    let child = fixture.start_put_in_parts(&[arguments, &["big", &target]].concat());
    fixture.wait_for("UploadPart", 4);
    child
}

#[test]
fn each_signal_aborts_the_upload_and_has_its_own_exit_code() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let fixture = Fixture::new();
        let child = stalled_upload(&fixture, &[]);
        send(signal, &child);
        let run = Run::wait(child).exits(code);
        assert!(run.stderr.contains("canceled"), "{run:?}");
        fixture.assert_bucket_empty();
    }
}

#[test]
fn later_files_are_not_uploaded() {
    let fixture = Fixture::new();
    fixture.file("next", b"x");
    fixture.always(no_response("UploadPart"));
    fixture.file("big", &five_parts());
    let child = fixture.start_put_in_parts(&["big", "next", &url("")]);
    fixture.wait_for("UploadPart", 4);
    send(Signal::INT, &child);
    Run::wait(child).exits(130);
    fixture.assert_bucket_empty();
}

#[test]
fn the_second_signal_does_not_wait_for_the_abort() {
    let fixture = Fixture::new();
    fixture.always(no_response("AbortMultipartUpload"));
    let child = stalled_upload(&fixture, &[]);
    send(Signal::INT, &child);
    fixture.wait_for("AbortMultipartUpload", 1);
    send(Signal::INT, &child);
    let run = Run::wait(child).exits(130);
    // Without the second signal it prints its failure when the abort has timed out.
    assert_eq!(run.stderr, "");
}

#[test]
fn a_failed_abort_reports_the_upload_that_is_left() {
    let fixture = Fixture::new();
    let denied = oss_emulator::Action::status(403, "AccessDenied");
    fixture.always(oss_emulator::Rule::on("AbortMultipartUpload", denied));
    let child = stalled_upload(&fixture, &["--json"]);
    send(Signal::INT, &child);
    let run = Run::wait(child).exits(130);
    let failures: Vec<_> = run.stderr.lines().filter(|line| line.contains("\"error\"")).collect();
    let [failure] = failures.as_slice() else { panic!("{run:?}") };
    let failure: serde_json::Value = serde_json::from_str(failure).unwrap();
    assert_eq!(failure["error"]["parts_left"], true, "{run:?}");
    let left = fixture.emulator.uploads(crate::fixture::BUCKET);
    assert_eq!(failure["error"]["upload_id"], left[0].upload_id);
}

#[test]
fn a_hangup_that_was_ignored_at_startup_stays_ignored() {
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
    // If the signal were caught, the upload would be canceled before these parts arrive.
    stdin.write_all(&bytes(20 * PART)).unwrap();
    fixture.wait_for("UploadPart", 20);
    drop(stdin);
    Run::wait(child).exits(0);
    assert_eq!(fixture.stored("stream").unwrap().len(), 22 * PART);
}
