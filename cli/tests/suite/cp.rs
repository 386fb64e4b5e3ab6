//! `cp`: copies objects without downloading them.

use crate::fixture::{BUCKET, Fixture, bytes, first_request, five_parts, url};

fn with_object(content: &[u8]) -> Fixture {
    let fixture = Fixture::new();
    fixture.file("big", content);
    fixture.run(&["put", "big", &url("in/big"), "--metadata", "owner=me"]).exits(0);
    fixture.emulator.clear_requests();
    fixture
}

#[test]
fn a_large_copy_uses_parts_and_keeps_the_metadata_of_the_source() {
    let content = bytes(9 << 20);
    let fixture = with_object(&content);
    let (from, to) = (url("in/big"), url("out/"));
    let run = fixture.run(&["cp", "--part-size", "2MiB", &from, &to]).exits(0);
    assert!(fixture.stored("out/big").unwrap() == content);
    assert_eq!(fixture.emulator.object(BUCKET, "out/big").unwrap().metadata["owner"], "me");
    assert_eq!((fixture.parts_sent("UploadPartCopy"), fixture.count("GetObject")), (5, 0));
    let expected = format!("{from} -> {}: 9437184 bytes", url("out/big"));
    assert!(run.stdout.starts_with(&expected), "{run:?}");
}

#[test]
fn a_small_copy_is_one_request_and_keeps_the_metadata_of_the_source() {
    let fixture = with_object(&five_parts());
    fixture.run(&["cp", &url("in/big"), &url("out/")]).exits(0);
    assert_eq!(fixture.stored("out/big").unwrap(), five_parts());
    assert_eq!(fixture.emulator.object(BUCKET, "out/big").unwrap().metadata["owner"], "me");
    assert_eq!((fixture.count("CopyObject"), fixture.count("UploadPartCopy")), (1, 0));
}

#[test]
fn a_missing_source_is_named() {
    let fixture = Fixture::new();
    let run = fixture.run(&["cp", &url("none"), &url("out"), "--json"]).exits(1);
    let failure = run.failure();
    assert_eq!(failure["source"], url("none"));
    assert_eq!(
        (&failure["operation"], &failure["http_status"]),
        (&"HeadObject".into(), &404.into())
    );
    fixture.assert_bucket_empty();
}

#[test]
fn signature_v1_is_used_on_request() {
    let fixture = with_object(&five_parts());
    fixture.run(&["cp", &url("in/big"), &url("b"), "--signature", "v1"]).exits(0);
    let authorization =
        first_request(&fixture, "CopyObject").header("authorization").unwrap().to_owned();
    assert!(authorization.starts_with("OSS test-id:"), "{authorization}");
}

#[test]
fn tags_are_copied_unless_they_are_left_out() {
    let fixture = Fixture::new();
    fixture.file("a", b"tagged");
    fixture.run(&["put", "a", &url("a"), "--tag", "team=db"]).exits(0);
    let tags = |key: &str| fixture.emulator.object(BUCKET, key).unwrap().tags;
    fixture.run(&["cp", &url("a"), &url("b")]).exits(0);
    assert_eq!(tags("b"), [("team".into(), "db".into())]);
    fixture.run(&["cp", "--no-copy-tags", "--single-below", "0", &url("a"), &url("c")]).exits(0);
    assert!(tags("c").is_empty());
}
