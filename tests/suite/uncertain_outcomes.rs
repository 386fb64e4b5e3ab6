//! Requests that may have taken effect although their response says otherwise, or is lost: no call
//! reports that the object does not exist while it does.

use std::time::Duration;

use oss_emulator::{Action, Commit, Rule};
use ossmpu::{
    CopySource, Error, ErrorKind, LogLevel, MultipartUpload, ObjectExists, ObjectKey, PutObject,
    UploadId, UploadOptions,
};

use crate::fixture::{
    BUCKET, Fixture, Lines, PART, RefusedPort, bytes, file, five_parts, number, small_parts,
};

const ABORT: &str = "AbortMultipartUpload";
const COMPLETE: &str = "CompleteMultipartUpload";
const INITIATE: &str = "InitiateMultipartUpload";
const LIST: &str = "ListParts";

/// Error responses that an intermediary may send after OSS has received the request.
const REFUSALS: [(u16, &str); 7] = [
    (503, "ServiceUnavailable"),
    (500, "InternalError"),
    (429, "TooManyRequests"),
    (401, "Unauthorized"),
    (408, "Timeout"),
    (400, "RequestTimeout"),
    (403, "RequestTimeTooSkewed"),
];

fn denied() -> Action {
    Action::status(403, "AccessDenied")
}

/// ListParts shows an upload, as it does right before a Complete takes effect.
fn list_open_upload(fixture: &Fixture) {
    let body = "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>";
    fixture.once(LIST, Action::raw(200, body));
}

fn handle_with_part(fixture: &Fixture) -> MultipartUpload {
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    upload
}

fn assert_unknown(error: &Error, parts_left: bool) {
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    assert_eq!(error.parts_left(), parts_left, "{error}");
}

#[test]
fn an_error_response_after_complete_took_effect_does_not_hide_the_object() {
    for (status, code) in REFUSALS {
        let fixture = Fixture::new();
        fixture.once(COMPLETE, Action::status(status, code).after_commit());
        fixture.put_five_parts().unwrap();
        assert_eq!(fixture.stored().unwrap(), five_parts(), "{code}");
        fixture.assert_nothing_left();
    }
}

#[test]
fn an_error_response_after_put_object_took_effect_does_not_hide_the_object() {
    for (status, code) in REFUSALS {
        for forbid_overwrite in [false, true] {
            let fixture = Fixture::new();
            let mut options = UploadOptions::new();
            options.headers_mut().set_forbid_overwrite(forbid_overwrite);
            fixture.once("PutObject", Action::status(status, code).after_commit());
            // A retry does not know what the first attempt did.
            fixture.emulator.add_rule(Rule::on("PutObject", denied()).nth(2).always());
            fixture.put(b"new", &options).unwrap();
            assert_eq!(fixture.stored().unwrap(), b"new", "{code}");

            fixture.emulator.clear_rules();
            let fixture = Fixture::new();
            fixture.once("PutObject", Action::status(status, code).after_commit());
            fixture.emulator.add_rule(Rule::on("PutObject", denied()).nth(2).always());
            fixture.always("HeadObject", denied());
            assert_unknown(&fixture.put(b"new", &options).unwrap_err(), false);
        }
    }
}

#[test]
fn an_error_response_after_initiate_took_effect_reports_a_possible_orphaned_upload() {
    for (status, code) in REFUSALS {
        let fixture = Fixture::new();
        fixture.once(INITIATE, Action::status(status, code).after_commit());
        let uploaded = fixture.put_five_parts().unwrap();
        assert!(uploaded.upload_may_exist, "{code}");
        assert_eq!(fixture.emulator.uploads(BUCKET).len(), 1, "{code}");

        fixture.once(INITIATE, Action::status(status, code).after_commit());
        let upload = fixture.initiate();
        assert!(upload.upload_may_exist(), "{code}");
        assert!(!fixture.initiate().upload_may_exist(), "{code}");
        assert!(upload.complete(&fixture.cancel).unwrap_err().upload_may_exist(), "{code}");

        let fixture = Fixture::with_one_attempt();
        fixture.always(INITIATE, Action::status(status, code).after_commit());
        assert!(fixture.put_five_parts().unwrap_err().upload_may_exist(), "{code}");
    }
}

#[test]
fn a_complete_that_takes_effect_between_list_parts_and_abort_is_found() {
    for abort_is_retried in [false, true] {
        let fixture = Fixture::with_one_attempt();
        fixture.once(COMPLETE, Action::lose_response(Commit::After));
        list_open_upload(&fixture);
        if abort_is_retried {
            fixture.once(ABORT, Action::status(503, "ServiceUnavailable"));
        }
        fixture.put_five_parts().unwrap();
        assert_eq!(fixture.stored().unwrap(), five_parts());
        assert_eq!(fixture.count(ABORT), 1 + usize::from(abort_is_retried));
    }
}

#[test]
fn a_complete_that_may_take_effect_later_is_unknown_while_the_parts_are_kept() {
    let fixture = Fixture::with_one_attempt();
    fixture.always(COMPLETE, Action::lose_response(Commit::Before));
    let mut options = small_parts();
    options.set_keep_parts(true);
    let error = fixture.put(&five_parts(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
    assert_unknown(&error, true);

    let upload = handle_with_part(&fixture);
    assert_unknown(&upload.complete(&fixture.cancel).unwrap_err(), true);
    // Neither a refusal nor a call that sends nothing shows what the first Complete did.
    fixture.emulator.clear_rules();
    fixture.always(COMPLETE, denied());
    assert_unknown(&upload.complete(&fixture.cancel).unwrap_err(), true);
    upload.upload_part(number(1), bytes(10), &fixture.cancel).unwrap();
    upload.upload_part(number(2), bytes(10), &fixture.cancel).unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert_unknown(&error, true);
    // Abort decides: no Complete has taken effect.
    upload.abort().unwrap();
    assert_eq!(fixture.stored(), None);
}

#[test]
fn a_lost_complete_whose_retry_is_refused_is_found() {
    for (status, code) in [(403, "AccessDenied"), (409, "FileAlreadyExists")] {
        let fixture = Fixture::new();
        fixture.once(COMPLETE, Action::lose_response(Commit::After));
        list_open_upload(&fixture);
        fixture.emulator.add_rule(Rule::on(COMPLETE, Action::status(status, code)).nth(2));
        fixture.put_five_parts().unwrap();
        assert_eq!(fixture.stored().unwrap(), five_parts(), "{code}");
        assert_eq!(fixture.count(COMPLETE), 2);
    }
}

#[test]
fn a_refused_complete_after_a_lost_one_is_not_repeated() {
    for refusal in [denied(), Action::raw(403, "a page of a proxy")] {
        let fixture = Fixture::new();
        let upload = handle_with_part(&fixture);
        fixture.once(COMPLETE, Action::lose_response(Commit::Before));
        fixture.emulator.add_rule(Rule::on(COMPLETE, refusal).nth(2).always());
        assert_unknown(&upload.complete(&fixture.cancel).unwrap_err(), true);
        assert_eq!(fixture.count(COMPLETE), 2);
    }
}

#[test]
fn a_conflict_that_oss_itself_has_not_sent_does_not_deny_the_object() {
    let document = "<Error><Code>FileAlreadyExists</Code><Message>it exists</Message></Error>";
    let conflict = Action {
        remove_headers: vec!["x-oss-request-id".to_owned()],
        ..Action::raw(409, document)
    };
    for response in [conflict, Action::status(500, "FileAlreadyExists")] {
        let fixture = Fixture::with_one_attempt();
        let upload = handle_with_part(&fixture);
        fixture.once(COMPLETE, response);
        assert_unknown(&upload.complete(&fixture.cancel).unwrap_err(), true);
    }
}

#[test]
fn an_abort_that_is_refused_after_an_uncertain_complete_leaves_the_outcome_unknown() {
    let fixture = Fixture::with_one_attempt();
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    fixture.always(LIST, denied());
    fixture.always(ABORT, denied());
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert_unknown(&error, true);
}

#[test]
fn values_with_blanks_at_their_ends_do_not_make_the_object_another_one() {
    for operation in [COMPLETE, "PutObject"] {
        let fixture = Fixture::with_one_attempt();
        fixture.once(operation, Action::lose_response(Commit::After));
        let mut options = if operation == COMPLETE { small_parts() } else { UploadOptions::new() };
        let headers = options.headers_mut();
        headers.set_metadata("note", "hello ").unwrap();
        headers.set_cache_control("\tno-cache ").unwrap();
        fixture.put(&five_parts(), &options).unwrap();
        let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
        assert_eq!((object.metadata["note"].as_str(), fixture.count(operation)), ("hello", 1));
    }
}

#[test]
fn completing_again_after_an_unknown_outcome_finds_the_object() {
    for complete_all in [false, true] {
        let fixture = Fixture::new();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let mut options = UploadOptions::new();
        options.set_complete_all(complete_all);
        let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
        upload.upload_part(number(1), bytes(PART), cancel).unwrap();
        fixture.once(COMPLETE, Action::lose_response(Commit::After));
        fixture.once("HeadObject", denied());
        assert_unknown(&upload.complete(cancel).unwrap_err(), false);
        assert_eq!(upload.complete(cancel).unwrap().size, PART);
    }
}

#[test]
fn an_object_that_an_earlier_complete_made_with_another_acl_is_not_a_success() {
    for acl in ["private", "public-read"] {
        let fixture = Fixture::with_one_attempt();
        let upload = handle_with_part(&fixture);
        let complete_with = |acl| {
            let mut options = UploadOptions::new();
            options.headers_mut().set_acl(acl).unwrap();
            upload.complete_with(&options, &fixture.cancel)
        };
        fixture.once(COMPLETE, Action::lose_response(Commit::After));
        fixture.once(LIST, denied());
        assert_unknown(&complete_with("private").unwrap_err(), true);
        match complete_with(acl) {
            Ok(completed) => assert!(completed.verified && acl == "private"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
                assert_eq!(error.argument(), Some("x-oss-object-acl"), "{error}");
                let fields = (error.object_exists(), error.parts_left());
                assert_eq!((fields, acl), ((ObjectExists::Yes, false), "public-read"));
            }
        }
    }
}

#[test]
fn a_complete_with_another_acl_than_one_without_effect_is_a_success() {
    let fixture = Fixture::with_one_attempt();
    let upload = handle_with_part(&fixture);
    let mut options = UploadOptions::new();
    options.headers_mut().set_acl("private").unwrap();
    fixture.once(COMPLETE, denied());
    upload.complete_with(&options, &fixture.cancel).unwrap_err();
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    assert!(upload.complete(&fixture.cancel).unwrap().verified);
}

#[test]
fn an_attached_handle_finds_the_object_of_an_earlier_process() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let first = handle_with_part(&fixture);
    first.complete(cancel).unwrap();
    let id = first.upload_id();
    let attached = MultipartUpload::attach(client, bucket, key, id, &UploadOptions::new()).unwrap();
    attached.add_part(first.sent_parts()[0].clone()).unwrap();
    assert_eq!(attached.complete(cancel).unwrap().size, PART);
}

#[test]
fn an_upload_id_that_is_gone_does_not_deny_the_object() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    fixture.once(LIST, denied());
    let mut options = small_parts();
    options.set_keep_parts(true);
    let error = fixture.put(&five_parts(), &options).unwrap_err();
    assert_unknown(&error, true);
    let id = UploadId::parse(error.upload_id().unwrap()).unwrap();
    let mut resumed = small_parts();
    resumed.set_upload_id(id.clone());
    let mut all = UploadOptions::new();
    all.set_complete_all(true);
    let attached = MultipartUpload::attach(client, bucket, key, &id, &all).unwrap();
    for error in [
        fixture.put(&five_parts(), &resumed).unwrap_err(),
        MultipartUpload::attach_with_parts(client, bucket, key, &id, &all, cancel).unwrap_err(),
        attached.complete(cancel).unwrap_err(),
    ] {
        assert_eq!(error.oss_code(), Some("NoSuchUpload"), "{error}");
        assert!(error.to_string().contains("HeadObject"), "{error}");
        assert_unknown(&error, false);
    }
    attached.abort().unwrap();
    assert!(fixture.stored().is_some());
}

#[test]
fn a_warning_says_that_the_outcome_of_a_callback_was_lost() {
    let port = RefusedPort::new();
    let callback = format!(r#"{{"callbackUrl":"http://{}/","callbackBody":"a"}}"#, port.address());
    for (mut options, operation) in [(UploadOptions::new(), "PutObject"), (small_parts(), COMPLETE)]
    {
        let lines = Lines::default();
        let fixture = Fixture::with(|config| {
            config.set_max_attempts(1).unwrap();
            lines.listen(config, LogLevel::Warn);
        });
        fixture.emulator.set_option("private_callbacks").unwrap();
        fixture.always(operation, Action::status(503, "ServiceUnavailable").after_commit());
        fixture.put(&five_parts(), &options).unwrap();
        let warns = || lines.at(LogLevel::Warn).iter().any(|line| line.contains("callback"));
        assert!(!warns());
        options.headers_mut().set_callback(&callback).unwrap();
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert!(uploaded.callback_body.is_none() && uploaded.callback_error.is_none());
        assert!(warns(), "{operation}: {:?}", lines.all());
    }
}

#[test]
fn that_there_is_no_object_after_a_lost_response_is_not_logged_as_an_error() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
        lines.listen(config, LogLevel::Error);
    });
    fixture.once("PutObject", Action::lose_response(Commit::Before));
    assert_unknown(&fixture.put(b"new", &UploadOptions::new()).unwrap_err(), false);
    assert_eq!(fixture.operations(), ["PutObject", "HeadObject"]);
    let lines = lines.all();
    assert!(lines.len() == 1 && lines[0].contains("PutObject"), "{lines:?}");
}

#[test]
fn an_object_that_complete_has_made_is_never_denied_by_a_later_call() {
    let fixture = Fixture::new();
    let upload = handle_with_part(&fixture);
    fixture.once(COMPLETE, Action { bad_crc: true, ..Action::default() });
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::Yes));
    for outcome in [upload.complete(&fixture.cancel).map(|_| ()), upload.abort()] {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.parts_left()), (ErrorKind::State, false), "{error}");
        assert_eq!(error.object_exists(), ObjectExists::Yes, "{error}");
    }
    assert!(fixture.stored().is_some());
}

#[test]
fn a_lost_response_to_a_single_put_object_request_may_have_created_the_object() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    fixture.always("PutObject", Action::lose_response(Commit::After));
    let request = PutObject::new(bucket, key).with_bytes(b"new".to_vec());
    assert_unknown(&client.put_object(&request, cancel).unwrap_err(), false);
    assert!(fixture.stored().is_some());
}

#[test]
fn head_object_is_retried_until_it_determines_the_outcome_however_few_attempts_are_configured() {
    let fixture = Fixture::with_one_attempt();
    fixture.once("PutObject", Action::lose_response(Commit::After));
    let busy = Action::status(503, "ServiceUnavailable");
    fixture.emulator.add_rule(Rule::on("HeadObject", busy).times(2));
    assert!(fixture.put(b"new", &UploadOptions::new()).unwrap().verified);
    assert_eq!(fixture.operations(), ["PutObject", "HeadObject", "HeadObject", "HeadObject"]);
}

#[test]
fn a_source_that_cannot_be_read_again_does_not_hide_the_object() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
        config.set_response_timeout(Duration::from_secs(5)).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    fixture.always("PutObject", Action { delay_response_ms: 60_000, ..Action::default() });
    let source = file(&bytes(PART));
    let options = UploadOptions::new();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while fixture.stored().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            source.as_file().set_len(0).unwrap();
        });
        client.put_file(bucket, key, source.path(), &options, cancel).unwrap_err()
    });
    assert_unknown(&error, false);
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[test]
fn a_lost_response_to_the_copy_of_an_empty_object_is_determined() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    fixture.put(b"", &UploadOptions::new()).unwrap();
    fixture.always("PutObject", Action::lose_response(Commit::After));
    let target = ObjectKey::parse("target").unwrap();
    let (source, options) = (CopySource::new(bucket, key), UploadOptions::new());
    let copied = client.copy_object(bucket, &target, &source, &options, cancel).unwrap();
    assert!(copied.verified && fixture.emulator.object(BUCKET, "target").is_some());
}

#[test]
fn a_complete_that_a_gateway_answers_with_a_404_page_is_sent_again() {
    let fixture = Fixture::new();
    fixture.once(COMPLETE, Action::raw(404, "<html>404 Not Found</html>"));
    assert!(fixture.put_five_parts().unwrap().verified);
    assert_eq!(fixture.count(COMPLETE), 2);
}

#[test]
fn a_404_page_of_a_gateway_does_not_mean_that_the_upload_is_gone() {
    let page = || Action::raw(404, "<html>404 Not Found</html>");
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_millis(300)).unwrap();
    });
    fixture.emulator.add_rule(Rule::on("UploadPart", denied()).part(3).always());
    fixture.always(ABORT, page());
    let error = fixture.put_five_parts().unwrap_err();
    assert!(error.parts_left() && !fixture.emulator.uploads(BUCKET).is_empty(), "{error}");

    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, source) = (tempfile::tempdir().unwrap(), file(&five_parts()));
    let mut options = small_parts();
    options.set_checkpoint_dir(folder.path()).set_parallelism(1).unwrap();
    fixture.emulator.add_rule(Rule::on("UploadPart", denied()).part(5));
    client.put_file(bucket, key, source.path(), &options, cancel).unwrap_err();
    fixture.always(LIST, page());
    let error = client.put_file(bucket, key, source.path(), &options, cancel).unwrap_err();
    assert!(error.parts_left() && error.upload_id().is_some(), "{error}");
    fixture.emulator.clear_rules();
    fixture.once(LIST, page());
    let uploaded = client.put_file(bucket, key, source.path(), &options, cancel).unwrap();
    assert_eq!(uploaded.bytes_resumed, 4 * PART);
    fixture.assert_nothing_left();
}
