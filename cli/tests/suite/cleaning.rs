//! `clean`: only what is old, and only there.

use oss_emulator::{Action, Rule};

use crate::fixture::{BUCKET, Fixture, url};

const DAY: i64 = 24 * 3600;

/// Two uploads of eight days ago, in two folders, and one of now.
fn old_and_new() -> (Fixture, [String; 3]) {
    let fixture = Fixture::new();
    fixture.emulator.set_clock_offset(-8 * DAY);
    let (old, other) = (fixture.initiate("in/old"), fixture.initiate("out/old"));
    fixture.emulator.set_clock_offset(0);
    let new = fixture.initiate("in/new");
    (fixture, [old, other, new])
}

fn left(fixture: &Fixture) -> Vec<String> {
    fixture.emulator.uploads(BUCKET).into_iter().map(|upload| upload.upload_id).collect()
}

#[test]
fn what_is_older_goes_and_what_is_younger_stays() {
    let (fixture, [old, other, new]) = old_and_new();
    let run = fixture.run(&["clean", &url(""), "--older-than", "7d", "--json"]).exits(0);
    let removed: Vec<_> = run.results().iter().map(|line| line["upload_id"].clone()).collect();
    assert_eq!(removed, [old, other]);
    assert_eq!(left(&fixture), [new]);
}

#[test]
fn only_keys_of_the_prefix_go() {
    let (fixture, [_, other, new]) = old_and_new();
    fixture.run(&["clean", &url(""), "--older-than", "7d", "--prefix", "in/"]).exits(0);
    assert_eq!(left(&fixture), [new, other]);
}

#[test]
fn a_dry_run_only_says_what_would_go() {
    let (fixture, [old, ..]) = old_and_new();
    let run = fixture.run(&["clean", &url("in/"), "--older-than", "7d", "--dry-run"]).exits(0);
    assert!(run.stdout.starts_with(&format!("would abort {} {old}, begun 20", url("in/old"))));
    assert_eq!(run.stdout.lines().count(), 1);
    assert_eq!(left(&fixture).len(), 3);
    assert_eq!(fixture.count("AbortMultipartUpload"), 0);
}

#[test]
fn one_that_cannot_be_removed_does_not_save_the_others() {
    let (fixture, [old, _, new]) = old_and_new();
    let rule = Rule::on("AbortMultipartUpload", Action::status(403, "AccessDenied")).key("in/old");
    fixture.emulator.add_rule(rule.always());
    let run = fixture.run(&["clean", &url(""), "--older-than", "7d", "--json"]).exits(3);
    assert_eq!(run.failure()["target"], url("in/old"));
    let mut expected = [old, new];
    expected.sort();
    let mut left = left(&fixture);
    left.sort();
    assert_eq!(left, expected);
}
