//! Stdout that cannot be written to.

use std::fs::OpenOptions;
use std::io;

use crate::fixture::{Fixture, ossmpu, url};
use crate::run::Run;

#[test]
fn a_closed_stdout_exits_silently_with_141() {
    let fixture = Fixture::new();
    fixture.initiate("a");
    for arguments in
        [&["ls-uploads", &url("")][..], &["completions", "bash"], &["man"], &["--help"]]
    {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let run = Run::of(fixture.command(arguments).stdout(writer).output().unwrap()).exits(141);
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn a_full_stdout_is_a_failure() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::of(ossmpu(&["completions", "fish"]).stdout(full).output().unwrap()).exits(1);
    assert!(run.stderr.starts_with("ossmpu: stdout: No space left"), "{run:?}");
}
