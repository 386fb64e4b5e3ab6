//! `--json`: output for programs.

use oss_emulator::{Action, Rule};

use crate::fixture::{BUCKET, Fixture, five_parts, url};

#[test]
fn a_result_has_all_fields_of_the_object() {
    let fixture = Fixture::new();
    fixture.file("big", &five_parts());
    let run = fixture.put_in_parts(&["--json", "--quiet", "big", &url("big")]).exits(0);
    let [line] = run.results().try_into().unwrap();
    let object = fixture.emulator.object(BUCKET, "big").unwrap();
    assert_eq!(line["source"], "big");
    assert_eq!(line["target"], url("big"));
    assert_eq!((&line["size"], &line["parts"]), (&409_601.into(), &5.into()));
    assert_eq!(line["crc64"], object.crc64.to_string());
    assert_eq!(line["etag"], object.etag);
    assert!(line["upload_id"].is_string() && line["request_id"].is_string(), "{line}");
    assert_eq!((&line["bytes_resumed"], &line["version_id"]), (&0.into(), &().into()));
    assert_eq!(run.stderr, "");
}

#[test]
fn a_failure_has_all_fields_of_the_library_error() {
    let fixture = Fixture::new();
    let rule = Rule::on("UploadPart", Action::status(503, "ServiceUnavailable")).part(2);
    fixture.emulator.add_rule(rule.always());
    fixture.file("big", &five_parts());
    let arguments = ["--json", "--max-attempts", "2", "-j", "1", "big", &url("big")];
    let parts = ["put", "--part-size", "100KiB", "--single-below", "0"];
    let run = fixture.run(&[&parts[..], &arguments].concat()).exits(1);
    let failure = run.failure();
    for (field, value) in [
        ("kind", "service"),
        ("source", "big"),
        ("operation", "UploadPart"),
        ("oss_code", "ServiceUnavailable"),
        ("object_exists", "no"),
    ] {
        assert_eq!(failure[field], value, "{failure}");
    }
    assert_eq!(failure["http_status"], 503);
    assert_eq!(failure["part_number"], 2);
    assert_eq!(failure["attempts"], 2);
    assert_eq!((&failure["retryable"], &failure["parts_left"]), (&true.into(), &false.into()));
    let request_id = failure["request_id"].as_str().unwrap();
    assert!(fixture.emulator.requests().iter().any(|request| request.request_id == request_id));
    let fields: Vec<_> = failure.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, FIELDS);
    assert_eq!(run.stdout, "");
}

/// Stable names; unknown values are null.
const FIELDS: [&str; 24] = [
    "argument",
    "attempts",
    "bytes_sent",
    "cause",
    "ec",
    "host",
    "http_status",
    "kind",
    "message",
    "object_exists",
    "operation",
    "os_errno",
    "oss_code",
    "oss_message",
    "part_number",
    "parts_left",
    "phase",
    "request_id",
    "retryable",
    "source",
    "target",
    "throttled_ms",
    "upload_id",
    "upload_may_exist",
];

#[test]
fn command_line_errors_are_json_too() {
    let fixture = Fixture::new();
    let run = fixture.run(&["put", "--json", "--no-such-option"]).exits(2);
    let failure = run.failure();
    assert_eq!(failure["kind"], "usage");
    assert!(failure["message"].as_str().unwrap().contains("--no-such-option"), "{failure}");
    assert_library_fields_are_null(&failure);
    let failure =
        fixture.run(&["put", "--json", "--upload-id", "ID", "a", "b", &url("")]).failure();
    assert_eq!(failure["kind"], "usage");
    assert_library_fields_are_null(&failure);
}

fn assert_library_fields_are_null(failure: &serde_json::Value) {
    let fields: Vec<_> = failure.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, FIELDS);
    for field in FIELDS.iter().filter(|field| !["kind", "message"].contains(field)) {
        assert!(failure[field].is_null(), "{field} of {failure}");
    }
}
