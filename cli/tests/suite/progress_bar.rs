//! The progress bar on a pseudo-terminal.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;

use oss_emulator::{Action, Rule};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::fixture::{Fixture, IN_PARTS, five_parts, no_response, send, url};
use crate::run::Run;

/// Opens a pseudo-terminal of 100 columns and returns its master and slave.
fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&master, size).unwrap();
    let name = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
    let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
    (master.into(), slave)
}

/// Reads all output until the last writer has closed the terminal, which is a read error.
fn read_output(mut master: File) -> String {
    let (mut output, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        output.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&output).into_owned()
}

fn put(fixture: &Fixture, options: &[&str], stderr: File) -> std::process::Child {
    fixture.file("some.bin", &five_parts());
    let target = url("some.bin");
    let arguments = [&["put"], &IN_PARTS[..], options, &["some.bin", &target]].concat();
    let mut command = fixture.command(&arguments);
    command.env("TERM", "xterm").stdout(Stdio::piped()).stderr(stderr).spawn().unwrap()
}

#[test]
fn the_bar_shows_name_rate_and_time_left_and_is_cleared() {
    let fixture = Fixture::new();
    let (master, slave) = terminal();
    let child = put(&fixture, &["--bytes-per-sec", "400KiB"], slave);
    let output = read_output(master);
    let run = Run::wait(child).exits(0);
    for part in ["some.bin", "%", "400.00 KiB", "iB/s", "s left"] {
        assert!(output.contains(part), "{part}: {output:?}");
    }
    assert!(output.ends_with("\u{1b}[2K"), "{output:?}");
    assert!(run.stdout.starts_with("some.bin -> ") && !run.stdout.contains('\u{1b}'), "{run:?}");
}

#[test]
fn quiet_and_json_show_no_bar() {
    for option in ["--quiet", "--json"] {
        let fixture = Fixture::new();
        let (master, slave) = terminal();
        let child = put(&fixture, &["--bytes-per-sec", "1600KiB", option], slave);
        assert_eq!(read_output(master), "", "{option}");
        Run::wait(child).exits(0);
    }
}

#[test]
fn the_bar_is_cleared_before_an_error_is_printed() {
    let fixture = Fixture::new();
    fixture.always(no_response("UploadPart"));
    let (master, slave) = terminal();
    let child = put(&fixture, &[], slave);
    fixture.wait_for("UploadPart", 4);
    send(Signal::INT, &child);
    let output = read_output(master);
    Run::wait(child).exits(130);
    let last = output.rsplit("\u{1b}[2K").next().unwrap();
    assert!(last.starts_with("ossmpu: some.bin: "), "{output:?}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_warning_is_printed_on_its_own_line() {
    let fixture = Fixture::new();
    fixture.emulator.change_options(|options| options.no_crc = true);
    // The last warning comes after the first report.
    fixture.always(Rule::on("UploadPart", Action::delay_response(2000)).part(5));
    let (master, slave) = terminal();
    let child = put(&fixture, &["--bytes-per-sec", "400KiB"], slave);
    let output = read_output(master);
    Run::wait(child).exits(0);
    let mut after_bar = 0;
    for (at, warning) in output.match_indices("ossmpu: UploadPart: the response has no CRC-64") {
        let before = &output[..at];
        let is_line =
            before.is_empty() || before.ends_with(['\n', '\r']) || before.ends_with("\u{1b}[2K");
        assert!(is_line, "{warning}: {output:?}");
        after_bar += usize::from(before.contains('%'));
    }
    assert!(after_bar > 0, "{output:?}");
}
