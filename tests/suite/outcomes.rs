//! Outcomes of uploads: what is left behind, whether the object exists, and what the error reports.

use std::time::{Duration, Instant};

use oss_emulator::{Action, Commit, Direction, Rule, Stall};
use ossmpu::{Client, ErrorKind, LogLevel, MultipartUpload, ObjectExists, UploadOptions};

use crate::fake_server::FakeServer;
use crate::fixture::{
    BUCKET, Fixture, Lines, NEVER_MS, PART, bytes, config, five_parts, number, small_parts,
};

const ABORT: &str = "AbortMultipartUpload";
const COMPLETE: &str = "CompleteMultipartUpload";
/// Less than all attempts to abort take.
const SOON: Duration = Duration::from_secs(10);

/// Makes every attempt of part 3 fail.
fn deny_part_3(fixture: &Fixture) {
    let rule = Rule::on("UploadPart", Action::status(403, "AccessDenied"));
    fixture.emulator.add_rule(rule.part(3).always());
}

#[test]
fn a_failed_upload_is_aborted_and_its_error_names_it() {
    let fixture = Fixture::new();
    deny_part_3(&fixture);
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Service, Some(3)));
    let requests = fixture.emulator.requests();
    let abort = requests.iter().find(|request| request.op == ABORT).unwrap();
    assert!(abort.target.contains(error.upload_id().unwrap()), "{error}");
    assert!(!error.parts_left());
    assert_eq!(error.object_exists(), ObjectExists::No);
    fixture.assert_bucket_empty();
}

#[test]
fn a_successful_abort_logs_only_the_error_of_the_upload() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Info));
    deny_part_3(&fixture);
    fixture.put_five_parts().unwrap_err();
    let errors = lines.at(LogLevel::Error);
    assert!(errors.iter().all(|line| line.starts_with("UploadPart part 3: ")), "{errors:?}");
    let infos = lines.at(LogLevel::Info);
    assert!(infos.iter().any(|line| line.contains("NoSuchUpload")), "{infos:?}");
}

#[test]
fn parts_are_kept_with_keep_parts() {
    let fixture = Fixture::new();
    deny_part_3(&fixture);
    let mut options = small_parts();
    options.set_keep_parts(true).set_parallelism(1).unwrap();
    let error = fixture.put(&five_parts(), &options).unwrap_err();
    assert!(error.parts_left() && error.to_string().contains("parts may be left"), "{error}");
    assert_eq!(fixture.count(ABORT), 0);
    let uploads = fixture.emulator.uploads(BUCKET);
    assert_eq!(uploads.len(), 1);
    assert_eq!(Some(&*uploads[0].upload_id), error.upload_id());
    assert_eq!(uploads[0].parts.len(), 2);
}

#[test]
fn a_failed_abort_is_reported_within_its_timeout() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_millis(300)).unwrap();
    });
    deny_part_3(&fixture);
    fixture.always(ABORT, Action::status(500, "InternalError"));
    let begun = Instant::now();
    let error = fixture.put_five_parts().unwrap_err();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(error.oss_code(), Some("AccessDenied"), "the error is that of the part");
    assert!(error.parts_left());
    assert_eq!(Some(&*fixture.emulator.uploads(BUCKET)[0].upload_id), error.upload_id());
}

#[test]
fn an_abort_without_a_response_ends_with_its_timeout() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_millis(200)).unwrap();
    });
    deny_part_3(&fixture);
    fixture.always(ABORT, Action { delay_ms: 600_000, ..Action::default() });
    let begun = Instant::now();
    let error = fixture.put_five_parts().unwrap_err();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(error.parts_left() && error.oss_code() == Some("AccessDenied"), "{error}");
}

#[test]
fn an_abort_that_fails_once_is_retried() {
    let fixture = Fixture::new();
    deny_part_3(&fixture);
    fixture.once(ABORT, Action::status(503, "ServiceUnavailable"));
    let error = fixture.put_five_parts().unwrap_err();
    assert!(!error.parts_left(), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_part_that_is_stored_during_the_abort_is_removed() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_secs(30)).unwrap();
    });
    fixture.emulator.set_option("straggler").unwrap();
    // A part of another client is in flight when Abort arrives, and is stored before its response.
    let stall = Stall { at: Direction::Request, byte: 1, ms: Some(4_000) };
    fixture.once("UploadPart", Action { stall: Some(stall), ..Action::default() });
    fixture.once(ABORT, Action { delay_response_ms: 10_000, ..Action::default() });
    let upload = fixture.initiate();
    let (bucket, key, id) = (&fixture.bucket, &fixture.key, upload.upload_id());
    let other = Client::new(&config(&fixture.emulator)).unwrap();
    let other = MultipartUpload::attach(&other, bucket, key, id, &UploadOptions::new()).unwrap();
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| other.upload_part(number(1), bytes(PART), &fixture.cancel));
        fixture.wait_until(|requests| {
            requests.iter().any(|request| request.op == "UploadPart" && request.bytes > 0)
        });
        upload.abort().unwrap();
        sending.join().unwrap().unwrap();
    });
    assert_eq!(fixture.count(ABORT), 2);
    fixture.assert_bucket_empty();
}

#[test]
fn a_lost_response_to_complete_is_resolved_by_head_object() {
    for action in [
        Action::lose_response(Commit::After),
        Action { reset: Some(Commit::After), ..Action::default() },
        Action { cut_response_at: Some(150), ..Action::default() },
        Action::status(500, "InternalError").after_commit(),
    ] {
        let fixture = Fixture::new();
        fixture.once(COMPLETE, action);
        let uploaded = fixture.put_five_parts().unwrap();
        assert_eq!((uploaded.size, uploaded.parts), (4 * PART + 1, 5));
        let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
        assert_eq!(uploaded.crc64, Some(object.crc64));
        assert_eq!(uploaded.etag.unwrap().unquoted(), object.etag);
        assert_eq!(fixture.stored().unwrap(), five_parts());
        assert_eq!((fixture.count(COMPLETE), fixture.count(ABORT)), (1, 0));
    }
}

#[test]
fn the_result_names_the_version_and_the_request_that_showed_it() {
    for (is_lost, operation) in [(false, COMPLETE), (true, "HeadObject")] {
        let fixture = Fixture::new();
        fixture.emulator.set_versioning(BUCKET, true).unwrap();
        if is_lost {
            fixture.once(COMPLETE, Action::lose_response(Commit::After));
        }
        let uploaded = fixture.put_five_parts().unwrap();
        let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
        assert_eq!(uploaded.version_id, Some(object.version_id));
        let last = fixture.emulator.requests().pop().unwrap();
        assert_eq!((last.op.as_str(), uploaded.request_id), (operation, Some(last.request_id)));
        assert_eq!(uploaded.location.is_some(), !is_lost);
    }
}

#[test]
fn the_response_of_a_callback_is_in_the_result() {
    let answer = r#"{"received":true}"#;
    let server = FakeServer::with_response(200, answer);
    let callback = format!(r#"{{"callbackUrl":"{}/","callbackBody":"a"}}"#, server.url());
    for single_below in [0, 1 << 30] {
        let fixture = Fixture::new();
        fixture.emulator.set_option("private_callbacks").unwrap();
        let mut options = small_parts();
        options.set_single_below(single_below).unwrap();
        options.headers_mut().set_callback(&callback).unwrap();
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert_eq!(uploaded.callback_body.as_deref(), Some(answer));
        assert!(uploaded.callback_error.is_none() && uploaded.verified);
    }
}

#[test]
fn a_complete_whose_outcome_is_found_logs_only_its_own_error() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Info));
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    fixture.put_five_parts().unwrap();
    let errors = lines.at(LogLevel::Error);
    assert!(errors.iter().all(|line| line.starts_with(COMPLETE)), "{errors:?}");
    let infos = lines.at(LogLevel::Info);
    assert!(infos.iter().any(|line| line.contains("NoSuchUpload")), "{infos:?}");
}

#[test]
fn the_requests_that_determine_an_outcome_are_repeated_until_the_abort_timeout() {
    let fixture = Fixture::with_one_attempt();
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    for operation in ["ListParts", "HeadObject"] {
        fixture.once(operation, Action::status(503, "ServiceUnavailable"));
    }
    assert!(upload.complete(&fixture.cancel).unwrap().verified);

    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_millis(300)).unwrap();
        config.set_response_timeout(Duration::from_secs(1)).unwrap();
    });
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    fixture.once(COMPLETE, Action::lose_response(Commit::Before));
    // After its abort timeout, the call does not wait for an attempt that would be successful.
    fixture.once("ListParts", Action { delay_ms: NEVER_MS, ..Action::default() });
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Unknown, ObjectExists::Unknown));
    assert!(error.parts_left(), "{error}");
}

#[test]
fn a_complete_that_was_lost_in_transit_is_retried() {
    for action in [
        Action::lose_response(Commit::Before),
        Action::status(500, "InternalError"),
        Action { cut_request_at: Some(10), ..Action::default() },
    ] {
        let fixture = Fixture::new();
        fixture.once(COMPLETE, action);
        fixture.put_five_parts().unwrap();
        assert_eq!((fixture.count(COMPLETE), fixture.count("ListParts")), (2, 1));
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
}

#[test]
fn a_complete_that_is_always_lost_in_transit_ends_with_an_abort() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(2).unwrap();
    });
    fixture.always(COMPLETE, Action::lose_response(Commit::Before));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Network, Some(COMPLETE)));
    assert_eq!(error.object_exists(), ObjectExists::No, "{error}");
    assert!(!error.parts_left(), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn an_outcome_that_cannot_be_resolved_is_unknown() {
    let fixture = Fixture::new();
    fixture.always(COMPLETE, Action::lose_response(Commit::After));
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Unknown, ObjectExists::Unknown));
    assert!(error.to_string().contains("the object may exist"), "{error}");
    assert!(error.upload_id().is_some());
    // An upload that may have become an object is never aborted.
    assert_eq!((fixture.count(COMPLETE), fixture.count(ABORT)), (1, 0));
}

#[test]
fn abort_resolves_the_outcome_when_list_parts_is_denied() {
    let fixture = Fixture::new();
    fixture.always(COMPLETE, Action::lose_response(Commit::Before));
    fixture.always("ListParts", Action::status(403, "AccessDenied"));
    let error = fixture.put_five_parts().unwrap_err();
    // Abort proves that Complete did not take effect; whether parts are left remains unknown.
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Network, ObjectExists::No));
    assert!(error.parts_left(), "{error}");
    assert_eq!(fixture.count(ABORT), 1);

    fixture.always(ABORT, Action::status(403, "AccessDenied"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Unknown, ObjectExists::Unknown));
    assert!(error.parts_left(), "{error}");
}

#[test]
fn an_object_of_another_upload_is_not_mistaken_for_its_own() {
    let fixture = Fixture::new();
    fixture.put(b"another upload", &UploadOptions::new()).unwrap();
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    // The upload is aborted through another handle, and the response to Complete is inconclusive.
    fixture.once(COMPLETE, Action::status(500, "InternalError"));
    let options = UploadOptions::new();
    let (client, id) = (&fixture.client, upload.upload_id());
    MultipartUpload::attach(client, &fixture.bucket, &fixture.key, id, &options)
        .unwrap()
        .abort()
        .unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Unknown, ObjectExists::Unknown));
    assert_eq!(fixture.stored().unwrap(), b"another upload");
}

#[test]
fn an_older_object_with_the_same_bytes_is_not_mistaken_for_its_own() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let initiate = || {
        let upload = fixture.initiate();
        upload.upload_part(number(1), bytes(PART), cancel).unwrap();
        upload
    };
    initiate().complete(cancel).unwrap();
    fixture.emulator.set_clock_offset(60);
    let (upload, options) = (initiate(), UploadOptions::new());
    let id = upload.upload_id();
    let listed =
        MultipartUpload::attach_with_parts(client, bucket, key, id, &options, cancel).unwrap();
    MultipartUpload::attach(client, bucket, key, id, &options).unwrap().abort().unwrap();
    for upload in [&upload, &listed] {
        fixture.once(COMPLETE, Action::status(500, "InternalError"));
        let error = upload.complete(cancel).unwrap_err();
        assert_eq!(
            (error.kind(), error.object_exists()),
            (ErrorKind::Unknown, ObjectExists::Unknown)
        );
    }
}

#[test]
fn a_denied_complete_is_aborted() {
    let fixture = Fixture::new();
    fixture.always(COMPLETE, Action::status(403, "AccessDenied"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.oss_code(), error.operation()), (Some("AccessDenied"), Some(COMPLETE)));
    assert_eq!((error.object_exists(), error.parts_left()), (ObjectExists::No, false));
    assert_eq!(fixture.count(COMPLETE), 1);
    fixture.assert_bucket_empty();
}

#[test]
fn the_attempts_of_a_complete_that_always_fails_are_counted() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(3).unwrap();
    });
    fixture.always(COMPLETE, Action::status(500, "InternalError"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.http_status(), error.attempts()), (Some(500), 3), "{error}");
    assert!(error.is_retryable() && !error.parts_left(), "{error}");
    assert_eq!(fixture.count(COMPLETE), 3);
    fixture.assert_bucket_empty();
}

#[test]
fn completing_an_upload_that_no_longer_exists_fails() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    let options = UploadOptions::new();
    let (client, id) = (&fixture.client, upload.upload_id());
    MultipartUpload::attach(client, &fixture.bucket, &fixture.key, id, &options)
        .unwrap()
        .abort()
        .unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("NoSuchUpload")));
    assert_eq!((error.object_exists(), error.parts_left()), (ObjectExists::No, false));
    assert_eq!(fixture.stored(), None);
}

#[test]
fn forbid_overwrite_keeps_an_existing_object() {
    let fixture = Fixture::new();
    fixture.put(b"old", &UploadOptions::new()).unwrap();
    for single_below in [0, 1 << 30] {
        let mut options = small_parts();
        options.headers_mut().set_forbid_overwrite(true);
        options.set_single_below(single_below).unwrap();
        let error = fixture.put(&five_parts(), &options).unwrap_err();
        assert_eq!((error.http_status(), error.oss_code()), (Some(409), Some("FileAlreadyExists")));
        assert_eq!(error.attempts(), 1);
        assert_eq!(fixture.stored().unwrap(), b"old");
        fixture.assert_nothing_left();
    }
}

#[test]
fn forbid_overwrite_keeps_an_object_created_meanwhile_and_the_upload_can_be_aborted() {
    let fixture = Fixture::new();
    let mut options = UploadOptions::new();
    options.headers_mut().set_forbid_overwrite(true);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
    upload.upload_part(number(1), bytes(PART), cancel).unwrap();
    fixture.put(b"first", &UploadOptions::new()).unwrap();
    let error = upload.complete(cancel).unwrap_err();
    assert_eq!((error.oss_code(), error.parts_left()), (Some("FileAlreadyExists"), true));
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Service, ObjectExists::No));
    assert!(!error.is_retryable(), "{error}");
    assert_eq!(fixture.stored().unwrap(), b"first");
    upload.abort().unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn a_second_abort_that_fails_does_not_open_the_upload_again() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    upload.abort().unwrap();
    upload.abort().unwrap();
    fixture.always(ABORT, Action::status(403, "AccessDenied"));
    let error = upload.abort().unwrap_err();
    assert_eq!((error.oss_code(), error.parts_left()), (Some("AccessDenied"), false), "{error}");
    let sent = fixture.operations().len();
    let part = upload.upload_part(number(1), bytes(PART), &fixture.cancel).map(|_| ());
    for outcome in [part, upload.complete(&fixture.cancel).map(|_| ())] {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.parts_left()), (ErrorKind::State, false), "{error}");
    }
    assert_eq!(fixture.operations().len(), sent);
}

#[test]
fn a_lost_response_to_complete_with_forbid_overwrite_is_resolved_by_head_object() {
    for conflict in ["complete_again_conflict=true", "complete_again_conflict=false"] {
        let fixture = Fixture::new();
        fixture.emulator.set_option(conflict).unwrap();
        fixture.once(COMPLETE, Action::lose_response(Commit::After));
        let mut options = small_parts();
        options.headers_mut().set_forbid_overwrite(true);
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert_eq!(uploaded.parts, 5);
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
}

#[test]
fn a_lost_response_to_put_object_with_forbid_overwrite_is_resolved_by_head_object() {
    let fixture = Fixture::new();
    fixture.once("PutObject", Action::lose_response(Commit::After));
    let mut options = UploadOptions::new();
    options.headers_mut().set_forbid_overwrite(true);
    fixture.put(b"new", &options).unwrap();
    assert_eq!((fixture.count("PutObject"), fixture.count("HeadObject")), (1, 1));

    let fixture = Fixture::new();
    fixture.once("PutObject", Action::lose_response(Commit::After));
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    let error = fixture.put(b"new", &options).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Network, ObjectExists::Unknown));
    assert_eq!(fixture.count("PutObject"), 1);
}
