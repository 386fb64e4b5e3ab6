//! `put` of one file, with its options.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use oss_emulator::{Action, Rule};
use rustix::process::Signal;

use crate::fixture::{
    BUCKET, Fixture, PART, SECRET, bytes, first_request, five_parts, no_response, send, url,
};
use crate::run::Run;

#[test]
fn a_small_file_is_uploaded_in_one_request_and_reported() {
    let fixture = Fixture::new();
    fixture.file("a.txt", b"hello");
    let run = fixture.run(&["put", "a.txt", &url("b.txt")]).exits(0);
    assert_eq!(fixture.stored("b.txt").unwrap(), b"hello");
    assert!(run.stdout.starts_with("a.txt -> oss://cli-bucket/b.txt: 5 bytes"), "{run:?}");
    assert_eq!(run.stderr, "");
    assert_eq!(fixture.emulator.requests().len(), 1);
}

#[test]
fn a_file_name_that_is_not_utf8_needs_a_key() {
    let fixture = Fixture::new();
    let name = OsStr::from_bytes(b"\xff.bin");
    std::fs::write(fixture.folder.path().join(name), b"hello").unwrap();
    let put = |target: &str| {
        let mut command = fixture.command(&["put"]);
        Run::of(command.arg(name).arg(target).output().unwrap())
    };
    put(&url("a")).exits(0);
    assert_eq!(fixture.stored("a").unwrap(), b"hello");
    let run = put(&url("")).exits(2);
    assert!(run.stderr.contains("specify the key"), "{run:?}");
    // The directory of the checkpoint and the file of certificates are bytes too.
    let directory = fixture.folder.path().join(OsStr::from_bytes(b"\xb5\xb1"));
    std::fs::create_dir(&directory).unwrap();
    let mut command = fixture.command(&["put", "--single-below", "0", "--checkpoint-dir"]);
    Run::of(command.arg(&directory).arg(name).arg(url("b")).output().unwrap()).exits(0);
    assert_eq!(fixture.stored("b").unwrap(), b"hello");
    let mut command = fixture.command(&["put", "--json", "--ca-file"]);
    let run = Run::of(command.arg(&directory).arg(name).arg(url("c")).output().unwrap());
    assert!(run.stderr.is_ascii() || run.stderr.contains('\u{fffd}'), "{run:?}");
    assert_ne!(run.code, Some(0), "{run:?}");
}

#[test]
fn high_parallelism_raises_the_number_of_threads() {
    let fixture = Fixture::new();
    fixture.always(no_response("UploadPart"));
    fixture.file("big", &bytes(20 * PART));
    let options = ["--part-size", "100KiB", "--single-below", "0", "-j", "20"];
    let child = fixture.start(&[&["put", "big", &url("big")], &options[..]].concat());
    fixture.wait_for("UploadPart", 20);
    send(Signal::INT, &child);
    Run::wait(child).exits(130);
}

#[test]
fn a_large_file_is_uploaded_in_parts() {
    let fixture = Fixture::new();
    fixture.file("big", &five_parts());
    fixture.put_in_parts(&["--md5", "big", &url("folder/")]).exits(0);
    assert_eq!(fixture.stored("folder/big").unwrap(), five_parts());
    assert_eq!(fixture.parts_sent("UploadPart"), 5);
    assert!(first_request(&fixture, "UploadPart").header("content-md5").is_some());
}

#[test]
fn object_options_are_stored_with_the_object() {
    let fixture = Fixture::new();
    fixture.file("a", b"x");
    let options = [
        "--content-type",
        "image/png",
        "--metadata",
        "owner=me",
        "--metadata",
        "n=1",
        "--tag",
        "color=red",
        "--storage-class",
        "IA",
        "--acl",
        "public-read",
        "--header",
        "Cache-Control=no-cache",
    ];
    fixture.run(&[&["put", "a", &url("a")], &options[..]].concat()).exits(0);
    let object = fixture.emulator.object(BUCKET, "a").unwrap();
    assert_eq!(object.content_type.as_deref(), Some("image/png"));
    assert_eq!(object.metadata["owner"], "me");
    assert_eq!(object.metadata["n"], "1");
    assert_eq!(object.tags, [("color".to_owned(), "red".to_owned())]);
    assert_eq!(object.storage_class.as_deref(), Some("IA"));
    assert_eq!(object.acl.as_deref(), Some("public-read"));
    assert_eq!(object.headers["cache-control"], "no-cache");
}

#[test]
fn proxy_none_connects_directly() {
    let fixture = Fixture::new();
    fixture.file("a", b"x");
    fixture.run(&["put", "--proxy", "none", "--max-attempts", "1", "a", &url("a")]).exits(0);
    assert_eq!(fixture.stored("a").unwrap(), b"x");
}

#[test]
fn forbid_overwrite_keeps_an_existing_object() {
    let fixture = Fixture::new();
    fixture.file("a", b"new");
    fixture.run(&["put", "a", &url("a")]).exits(0);
    fixture.file("a", b"newer");
    let run = fixture.run(&["put", "--forbid-overwrite", "a", &url("a")]).exits(1);
    assert!(run.stderr.contains("FileAlreadyExists"), "{run:?}");
    assert_eq!(fixture.stored("a").unwrap(), b"new");
}

#[test]
fn no_object_is_created_on_a_checksum_mismatch() {
    let fixture = Fixture::new();
    fixture.file("a", b"hello");
    let md5 = "5d41402abc4b2a76b9719d911017c592";
    fixture.run(&["put", "a", &url("a"), "--expected-md5", md5]).exits(0);
    let (wrong, target) = ("00000000000000000000000000000000", url("b"));
    for wrong in [["--expected-md5", wrong], ["--expected-crc64", "17"]] {
        let run = fixture.run(&[&["put", "a", &target, "--json"], &wrong[..]].concat()).exits(1);
        assert_eq!(run.failure()["kind"], "integrity", "{run:?}");
    }
    assert_eq!(fixture.emulator.keys(BUCKET), ["a"]);
}

#[test]
fn a_sequential_upload_has_the_content_md5_of_the_object() {
    let fixture = Fixture::new();
    fixture.file("big", &five_parts());
    fixture.put_in_parts(&["--sequential", "big", &url("big")]).exits(0);
    assert!(fixture.emulator.object(BUCKET, "big").unwrap().content_md5.is_some());
}

#[test]
fn an_exceeded_timeout_aborts_the_upload() {
    let fixture = Fixture::new();
    fixture.always(no_response("UploadPart"));
    fixture.file("big", &five_parts());
    let run = fixture.put_in_parts(&["--timeout", "1s", "--json", "big", &url("big")]).exits(1);
    assert_eq!(run.failure()["kind"], "timeout", "{run:?}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_failed_upload_is_aborted_and_its_error_is_one_line() {
    let fixture = Fixture::new();
    fixture.emulator.add_rule(Rule::on("UploadPart", Action::status(403, "AccessDenied")).always());
    fixture.file("big", &five_parts());
    let run = fixture.put_in_parts(&["big", &url("big")]).exits(1);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert!(run.stderr.starts_with("ossmpu: big: UploadPart part "), "{run:?}");
    assert!(run.stderr.contains("AccessDenied"), "{run:?}");
    fixture.assert_bucket_empty();
}

#[test]
fn the_log_contains_no_secrets() {
    let fixture = Fixture::new();
    fixture.file("a", b"hello");
    let run = fixture.run(&["put", "-vv", "a", &url("a")]).exits(0);
    assert!(run.stderr.contains("> PUT http://"), "{run:?}");
    let signature =
        first_request(&fixture, "PutObject").header("authorization").unwrap().to_owned();
    let signature = signature.split("Signature=").nth(1).unwrap();
    assert!(!run.stderr.contains(SECRET) && !run.stderr.contains(signature), "{run:?}");
}

#[test]
fn quiet_prints_nothing_on_success() {
    let fixture = Fixture::new();
    fixture.file("a", &bytes(10));
    let run = fixture.run(&["put", "-q", "a", &url("a")]).exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn a_missing_file_is_a_failure() {
    let fixture = Fixture::new();
    let run = fixture.run(&["put", "none", &url("a")]).exits(1);
    assert!(run.stderr.contains("none: no such file or directory (ENOENT)"), "{run:?}");
    assert_eq!(fixture.emulator.requests().len(), 0);
}

#[test]
fn a_delta_upload_sends_what_has_changed_and_says_what_it_reused() {
    let fixture = Fixture::new();
    let mut content = five_parts();
    fixture.file("disk", &content);
    let target = url("disk?.img");
    let run = fixture.put_in_parts(&["--delta", "disk", &target]).exits(0);
    assert!(run.stdout.contains("the base was not used, or not to the end"), "{run:?}");
    content[PART] ^= 1;
    fixture.file("disk", &content);
    let run = fixture.put_in_parts(&["--delta", "disk", &target]).exits(0);
    let reused = content.len() - PART;
    assert!(run.stdout.contains(&format!("{reused} of them reused, {PART} sent")), "{run:?}");
    assert_eq!(fixture.stored("disk?.img").unwrap(), content);
    let base = format!("--delta={}", url("disk%3F.img"));
    let run = fixture.put_in_parts(&[&base, "--json", "disk", &url("copy")]).exits(0);
    let [line] = run.results().try_into().unwrap();
    assert_eq!((&line["bytes_sent"], &line["copies_in_vain"]), (&0.into(), &0.into()));
    assert_eq!((&line["parts_reused"], &line["delta_stopped"]), (&5.into(), &().into()));
    assert_eq!(line["bytes_reused"], content.len());
    assert_eq!(fixture.stored("copy").unwrap(), content);
}
