//! Objects that are stored although their upload callback failed.

use oss_emulator::{Action, Rule};

use crate::fixture::{Fixture, bytes, url};

/// Base64 of `{"callbackUrl":"http://127.0.0.1:1/","callbackBody":"x"}`, where nothing listens.
const CALLBACK: &str =
    "x-oss-callback=eyJjYWxsYmFja1VybCI6Imh0dHA6Ly8xMjcuMC4wLjE6MS8iLCJjYWxsYmFja0JvZHkiOiJ4In0=";

const MESSAGE: &str = "ossmpu: a: the object is stored, but its callback failed; status 203";

fn with_callbacks() -> Fixture {
    let fixture = Fixture::new();
    fixture.emulator.set_option("private_callbacks").unwrap();
    fixture.file("a", b"hello");
    fixture
}

#[test]
fn the_failure_goes_to_stderr_with_its_own_exit_code() {
    let fixture = with_callbacks();
    for single_below in ["0", "1MiB"] {
        let options = ["--single-below", single_below, "--header", CALLBACK];
        let put = |more: &[&str]| {
            let target = url("a");
            fixture.run(&[&["put", "a", &target], &options[..], more].concat()).exits(4)
        };
        let run = put(&[]);
        assert!(run.stdout.starts_with("a -> oss://cli-bucket/a: 5 bytes"), "{run:?}");
        assert!(run.stderr.contains(MESSAGE), "{run:?}");
        let run = put(&["--quiet"]);
        assert!(run.stderr.starts_with(MESSAGE) && run.stderr.lines().count() == 1, "{run:?}");
        assert_eq!(run.stdout, "");
        let run = put(&["--json", "--quiet"]);
        let failure = run.failure();
        for (field, value) in [
            ("oss_code", "CallbackFailed"),
            ("object_exists", "yes"),
            ("source", "a"),
            ("target", &url("a")),
        ] {
            assert_eq!(failure[field], value, "{failure}");
        }
        let [line] = run.results().try_into().unwrap();
        assert!(line["callback_error"].is_string(), "{line}");
    }
    assert_eq!(fixture.stored("a").unwrap(), b"hello");
}

#[test]
fn a_copy_reports_it_too() {
    let fixture = with_callbacks();
    fixture.file("big", &bytes(1 << 20));
    fixture.run(&["put", "big", &url("big")]).exits(0);
    let parts = ["--single-below", "0", "--header", CALLBACK, "--quiet"];
    let run = fixture.run(&[&["cp", &url("big"), &url("b")], &parts[..]].concat()).exits(4);
    assert!(run.stderr.contains("the object is stored, but its callback failed"), "{run:?}");
    assert_eq!(fixture.stored("b").unwrap(), bytes(1 << 20));
}

#[test]
fn an_object_that_is_missing_counts_more() {
    let fixture = with_callbacks();
    fixture.file("b", b"b");
    let put = || fixture.run(&["put", "a", "b", &url(""), "-q", "--header", CALLBACK]);
    assert_eq!(put().exits(4).stderr.lines().count(), 2);
    let rule = Rule::on("PutObject", Action::status(403, "AccessDenied")).key("b");
    fixture.emulator.add_rule(rule.always());
    assert_eq!(put().exits(3).stderr.lines().count(), 2);
}
