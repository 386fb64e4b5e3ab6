//! `clean`: aborts only uploads that are old and match the prefix.

use oss_emulator::{Action, Rule};

use crate::fixture::{BUCKET, Fixture, url};

const DAY: i64 = 24 * 3600;

/// Two uploads initiated eight days ago under different prefixes, and a new one.
fn old_and_new() -> (Fixture, [String; 3]) {
    let fixture = Fixture::new();
    fixture.emulator.set_clock_offset(-8 * DAY);
    let (old, other) = (fixture.initiate("in/old"), fixture.initiate("out/old"));
    fixture.emulator.set_clock_offset(0);
    let new = fixture.initiate("in/new");
    (fixture, [old, other, new])
}

fn remaining(fixture: &Fixture) -> Vec<String> {
    fixture.emulator.uploads(BUCKET).into_iter().map(|upload| upload.upload_id).collect()
}

#[test]
fn older_uploads_are_aborted_and_younger_ones_are_kept() {
    let (fixture, [old, other, new]) = old_and_new();
    let run = fixture.run(&["clean", &url(""), "--older-than", "7d", "--json"]).exits(0);
    let aborted: Vec<_> = run.results().iter().map(|line| line["upload_id"].clone()).collect();
    assert_eq!(aborted, [old, other]);
    assert_eq!(remaining(&fixture), [new]);
}

#[test]
fn an_upload_that_is_old_by_a_wrong_local_clock_only_is_kept() {
    let fixture = Fixture::new();
    // The local clock is 20 hours ahead.
    fixture.emulator.set_clock_offset(-20 * 3600);
    let new = fixture.initiate("new");
    fixture.run(&["clean", &url(""), "--older-than", "12h"]).exits(0);
    assert_eq!(remaining(&fixture), [new]);
    fixture.emulator.set_clock_offset(-6 * 3600);
    fixture.run(&["clean", &url(""), "--older-than", "12h"]).exits(0);
    assert_eq!(remaining(&fixture), [""; 0], "it is 14 hours old");

    // So far ahead that no request is valid.
    fixture.emulator.set_clock_offset(0);
    let new = fixture.initiate("new");
    fixture.emulator.set_clock_offset(-30 * DAY);
    let run = fixture.run(&["clean", &url(""), "--older-than", "7d"]);
    assert_ne!(run.code, Some(0), "{run:?}");
    assert_eq!(remaining(&fixture), [new]);
}

#[test]
fn only_keys_with_the_prefix_are_aborted() {
    let (fixture, [_, other, new]) = old_and_new();
    fixture.run(&["clean", &url(""), "--older-than", "7d", "--prefix", "in/"]).exits(0);
    assert_eq!(remaining(&fixture), [new, other]);
}

#[test]
fn a_dry_run_lists_uploads_without_aborting_them() {
    let (fixture, [old, ..]) = old_and_new();
    let run = fixture.run(&["clean", &url("in/"), "--older-than", "7d", "--dry-run"]).exits(0);
    assert!(run.stdout.starts_with(&format!("would abort {} {old}, initiated 20", url("in/old"))));
    assert_eq!(run.stdout.lines().count(), 1);
    assert_eq!(remaining(&fixture).len(), 3);
    assert_eq!(fixture.count("AbortMultipartUpload"), 0);
}

#[test]
fn a_failed_abort_does_not_stop_the_others() {
    let (fixture, [old, _, new]) = old_and_new();
    let rule = Rule::on("AbortMultipartUpload", Action::status(403, "AccessDenied")).key("in/old");
    fixture.emulator.add_rule(rule.always());
    let run = fixture.run(&["clean", &url(""), "--older-than", "7d", "--json"]).exits(3);
    assert_eq!(run.failure()["target"], url("in/old"));
    let mut expected = [old, new];
    expected.sort();
    let mut remaining = remaining(&fixture);
    remaining.sort();
    assert_eq!(remaining, expected);
}
