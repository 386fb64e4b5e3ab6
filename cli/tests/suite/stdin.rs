//! `put -`: uploads from stdin.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use crate::fixture::{Fixture, IN_PARTS, PART, bytes, five_parts, send, url};
use crate::run::Run;

/// Starts an upload with small parts whose stdin is a pipe.
fn start(fixture: &Fixture) -> Child {
    let target = url("stream");
    let arguments = [&["put"], &IN_PARTS[..], &["-", &target]].concat();
    let mut command = fixture.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_stream_is_uploaded_in_parts() {
    let fixture = Fixture::new();
    let mut child = start(&fixture);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&five_parts()).unwrap();
    drop(stdin);
    let run = Run::wait(child).exits(0);
    assert_eq!(fixture.stored("stream").unwrap(), five_parts());
    assert!(run.stdout.starts_with("- -> oss://cli-bucket/stream: 409601 bytes"), "{run:?}");
    assert_eq!(fixture.count("UploadPart"), 5);
}

#[test]
fn empty_stdin_becomes_an_empty_object() {
    let fixture = Fixture::new();
    fixture.run(&["put", "-", &url("empty")]).exits(0);
    assert_eq!(fixture.stored("empty").unwrap(), b"");
}

#[test]
fn a_part_size_that_no_buffer_holds_is_a_usage_error() {
    let fixture = Fixture::new();
    let run = fixture.run(&["put", "--part-size", "256MiB", "-", &url("stream")]).exits(2);
    assert!(run.stderr.contains("part_size"), "{run:?}");
    assert_eq!(fixture.emulator.requests().len(), 0);
}

#[test]
fn closed_stdin_is_refused_and_makes_no_object() {
    let fixture = Fixture::new();
    let mut shell = Command::new("/bin/sh");
    let program = env!("CARGO_BIN_EXE_ossmpu");
    shell.args(["-c", "exec \"$0\" \"$@\" <&-", program, "put", "-", &url("empty")]);
    let run = Run::of(fixture.with_environment(shell).output().unwrap()).exits(2);
    assert!(run.stderr.contains("stdin is closed"), "{run:?}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_null_device_that_is_open_for_writing_is_named() {
    let fixture = Fixture::new();
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    let output = fixture.command(&["put", "-", &url("empty")]).stdin(null).output().unwrap();
    let run = Run::of(output).exits(2);
    assert!(run.stderr.contains("or /dev/null that is open for writing"), "{run:?}");
    fixture.assert_bucket_empty();
}

#[test]
fn files_of_the_kernel_are_uploaded_by_name_and_from_stdin() {
    let fixture = Fixture::new();
    let content = std::fs::read("/proc/version").unwrap();
    fixture.run(&["put", "/proc/version", &url("named")]).exits(0);
    assert_eq!(fixture.stored("named").unwrap(), content);
    let stdin = File::open("/proc/version").unwrap();
    let output = fixture.command(&["put", "-", &url("stdin")]).stdin(stdin).output().unwrap();
    Run::of(output).exits(0);
    assert_eq!(fixture.stored("stdin").unwrap(), content);
}

#[test]
fn redirected_stdin_is_read_from_its_position() {
    let fixture = Fixture::new();
    fixture.file("a", b"first line\nthe rest");
    let mut file = File::open(fixture.path("a")).unwrap();
    file.seek(SeekFrom::Start(11)).unwrap();
    let output = fixture.command(&["put", "-", &url("rest")]).stdin(file).output().unwrap();
    Run::of(output).exits(0);
    assert_eq!(fixture.stored("rest").unwrap(), b"the rest");
}

#[test]
fn an_interrupt_ends_a_blocked_read_and_aborts_the_upload() {
    let fixture = Fixture::new();
    let mut child = start(&fixture);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&bytes(3 * PART)).unwrap();
    fixture.wait_for("UploadPart", 1);
    send(Signal::INT, &child);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    drop(stdin);
    fixture.assert_bucket_empty();
}
