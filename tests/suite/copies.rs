//! Concurrent copies of objects within OSS.

use oss_emulator::{Action, Commit, Rule};
use ossmpu::{
    CopySource, Crc64, ErrorKind, HeadObject, Integrity, ObjectExists, ObjectHeaders, ObjectKey,
    PutObject, Result, UploadOptions, UploadResult,
};

use crate::fixture::{BUCKET, Fixture, NEVER_MS, PART, bytes, small_parts};

/// An object to copy of four parts and a byte.
fn with_source() -> (Fixture, Vec<u8>, CopySource) {
    let fixture = Fixture::new();
    let content = bytes(4 * PART + 1);
    let key = ObjectKey::parse("source +%中").unwrap();
    let mut options = small_parts();
    options
        .headers_mut()
        .set_metadata("color", "blue")
        .unwrap()
        .set_content_type("text/x-odd")
        .unwrap();
    let Fixture { client, bucket, cancel, .. } = &fixture;
    client.put_data(bucket, &key, content.clone(), &options, cancel).unwrap();
    let source = CopySource::new(bucket, &key);
    fixture.emulator.clear_requests();
    (fixture, content, source)
}

fn copy(fixture: &Fixture, source: &CopySource, options: &UploadOptions) -> Result<UploadResult> {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    client.copy_object(bucket, key, source, options, cancel)
}

#[test]
fn a_copy_in_parts_has_the_content_and_the_headers_of_its_source() {
    for copy_crc in [false, true] {
        let (fixture, content, source) = with_source();
        fixture.emulator.change_options(|options| options.copy_crc = copy_crc);
        let copied = copy(&fixture, &source, &small_parts()).unwrap();
        assert_eq!((copied.parts, copied.size), (5, content.len() as u64));
        assert!(copied.verified, "the source has a CRC-64");
        assert_eq!(fixture.count("UploadPartCopy"), 5);
        assert_eq!(fixture.count("ListParts"), 0);
        let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
        assert_eq!(object.bytes().unwrap(), content);
        assert_eq!(copied.crc64, Some(object.crc64));
        assert_eq!(object.content_type.as_deref(), Some("text/x-odd"));
        assert_eq!(object.metadata["color"], "blue");
        fixture.assert_nothing_left();
    }
}

#[test]
fn parts_are_copied_at_the_same_time() {
    let (fixture, content, source) = with_source();
    let held = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPartCopy", held).times(4));
    std::thread::scope(|scope| {
        let copying = scope.spawn(|| copy(&fixture, &source, &small_parts()));
        fixture.wait_for("UploadPartCopy", 4);
        fixture.emulator.end_delays();
        copying.join().unwrap().unwrap();
    });
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn headers_of_the_caller_replace_those_of_the_source() {
    let (fixture, content, source) = with_source();
    let mut options = small_parts();
    options.headers_mut().set_metadata("size", "large").unwrap();
    copy(&fixture, &source, &options).unwrap();
    let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
    assert_eq!(object.bytes().unwrap(), content);
    assert!(object.metadata.contains_key("size") && !object.metadata.contains_key("color"));
}

#[test]
fn a_source_with_another_crc64_than_expected_is_not_copied() {
    let (fixture, _, source) = with_source();
    let mut options = small_parts();
    options.set_expected_crc64(7);
    let error = copy(&fixture, &source, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(fixture.operations(), ["HeadObject"]);
}

#[test]
fn an_empty_object_is_copied_with_what_describes_it_and_without_a_part() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, cancel, .. } = &fixture;
    let empty = ObjectKey::parse("empty").unwrap();
    let mut headers = ObjectHeaders::new();
    headers.set_metadata("color", "blue").unwrap().set_tag("team", "d b").unwrap();
    headers.set_content_type("text/x-odd").unwrap();
    client.put_object(&PutObject::new(bucket, &empty).with_headers(&headers), cancel).unwrap();
    fixture.emulator.clear_requests();
    let copied = copy(&fixture, &CopySource::new(bucket, &empty), &small_parts()).unwrap();
    assert_eq!((copied.size, copied.parts, copied.crc64), (0, 0, Some(0)));
    assert_eq!(fixture.operations(), ["HeadObject", "GetObjectTagging", "PutObject"]);
    assert_eq!(fixture.stored().unwrap(), [0; 0]);
    let object = target(&fixture);
    assert_eq!(object.content_type.as_deref(), Some("text/x-odd"));
    assert_eq!(object.metadata["color"], "blue");
    assert_eq!(object.tags, [("team".into(), "d b".into())]);
}

#[test]
fn the_request_payer_header_is_sent_for_the_source() {
    let (fixture, content, source) = with_source();
    let mut options = small_parts();
    options.headers_mut().set_request_payer(true);
    let other_account = oss_emulator::AccessKey::new("other-id", "other-secret").foreign();
    fixture.emulator.add_key(other_account);
    fixture.emulator.set_bucket_acl(BUCKET, "public-read-write").unwrap();
    fixture.emulator.set_requester_pays(BUCKET, true).unwrap();
    let mut config = crate::fixture::config(&fixture.emulator);
    config.set_keys("other-id", "other-secret", None).unwrap();
    let fixture = Fixture { client: ossmpu::Client::new(&config).unwrap(), ..fixture };
    let error = copy(&fixture, &source, &small_parts()).unwrap_err();
    assert_eq!(error.http_status(), Some(403));
    copy(&fixture, &source, &options).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn a_copy_that_fails_leaves_nothing_behind() {
    let (fixture, _, source) = with_source();
    let denied = Action::status(403, "AccessDenied");
    fixture.emulator.add_rule(Rule::on("UploadPartCopy", denied).part(3).always());
    let error = copy(&fixture, &source, &small_parts()).unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Service, Some(3)));
    assert!(!error.parts_left() && fixture.stored().is_none());
    fixture.assert_nothing_left();
}

#[test]
fn a_source_that_is_replaced_during_the_copy_is_an_error() {
    let (fixture, content, source) = with_source();
    let late = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPartCopy", late).part(5));
    let error = std::thread::scope(|scope| {
        let copying = scope.spawn(|| copy(&fixture, &source, &small_parts()).unwrap_err());
        fixture.wait_for("UploadPartCopy", 5);
        let Fixture { client, bucket, cancel, .. } = &fixture;
        let key = ObjectKey::parse("source +%中").unwrap();
        let other: Vec<u8> = content.iter().rev().copied().collect();
        client.put_data(bucket, &key, other, &UploadOptions::new(), cancel).unwrap();
        fixture.emulator.end_delays();
        copying.join().unwrap()
    });
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert!(fixture.stored().is_none());
    fixture.assert_nothing_left();
}

#[test]
fn a_part_that_holds_the_whole_source_is_an_error() {
    let (fixture, _, source) = with_source();
    // OSS omits this header when it has ignored the range.
    let without_range =
        Action { remove_headers: vec!["Content-Range".to_owned()], ..Action::default() };
    fixture.always("UploadPartCopy", without_range);
    let error = copy(&fixture, &source, &small_parts()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    fixture.assert_nothing_left();
}

#[test]
fn lost_responses_and_a_cancel_are_handled_as_in_an_upload() {
    let (fixture, content, source) = with_source();
    for operation in ["UploadPartCopy", "CompleteMultipartUpload"] {
        fixture.once(operation, Action::lose_response(Commit::After));
        copy(&fixture, &source, &small_parts()).unwrap();
        assert_eq!(fixture.stored().unwrap(), content);
        fixture.assert_nothing_left();
    }
    fixture.emulator.clear_requests();
    fixture.always("UploadPartCopy", Action::delay_response(60_000));
    let error = std::thread::scope(|scope| {
        let copying = scope.spawn(|| copy(&fixture, &source, &small_parts()).unwrap_err());
        fixture.cancel_at("UploadPartCopy");
        copying.join().unwrap()
    });
    assert_eq!(error.kind(), ErrorKind::Canceled);
    fixture.assert_nothing_left();
}

/// An object with everything that a copy keeps, of four parts and a byte.
fn with_described_source() -> (Fixture, Vec<u8>, CopySource) {
    let (fixture, content, source) = with_source();
    let mut options = small_parts();
    let headers = options.headers_mut();
    headers.set_metadata("color", "blue").unwrap().set_tag("team", "d b").unwrap();
    headers.set_header("Content-Language", "de").unwrap().set_tag("x", "").unwrap();
    let Fixture { client, bucket, cancel, .. } = &fixture;
    let key = ObjectKey::parse("source +%中").unwrap();
    client.put_data(bucket, &key, content.clone(), &options, cancel).unwrap();
    fixture.emulator.clear_requests();
    (fixture, content, source)
}

fn target(fixture: &Fixture) -> oss_emulator::ObjectView {
    fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap()
}

fn without_crc64(operation: &str) -> Rule {
    let remove_headers = vec!["x-oss-hash-crc64ecma".to_owned()];
    Rule::on(operation, Action { remove_headers, ..Action::default() }).always()
}

/// In parts, and with one CopyObject.
fn ways() -> [(UploadOptions, &'static str); 2] {
    [(small_parts(), "CompleteMultipartUpload"), (UploadOptions::new(), "CopyObject")]
}

#[test]
fn a_small_object_is_copied_with_one_request() {
    let (fixture, content, source) = with_described_source();
    let copied = copy(&fixture, &source, &UploadOptions::new()).unwrap();
    assert_eq!((copied.parts, copied.size, copied.verified), (0, content.len() as u64, true));
    assert_eq!(copied.crc64, Some(target(&fixture).crc64));
    // The second HeadObject has the CRC-64 of the copy.
    assert_eq!(fixture.operations(), ["HeadObject", "CopyObject", "HeadObject"]);
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.emulator.change_options(|options| options.copy_crc = true);
    fixture.emulator.clear_requests();
    assert!(copy(&fixture, &source, &UploadOptions::new()).unwrap().verified);
    assert_eq!(fixture.operations(), ["HeadObject", "CopyObject"]);
}

#[test]
fn a_copy_has_the_tags_and_the_language_of_its_source() {
    for (mut options, _) in ways() {
        let (fixture, _, source) = with_described_source();
        copy(&fixture, &source, &options).unwrap();
        let copied = target(&fixture);
        assert_eq!(copied.tags, [("team".into(), "d b".into()), ("x".into(), String::new())]);
        assert_eq!(copied.headers["content-language"], "de");
        assert_eq!(copied.metadata["color"], "blue");
        options.set_copy_tags(false);
        fixture.emulator.clear_requests();
        copy(&fixture, &source, &options).unwrap();
        assert!(target(&fixture).tags.is_empty());
        assert_eq!(target(&fixture).metadata["color"], "blue");
        assert_eq!(fixture.count("GetObjectTagging"), 0);
    }
}

#[test]
fn tags_and_metadata_of_the_caller_do_not_replace_each_other() {
    for (options, _) in ways() {
        let (fixture, _, source) = with_described_source();
        let mut tagged = options.clone();
        tagged.headers_mut().set_tag("mine", "1").unwrap();
        copy(&fixture, &source, &tagged).unwrap();
        let copied = target(&fixture);
        assert_eq!(copied.tags, [("mine".into(), "1".into())]);
        assert_eq!(copied.metadata["color"], "blue");
        let mut described = options;
        described.headers_mut().set_metadata("size", "large").unwrap();
        copy(&fixture, &source, &described).unwrap();
        let copied = target(&fixture);
        assert_eq!(copied.tags.len(), 2);
        assert!(copied.metadata.contains_key("size") && !copied.metadata.contains_key("color"));
    }
}

/// HeadObject shows no count for an object without tags, and none of tags that must not be read.
#[test]
fn a_copy_in_parts_reads_the_tags_unless_their_count_is_zero() {
    let (fixture, _, source) = with_source();
    copy(&fixture, &source, &small_parts()).unwrap();
    assert_eq!(fixture.count("GetObjectTagging"), 1);
    let headers = [("x-oss-tagging-count".to_owned(), "0".to_owned())].into();
    fixture.always("HeadObject", Action { headers, ..Action::default() });
    copy(&fixture, &source, &small_parts()).unwrap();
    assert_eq!(fixture.count("GetObjectTagging"), 1);
}

#[test]
fn tags_that_must_not_be_read_fail_the_copy_with_a_remedy() {
    let (fixture, _, source) = with_described_source();
    fixture.emulator.change_options(|options| options.deny_tagging = true);
    let mut options = small_parts();
    let error = copy(&fixture, &source, &options).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Service, Some("GetObjectTagging")));
    assert!(error.to_string().contains("copy_tags"), "{error}");
    assert_eq!(fixture.count("InitiateMultipartUpload"), 0);
    options.set_copy_tags(false);
    copy(&fixture, &source, &options).unwrap();
    assert!(target(&fixture).tags.is_empty());
}

#[test]
fn a_lost_response_is_determined_without_a_crc64_of_the_copy() {
    for (options, creates) in ways() {
        for forbid_overwrite in [false, true] {
            let (fixture, content, source) = with_source();
            let mut options = options.clone();
            options.headers_mut().set_forbid_overwrite(forbid_overwrite);
            fixture.emulator.add_rule(without_crc64("HeadObject"));
            fixture.once(creates, Action::lose_response(Commit::After));
            let copied = copy(&fixture, &source, &options).unwrap();
            assert!(!copied.verified && copied.crc64.is_none(), "{creates}");
            assert_eq!(copied.etag.unwrap().unquoted(), target(&fixture).etag);
            assert_eq!(fixture.stored().unwrap(), content);
            fixture.assert_nothing_left();
        }
    }
}

#[test]
fn a_copy_that_is_refused_made_no_object_and_is_not_looked_for() {
    let (fixture, _, source) = with_source();
    fixture.always("CopyObject", Action::status(403, "AccessDenied"));
    let error = copy(&fixture, &source, &UploadOptions::new()).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Service, ObjectExists::No));
    assert_eq!(fixture.operations(), ["HeadObject", "CopyObject"]);
}

#[test]
fn a_copy_returns_its_version_and_its_request() {
    for (options, creates) in ways() {
        let (fixture, _, source) = with_source();
        fixture.emulator.set_versioning(BUCKET, true).unwrap();
        let copied = copy(&fixture, &source, &options).unwrap();
        assert_eq!(copied.version_id, Some(target(&fixture).version_id), "{creates}");
        let requests = fixture.emulator.requests();
        let request = requests.iter().find(|request| request.op == creates).unwrap();
        assert_eq!(copied.request_id.as_ref(), Some(&request.request_id), "{creates}");
    }
}

#[test]
fn a_repeated_copy_that_a_rule_of_the_bucket_refuses_was_successful() {
    let (fixture, content, source) = with_source();
    fixture.once("CopyObject", Action::lose_response(Commit::After));
    let refused = Rule::on("CopyObject", Action::status(409, "FileImmutable")).nth(2).always();
    fixture.emulator.add_rule(refused);
    assert!(copy(&fixture, &source, &UploadOptions::new()).unwrap().verified);
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn a_copy_of_a_source_without_crc64_is_not_verified() {
    for (mut options, creates) in ways() {
        let (fixture, content, source) = with_source();
        // The parts have one, which shows nothing about the source.
        fixture.emulator.change_options(|options| options.copy_crc = true);
        fixture.emulator.add_rule(without_crc64("HeadObject").times(1));
        assert!(!copy(&fixture, &source, &options).unwrap().verified);
        assert_eq!(fixture.count("ListParts"), 0);
        assert_eq!(fixture.stored().unwrap(), content);
        fixture.emulator.add_rule(without_crc64("HeadObject").times(1));
        options.set_require_verified(true);
        let error = copy(&fixture, &source, &options).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Integrity, Some(creates)));
        assert_eq!(error.object_exists(), ObjectExists::Yes);
    }
}

#[test]
fn a_source_that_is_replaced_before_the_copy_is_an_error() {
    let (fixture, _, source) = with_source();
    fixture.once("HeadObject", Action::delay_response(NEVER_MS));
    let error = std::thread::scope(|scope| {
        let copying = scope.spawn(|| copy(&fixture, &source, &UploadOptions::new()).unwrap_err());
        fixture
            .wait_until(|requests| requests.iter().any(|r| r.op == "HeadObject" && r.status != 0));
        let Fixture { client, bucket, cancel, .. } = &fixture;
        let key = ObjectKey::parse("source +%中").unwrap();
        client.put_data(bucket, &key, b"other".to_vec(), &UploadOptions::new(), cancel).unwrap();
        fixture.emulator.end_delays();
        copying.join().unwrap()
    });
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Changed, ObjectExists::No));
    assert!(fixture.stored().is_none());
}

#[test]
fn a_progress_callback_can_stop_a_small_copy_before_it_is_made() {
    let (fixture, _, source) = with_source();
    let mut options = UploadOptions::new();
    options.set_progress(|_| std::ops::ControlFlow::Break(7));
    let error = copy(&fixture, &source, &options).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Canceled, ObjectExists::No));
    assert_eq!(fixture.count("CopyObject"), 0);
}

#[test]
fn a_copy_onto_itself_keeps_what_it_does_not_change() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    let headers = options.headers_mut().set_content_type("a/b").unwrap();
    headers.set_cache_control("no-cache").unwrap().set_metadata("owner", "me").unwrap();
    fixture.put(b"content", &options).unwrap();
    let mut options = UploadOptions::new();
    options.headers_mut().set_storage_class("IA").unwrap();
    let source = CopySource::new(bucket, key);
    client.copy_object(bucket, key, &source, &options, cancel).unwrap();
    let head = client.head_object(&HeadObject::new(bucket, key), cancel).unwrap();
    for (name, value) in [
        ("content-type", "a/b"),
        ("cache-control", "no-cache"),
        ("x-oss-meta-owner", "me"),
        ("x-oss-storage-class", "IA"),
    ] {
        assert_eq!(head.headers.value(name), Some(value), "{name}");
    }
}

/// Copies in parts and with an expected CRC-64, from a source without one.
fn copy_expecting(fixture: &Fixture, source: &CopySource, crc64: u64) -> Result<UploadResult> {
    fixture.emulator.clear_requests();
    fixture.emulator.add_rule(without_crc64("HeadObject").times(1));
    let mut options = UploadOptions::new();
    options.set_part_size(PART).unwrap().set_expected_crc64(crc64);
    options.set_integrity(Integrity::NONE).set_hedging(false);
    copy(fixture, source, &options)
}

#[test]
fn an_expected_crc64_is_compared_before_complete_if_the_source_has_none() {
    for copy_crc in [false, true] {
        let (fixture, content, source) = with_source();
        fixture.emulator.change_options(|options| options.copy_crc = copy_crc);
        let error = copy_expecting(&fixture, &source, 7).unwrap_err();
        assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::No));
        assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
        fixture.assert_nothing_left();
        let mut expected = Crc64::new();
        expected.update(&content);
        copy_expecting(&fixture, &source, expected.value()).unwrap();
        assert_eq!(fixture.count("ListParts"), usize::from(!copy_crc));
        assert_eq!(fixture.stored().unwrap(), content);
    }
}

#[test]
fn an_expected_crc64_that_cannot_be_compared_fails_the_copy_before_complete() {
    let replacing = |from: &str, to: &str| {
        let replace = [(from.to_owned(), to.to_owned())].into();
        Action { replace, ..Action::default() }
    };
    for listed in [
        replacing("HashCrc64ecma", "Other"),
        // Of other parts than those that were copied.
        replacing("<Size>", "<Size>1"),
        Action { bad_etag: true, ..Action::default() },
    ] {
        let (fixture, content, source) = with_source();
        fixture.always("ListParts", listed);
        let mut expected = Crc64::new();
        expected.update(&content);
        let error = copy_expecting(&fixture, &source, expected.value()).unwrap_err();
        let found = (error.kind(), error.object_exists());
        assert_eq!(found, (ErrorKind::Integrity, ObjectExists::No), "{error}");
        assert!(error.to_string().contains("cannot be compared"), "{error}");
        assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
        fixture.assert_nothing_left();
    }
}
