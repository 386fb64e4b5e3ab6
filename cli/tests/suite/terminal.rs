//! The progress bar, in a terminal of the test's own.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::fixture::{Fixture, IN_PARTS, five_parts, never_answered, send, url};
use crate::run::Run;

/// The two ends of a terminal of 100 columns: what it shows, and what a program writes to.
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

/// All that was shown until the last writer has gone, which reads as an error.
fn shown(mut master: File) -> String {
    let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&shown).into_owned()
}

fn put(fixture: &Fixture, options: &[&str], stderr: File) -> std::process::Child {
    fixture.file("some.bin", &five_parts());
    let target = url("some.bin");
    let arguments = [&["put"], &IN_PARTS[..], options, &["some.bin", &target]].concat();
    let mut command = fixture.command(&arguments);
    command.env("TERM", "xterm").stdout(Stdio::piped()).stderr(stderr).spawn().unwrap()
}

#[test]
fn a_terminal_sees_name_rate_and_time_left_and_then_a_clean_line() {
    let fixture = Fixture::new();
    let (master, slave) = terminal();
    let child = put(&fixture, &["--rate-limit", "800KiB"], slave);
    let shown = shown(master);
    let run = Run::end(child).exits(0);
    for part in ["some.bin", "%", "400.00 KiB", "iB/s", "s left"] {
        assert!(shown.contains(part), "{part}: {shown:?}");
    }
    assert!(shown.ends_with("\u{1b}[2K"), "{shown:?}");
    assert!(run.stdout.starts_with("some.bin -> ") && !run.stdout.contains('\u{1b}'), "{run:?}");
}

#[test]
fn quiet_and_json_show_no_bar_on_a_terminal() {
    for option in ["--quiet", "--json"] {
        let fixture = Fixture::new();
        let (master, slave) = terminal();
        let child = put(&fixture, &["--rate-limit", "1600KiB", option], slave);
        assert_eq!(shown(master), "", "{option}");
        Run::end(child).exits(0);
    }
}

#[test]
fn an_interrupt_takes_the_bar_away_before_it_says_why() {
    let fixture = Fixture::new();
    fixture.hang(never_answered("UploadPart"));
    let (master, slave) = terminal();
    let child = put(&fixture, &[], slave);
    fixture.wait_for("UploadPart", 4);
    send(Signal::INT, &child);
    let shown = shown(master);
    Run::end(child).exits(130);
    let last = shown.rsplit("\u{1b}[2K").next().unwrap();
    assert!(last.starts_with("ossmpu: some.bin: "), "{shown:?}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_warning_in_the_middle_has_a_line_of_its_own() {
    let fixture = Fixture::new();
    fixture.emulator.change_options(|options| options.no_crc = true);
    let (master, slave) = terminal();
    let child = put(&fixture, &["--rate-limit", "800KiB"], slave);
    let shown = shown(master);
    Run::end(child).exits(0);
    let mut after_bar = 0;
    for (at, warning) in shown.match_indices("ossmpu: UploadPart: the reply has no CRC-64") {
        let before = &shown[..at];
        let is_line =
            before.is_empty() || before.ends_with(['\n', '\r']) || before.ends_with("\u{1b}[2K");
        assert!(is_line, "{warning}: {shown:?}");
        after_bar += usize::from(before.contains('%'));
    }
    assert!(after_bar > 0, "{shown:?}");
}
