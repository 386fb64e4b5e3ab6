//! `cp`: copies objects without downloading them.

use crate::fixture::{BUCKET, Fixture, first_request, five_parts, url};

fn with_object() -> Fixture {
    let fixture = Fixture::new();
    fixture.file("big", &five_parts());
    fixture.run(&["put", "big", &url("in/big"), "--metadata", "owner=me"]).exits(0);
    fixture
}

#[test]
fn a_copy_uses_parts_and_keeps_the_metadata_of_the_source() {
    let fixture = with_object();
    let (from, to) = (url("in/big"), url("out/"));
    let run = fixture.run(&["cp", "--part-size", "100KiB", &from, &to]).exits(0);
    assert_eq!(fixture.stored("out/big").unwrap(), five_parts());
    assert_eq!(fixture.emulator.object(BUCKET, "out/big").unwrap().metadata["owner"], "me");
    assert_eq!((fixture.count("UploadPartCopy"), fixture.count("GetObject")), (5, 0));
    let expected = format!("{from} -> {}: 409601 bytes", url("out/big"));
    assert!(run.stdout.starts_with(&expected), "{run:?}");
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
    let fixture = with_object();
    fixture.emulator.clear_requests();
    fixture.run(&["cp", &url("in/big"), &url("b"), "--signature", "v1"]).exits(0);
    let authorization =
        first_request(&fixture, "UploadPartCopy").header("authorization").unwrap().to_owned();
    assert!(authorization.starts_with("OSS test-id:"), "{authorization}");
}
