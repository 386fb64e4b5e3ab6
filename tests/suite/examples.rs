//! Runs the Rust programs of `examples`. The one of `resume` is in `resuming`.

use std::env::consts::EXE_EXTENSION;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;

use oss_emulator::{Action, Rule};

use crate::fixture::{BUCKET, Fixture, MIB, bytes, file};

#[test]
fn put_file_stores_the_file_and_prints_its_crc() {
    let fixture = Fixture::new();
    let content = bytes(9 * MIB);
    let file = file(&content);
    let output = run(&fixture, "put_file", &[file.path().as_os_str()]);
    let crc64 = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap().crc64;
    assert_eq!(output, format!("9437184 bytes in 8 parts\nCRC-64 {crc64}\n"));
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.assert_nothing_left();
}

#[test]
fn stream_stores_its_input() {
    let fixture = Fixture::new();
    let content = bytes(9 * MIB);
    let file = file(&content);
    let (reader, mut writer) = io::pipe().unwrap();
    let written = content.clone();
    let thread = thread::spawn(move || writer.write_all(&written).unwrap());
    for input in [Stdio::from(reader), File::open(file.path()).unwrap().into()] {
        let mut command = command("stream", &fixture);
        command.args([BUCKET, fixture.key.as_str()]).stdin(input);
        let output = command.output().unwrap();
        assert!(output.status.success());
        assert_eq!(output.stdout, b"9437184 bytes in 2 parts\n");
        assert_eq!(fixture.stored().unwrap(), content);
    }
    thread.join().unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn own_parts_stores_the_file_and_leaves_nothing_behind_when_a_part_fails() {
    let fixture = Fixture::new();
    let content = bytes(12 * MIB + 1);
    let file = file(&content);
    let arguments = [file.path().as_os_str(), BUCKET.as_ref(), fixture.key.as_str().as_ref()];
    let own_parts = || {
        let mut command = command("own_parts", &fixture);
        command.args(arguments).arg("4").output().unwrap()
    };
    let denied = Rule::on("UploadPart", Action::status(403, "AccessDenied")).part(7);
    fixture.emulator.add_rule(denied);
    let output = own_parts();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("AccessDenied"));
    fixture.assert_bucket_empty();

    let output = own_parts();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"12582913 bytes in 13 parts\n");
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.assert_nothing_left();
}

/// The command of an example, with the endpoint and keys of the fixture.
pub fn command(name: &str, fixture: &Fixture) -> Command {
    let program = std::env::current_exe()
        .unwrap()
        .ancestors()
        .map(|folder| folder.join("examples").join(name).with_extension(EXE_EXTENSION))
        .find(|program| program.exists())
        .expect("the examples are built with the tests");
    let mut command = Command::new(program);
    command
        .env("OSS_REGION", "cn-hangzhou")
        .env("OSS_ENDPOINT", fixture.emulator.url())
        .env("OSS_ACCESS_KEY_ID", "test-id")
        .env("OSS_ACCESS_KEY_SECRET", "test-secret");
    command
}

/// Runs an example with these arguments, bucket and key, and returns its output.
fn run(fixture: &Fixture, name: &str, arguments: &[&OsStr]) -> String {
    let mut command = command(name, fixture);
    let output = command.args(arguments).args([BUCKET, fixture.key.as_str()]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
