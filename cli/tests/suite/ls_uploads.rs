//! `ls-uploads`, `parts` and `abort`.

use oss_emulator::{Action, Rule};

use crate::fixture::{BUCKET, Fixture, five_parts, url};

#[test]
fn uploads_are_filtered_by_prefix_and_grouped_by_delimiter() {
    let fixture = Fixture::new();
    let ids: Vec<_> = ["a", "in/b", "in/c"].iter().map(|key| fixture.initiate(key)).collect();
    let list =
        |arguments: &[&str]| fixture.run(&[&["ls-uploads"], arguments].concat()).exits(0).stdout;
    let all = list(&[&url("")]);
    let lines: Vec<Vec<_>> = all.lines().map(|line| line.split('\t').collect()).collect();
    let uploads: Vec<_> = lines.iter().map(|line| (line[1], line[2])).collect();
    let [a, b, c] = [url("a"), url("in/b"), url("in/c")];
    assert_eq!(uploads, [(&*ids[0], &*a), (&*ids[1], &*b), (&*ids[2], &*c)]);
    assert!(lines[0][0].ends_with('Z'), "{all}");
    assert_eq!(list(&[&url("in/")]), list(&["oss://cli-bucket", "--prefix", "in/"]));
    assert_eq!(list(&[&url("in/")]).lines().count(), 2);
    let grouped = list(&[&url(""), "--delimiter", "/"]);
    assert!(grouped.ends_with(&format!("PRE\t-\t{}\n", url("in/"))), "{grouped}");
    assert_eq!(grouped.lines().count(), 2);
}

#[test]
fn control_characters_in_keys_are_escaped() {
    let fixture = Fixture::new();
    fixture.initiate("evil\n\u{1b}[2J");
    let run = fixture.run(&["ls-uploads", &url("")]).exits(0);
    assert!(run.stdout.trim_end().ends_with("/evil\\n\\u{1b}[2J"), "{run:?}");
    let run = fixture.run(&["ls-uploads", &url(""), "--json"]).exits(0);
    assert_eq!(run.results()[0]["key"], "evil\n\u{1b}[2J");
}

#[test]
fn characters_that_reverse_or_break_lines_are_escaped() {
    const KEY: &str = "a\tb\u{202e}c\u{2028}d\u{9b}e";
    let fixture = Fixture::new();
    fixture.initiate(KEY);
    let run = fixture.run(&["ls-uploads", &url("")]).exits(0);
    assert!(run.stdout.ends_with("/a\\tb\\u{202e}c\\u{2028}d\\u{9b}e\n"), "{run:?}");
    assert_eq!(run.stdout.split('\t').count(), 3);
    let run = fixture.run(&["ls-uploads", &url(""), "--json"]).exits(0);
    assert!(run.stdout.is_ascii(), "{run:?}");
    assert_eq!(run.results()[0]["key"], KEY);
    // The errors of a command and of the command line.
    for arguments in
        [&["put", "no\u{202e}file\u{9b}", &url("k")][..], &["put", "--no\u{202e}option"]]
    {
        for json in [&[][..], &["--json"]] {
            let run = fixture.run(&[arguments, json].concat());
            assert!(run.stderr.is_ascii() && run.stderr.contains("202e"), "{run:?}");
        }
    }
}

#[test]
fn parts_are_listed_and_abort_removes_them() {
    let fixture = Fixture::new();
    let denied = Rule::on("CompleteMultipartUpload", Action::status(403, "AccessDenied"));
    fixture.emulator.add_rule(denied);
    fixture.file("big", &five_parts());
    let run = fixture.put_in_parts(&["--keep-parts", "--json", "big", &url("big")]).exits(1);
    let upload_id = run.failure()["upload_id"].as_str().unwrap().to_owned();

    let stored = fixture.emulator.uploads(BUCKET).remove(0);
    let run = fixture.run(&["parts", &url("big"), &upload_id, "--json"]).exits(0);
    for (line, part) in run.results().iter().zip(&stored.parts) {
        assert_eq!((&line["part_number"], &line["size"]), (&part.number.into(), &part.size.into()));
        assert_eq!(line["crc64"], part.crc64.to_string());
        assert_eq!(line["etag"], part.etag);
    }
    let run = fixture.run(&["parts", &url("big"), &upload_id]).exits(0);
    assert!(run.stdout.starts_with("1\t102400\t"), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 5);

    let run = fixture.run(&["abort", &url("big"), &upload_id]).exits(0);
    assert_eq!(run.stdout, format!("aborted {} {upload_id}\n", url("big")));
    fixture.assert_bucket_empty();
}

#[test]
fn an_unknown_upload_is_a_failure() {
    let fixture = Fixture::new();
    let existing = fixture.initiate("a");
    let run = fixture.run(&["abort", &url("a"), "none", &existing]).exits(3);
    assert!(run.stderr.contains("NoSuchUpload"), "{run:?}");
    fixture.assert_bucket_empty();
    fixture.run(&["abort", &url("a"), "none"]).exits(1);
    fixture.run(&["parts", &url("a"), "none"]).exits(1);
}

#[test]
fn every_request_carries_the_request_payer() {
    let fixture = Fixture::new();
    let (upload_id, target) = (fixture.initiate("a"), url("a"));
    fixture.emulator.clear_requests();
    fixture.run(&["ls-uploads", &url(""), "--request-payer"]).exits(0);
    fixture.run(&["parts", &target, &upload_id, "--request-payer"]).exits(0);
    fixture.run(&["abort", &target, &upload_id, "--request-payer"]).exits(0);
    fixture.file("big", &five_parts());
    fixture.put_in_parts(&["big", &target, "--request-payer"]).exits(0);
    let requests = fixture.emulator.requests();
    assert!(requests.len() > 10, "{requests:?}");
    for request in requests {
        assert_eq!(request.header("x-oss-request-payer"), Some("requester"), "{request:?}");
    }
}
