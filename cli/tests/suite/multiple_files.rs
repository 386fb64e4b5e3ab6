//! `put` of several files.

use oss_emulator::{Action, Rule};

use crate::fixture::{BUCKET, Fixture, url};

fn three_files() -> Fixture {
    let fixture = Fixture::new();
    for name in ["a", "b", "c"] {
        fixture.file(name, name.as_bytes());
    }
    fixture
}

fn deny(fixture: &Fixture, key: &str) {
    let rule = Rule::on("PutObject", Action::status(403, "AccessDenied")).key(key);
    fixture.emulator.add_rule(rule.always());
}

#[test]
fn file_names_are_appended_to_the_prefix() {
    let fixture = three_files();
    let run = fixture.run(&["put", "a", "b", "c", &url("in/")]).exits(0);
    assert_eq!(fixture.emulator.keys(BUCKET), ["in/a", "in/b", "in/c"]);
    assert_eq!(fixture.stored("in/b").unwrap(), b"b");
    assert_eq!(run.stdout.lines().count(), 3);
}

#[test]
fn one_failure_does_not_stop_the_others() {
    let fixture = three_files();
    deny(&fixture, "in/b");
    let run = fixture.run(&["put", "a", "b", "c", &url("in/"), "--json"]).exits(3);
    assert_eq!(fixture.emulator.keys(BUCKET), ["in/a", "in/c"]);
    let targets: Vec<_> = run.results().iter().map(|line| line["target"].clone()).collect();
    assert_eq!(targets, [url("in/a"), url("in/c")]);
    let failure = run.failure();
    assert_eq!((&failure["source"], &failure["target"]), (&"b".into(), &url("in/b").into()));
}

#[test]
fn exit_code_is_1_if_all_files_fail() {
    let fixture = three_files();
    deny(&fixture, "a");
    deny(&fixture, "b");
    let run = fixture.run(&["put", "a", "b", &url("")]).exits(1);
    assert_eq!(run.stderr.lines().count(), 2, "{run:?}");
}
