//! Multipart uploads step by step, from several threads.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oss_emulator::{Action, Commit};
use ossmpu::{
    ByteRange, CallPhase, Cancel, CopySource, ErrorKind, FileRange, Integrity, ListParts,
    MultipartUpload, ObjectExists, Result, SentPart, UploadOptions, UploadPart,
};

use crate::fixture::{Fixture, MIB, NEVER_MS, PART, bytes, five_parts, number};

fn send(upload: &MultipartUpload, part: u16, content: Vec<u8>, fixture: &Fixture) -> SentPart {
    upload.upload_part(number(part), content, &fixture.cancel).unwrap()
}

#[test]
fn three_threads_send_three_parts_of_one_object() {
    let fixture = Fixture::new();
    let content = bytes(3 * PART);
    let upload = fixture.initiate();
    std::thread::scope(|scope| {
        for (part, chunk) in (1..).zip(content.chunks(PART as usize)) {
            let (upload, fixture) = (upload.clone(), &fixture);
            scope.spawn(move || send(&upload, part, chunk.to_vec(), fixture));
        }
    });
    let numbers: Vec<u16> = upload.sent_parts().iter().map(|part| part.number.get()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let uploaded = upload.complete(&fixture.cancel).unwrap();
    assert_eq!((uploaded.size, uploaded.parts), (3 * PART, 3));
    assert_eq!(uploaded.upload_id.as_ref(), Some(upload.upload_id()));
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn parts_may_be_sent_in_any_order_and_with_gaps() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    for part in [10_000_u16, 7, 1] {
        let content = bytes(PART + u64::from(part));
        send(&upload, part, content, &fixture);
    }
    upload.complete(&fixture.cancel).unwrap();
    let expected = [bytes(PART + 1), bytes(PART + 7), bytes(PART + 10_000)].concat();
    assert_eq!(fixture.stored().unwrap(), expected);
}

#[test]
fn a_part_that_is_sent_again_is_replaced() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(PART + 5), &fixture);
    let second = send(&upload, 1, bytes(PART), &fixture);
    assert_eq!(upload.sent_parts(), [second]);
    let uploaded = upload.complete(&fixture.cancel).unwrap();
    assert_eq!(uploaded.size, PART);
    assert_eq!(fixture.stored().unwrap(), bytes(PART));
}

#[test]
fn an_upload_without_known_parts_is_not_completed() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(PART), &fixture);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let attached =
        MultipartUpload::attach(client, bucket, key, upload.upload_id(), &UploadOptions::new())
            .unwrap();
    let error = attached.complete(cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("parts")), "{error}");
    assert!(error.parts_left(), "{error}");
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    // Nothing is lost: the handle that knows the part completes it.
    assert_eq!(upload.complete(cancel).unwrap().size, PART);
}

#[test]
fn a_part_that_was_sent_without_the_handle_is_added() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let request =
        UploadPart::new(bucket, key, upload.upload_id(), number(1)).with_bytes(bytes(PART));
    let response = client.upload_part(&request, cancel).unwrap();
    send(&upload, 2, bytes(7), &fixture);
    let part =
        SentPart { number: number(1), size: PART, etag: response.etag, crc64: response.crc64 };
    upload.add_part(part.clone()).unwrap();
    assert_eq!(upload.sent_parts()[0], part);
    let uploaded = upload.complete(cancel).unwrap();
    assert_eq!(uploaded.size, PART + 7);
    assert_eq!(fixture.stored().unwrap(), [bytes(PART), bytes(7)].concat());
}

#[test]
fn a_wrong_crc_of_an_added_part_is_detected_by_complete() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let part = send(&upload, 1, bytes(10), &fixture);
    upload.add_part(SentPart { crc64: Some(1), ..part }).unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(fixture.stored().is_some());
    let error = upload.abort().unwrap_err();
    assert!(error.to_string().contains("is completed"), "{error}");
}

#[test]
fn completing_while_a_part_is_in_flight_fails_and_the_part_continues() {
    let fixture = Fixture::new();
    fixture.once("UploadPart", Action { delay_ms: NEVER_MS, ..Action::default() });
    let upload = fixture.initiate();
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&upload, 4, bytes(10), &fixture));
        fixture.wait_for("UploadPart", 1);
        let error = upload.complete(&fixture.cancel).unwrap_err();
        assert_eq!((error.kind(), error.part_number()), (ErrorKind::State, Some(4)), "{error}");
        let again = upload.upload_part(number(4), bytes(20), &fixture.cancel).unwrap_err();
        assert_eq!((again.kind(), again.part_number()), (ErrorKind::State, Some(4)), "{again}");
        fixture.emulator.end_delays();
        sending.join().unwrap();
    });
    upload.complete(&fixture.cancel).unwrap();
    assert_eq!(fixture.count("CompleteMultipartUpload"), 1);
    assert_eq!(fixture.stored().unwrap(), bytes(10));
}

#[test]
fn a_completed_upload_rejects_further_calls() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let part = send(&upload, 1, bytes(10), &fixture);
    upload.complete(&fixture.cancel).unwrap();
    let requests = fixture.operations().len();
    let outcomes: [Result<()>; 4] = [
        upload.complete(&fixture.cancel).map(drop),
        upload.upload_part(number(2), bytes(10), &fixture.cancel).map(drop),
        upload.add_part(part),
        upload.abort(),
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::State);
        assert!(error.to_string().contains("is completed"), "{error}");
    }
    assert_eq!(fixture.operations().len(), requests, "a request was sent");
    assert_eq!(fixture.stored().unwrap(), bytes(10));
}

#[test]
fn an_aborted_upload_can_be_aborted_again_and_rejects_other_calls() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(10), &fixture);
    upload.abort().unwrap();
    fixture.assert_bucket_empty();
    upload.abort().unwrap();
    let error = upload.upload_part(number(2), bytes(10), &fixture.cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert_eq!(upload.complete(&fixture.cancel).unwrap_err().kind(), ErrorKind::State);
    assert_eq!(fixture.count("UploadPart"), 1);
}

#[test]
fn an_abort_cancels_the_parts_in_flight() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", Action { delay_ms: 600_000, ..Action::default() });
    let upload = fixture.initiate();
    std::thread::scope(|scope| {
        let sending: Vec<_> = (1..4)
            .map(|part| {
                let (upload, cancel) = (&upload, &fixture.cancel);
                scope.spawn(move || upload.upload_part(number(part), bytes(PART), cancel))
            })
            .collect();
        fixture.wait_for("UploadPart", 3);
        let started = Instant::now();
        upload.abort().unwrap();
        for sending in sending {
            assert_eq!(sending.join().unwrap().unwrap_err().kind(), ErrorKind::Canceled);
        }
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    });
    fixture.assert_bucket_empty();
}

#[test]
fn a_failed_abort_can_be_called_again() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_secs(2)).unwrap();
    });
    let upload = fixture.initiate();
    fixture.always("AbortMultipartUpload", Action::status(403, "AccessDenied"));
    let error = upload.abort().unwrap_err();
    assert_eq!((error.oss_code(), error.parts_left()), (Some("AccessDenied"), true));
    assert_eq!(error.upload_id(), Some(upload.upload_id().as_str()));
    fixture.emulator.clear_rules();
    upload.abort().unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn an_upload_is_attached_by_its_id() {
    let fixture = Fixture::new();
    let initiated = fixture.initiate();
    send(&initiated, 1, bytes(PART), &fixture);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let requests = fixture.operations().len();
    let upload =
        MultipartUpload::attach(client, bucket, key, initiated.upload_id(), &UploadOptions::new())
            .unwrap();
    assert_eq!(fixture.operations().len(), requests);
    assert_eq!(upload.sent_parts(), []);
    for part in client.parts_iter(ListParts::new(bucket, key, initiated.upload_id()), cancel) {
        let part = part.unwrap();
        let (number, size, etag, crc64) = (part.number, part.size, part.etag, part.crc64);
        upload.add_part(SentPart { number, size, etag, crc64 }).unwrap();
    }
    let (id, options) = (initiated.upload_id(), UploadOptions::new());
    let listed =
        MultipartUpload::attach_with_parts(client, bucket, key, id, &options, cancel).unwrap();
    assert_eq!(listed.sent_parts(), upload.sent_parts());
    send(&upload, 2, bytes(3), &fixture);
    assert_eq!(upload.complete(cancel).unwrap().size, PART + 3);
    assert_eq!(fixture.stored().unwrap(), [bytes(PART), bytes(3)].concat());
    let gone = MultipartUpload::attach_with_parts(client, bucket, key, id, &options, cancel);
    assert_eq!(gone.unwrap_err().oss_code(), Some("NoSuchUpload"));
}

#[test]
fn an_upload_id_that_does_not_exist_is_a_service_error() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    upload.abort().unwrap();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let upload =
        MultipartUpload::attach(client, bucket, key, upload.upload_id(), &UploadOptions::new())
            .unwrap();
    let error = upload.upload_part(number(1), bytes(10), cancel).unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("NoSuchUpload")));
    assert_eq!(error.upload_id(), Some(upload.upload_id().as_str()));
    assert_eq!((error.part_number(), error.attempts()), (Some(1), 1));
    assert_eq!(error.ec(), Some("0042-00000104"));
    assert!(error.to_string().contains("ec 0042-00000104"), "{error}");
}

#[test]
fn ranges_of_a_file_become_parts() {
    let fixture = Fixture::new();
    let content = bytes(2 * PART + 9);
    let file = crate::fixture::file(&content);
    let (path, cancel) = (file.path(), &fixture.cancel);
    for integrity in [Integrity::CRC64, Integrity::CRC64 | Integrity::MD5] {
        let mut options = UploadOptions::new();
        options.set_integrity(integrity);
        let Fixture { client, bucket, key, .. } = &fixture;
        let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
        upload.upload_part_file(number(2), &FileRange::new(path, PART..), cancel).unwrap();
        let first = FileRange::new(path, ByteRange::new(0, Some(PART)));
        upload.upload_part_file(number(1), &first, cancel).unwrap();
        // An empty range at the end of the file is a part as well.
        upload.upload_part_file(number(3), &FileRange::new(path, 2 * PART + 9..), cancel).unwrap();
        upload.complete(cancel).unwrap();
        assert_eq!(fixture.stored().unwrap(), content);
    }
}

#[test]
fn ranges_outside_a_file_are_invalid_and_send_no_request() {
    let fixture = Fixture::new();
    let file = crate::fixture::file(&bytes(100));
    let upload = fixture.initiate();
    for (offset, length, argument) in [
        (101, None, "offset"),
        (u64::MAX, Some(1), "offset"),
        (0, Some(101), "length"),
        (100, Some(1), "length"),
        (1, Some(u64::MAX), "length"),
    ] {
        let range = FileRange::new(file.path(), ByteRange::new(offset, length));
        let error = upload.upload_part_file(number(1), &range, &fixture.cancel).unwrap_err();
        assert_eq!(
            (error.kind(), error.argument()),
            (ErrorKind::Invalid, Some(argument)),
            "{error}"
        );
    }
    assert_eq!(fixture.count("UploadPart"), 0);
    assert_eq!(upload.sent_parts(), []);
}

#[test]
fn a_part_has_at_most_5_gib() {
    let fixture = Fixture::with_one_attempt();
    fixture.always("UploadPart", Action { reset_request_at: Some(1), ..Action::default() });
    let (upload, file) = (fixture.initiate(), crate::fixture::file(&[]));
    let send = |length| {
        file.as_file().set_len(length).unwrap();
        let range = FileRange::new(file.path(), ..);
        upload.upload_part_file(number(1), &range, &fixture.cancel).unwrap_err()
    };
    let most = 5 * 1024 * MIB;
    assert_eq!(send(most).kind(), ErrorKind::Network);
    fixture.emulator.clear_requests();
    let error = send(most + 1);
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("length")), "{error}");
    assert_eq!(fixture.count("UploadPart"), 0);
}

/// An upload with a part, whose progress callback panics in a phase while it is told to.
fn panicking(fixture: &Fixture, phase: CallPhase) -> (MultipartUpload, Arc<AtomicBool>) {
    let panics = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&panics);
    let mut options = UploadOptions::new();
    options.set_progress(move |progress| {
        assert!(progress.phase != phase || !told.load(Ordering::SeqCst), "on purpose");
        ControlFlow::Continue(())
    });
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
    send(&upload, 1, bytes(PART), fixture);
    (upload, panics)
}

fn unwinds<T>(call: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
}

#[test]
fn an_upload_can_be_ended_after_a_callback_has_unwound_complete_or_abort() {
    let fixture = Fixture::new();
    let (upload, panics) = panicking(&fixture, CallPhase::Prepare);
    panics.store(true, Ordering::SeqCst);
    unwinds(|| upload.complete(&fixture.cancel));
    panics.store(false, Ordering::SeqCst);
    upload.complete(&fixture.cancel).unwrap();
    let (upload, panics) = panicking(&fixture, CallPhase::Abort);
    panics.store(true, Ordering::SeqCst);
    unwinds(|| upload.abort());
    panics.store(false, Ordering::SeqCst);
    upload.abort().unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn abort_finds_the_object_of_a_complete_that_a_callback_has_unwound() {
    let fixture = Fixture::new();
    fixture.once("CompleteMultipartUpload", Action::delay_response(NEVER_MS));
    let (upload, panics) = panicking(&fixture, CallPhase::Complete);
    std::thread::scope(|scope| {
        scope.spawn(|| unwinds(|| upload.complete(&fixture.cancel)));
        while fixture.stored().is_none() {
            std::thread::yield_now();
        }
        panics.store(true, Ordering::SeqCst);
    });
    let error = upload.abort().unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::State, ObjectExists::Yes));
    let error = upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap_err();
    assert!(error.to_string().contains("is completed"), "{error}");
}

#[test]
fn a_call_during_complete_does_not_deny_the_object_or_the_parts() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(PART), &fixture);
    let errors = Arc::new(Mutex::new(Vec::new()));
    let (seen, other) = (Arc::clone(&errors), upload.clone());
    let mut options = UploadOptions::new();
    options.set_progress(move |_| {
        let completed = other.complete(&Cancel::never()).map(|_| ());
        seen.lock().unwrap().extend([completed.unwrap_err(), other.abort().unwrap_err()]);
        ControlFlow::Continue(())
    });
    upload.complete_with(&options, &fixture.cancel).unwrap();
    let errors = errors.lock().unwrap();
    assert!(!errors.is_empty());
    for error in &*errors {
        assert_eq!((error.kind(), error.parts_left()), (ErrorKind::State, true), "{error}");
        assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
        assert_eq!(error.upload_id(), Some(upload.upload_id().as_str()), "{error}");
    }
}

#[test]
fn the_timeout_and_the_progress_callback_of_the_options_apply_to_complete() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(PART), &fixture);
    let mut options = UploadOptions::new();
    options.set_timeout(Some(Duration::from_nanos(1)));
    let error = upload.complete_with(&options, &fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Timeout, ObjectExists::No));
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    let reported = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&reported);
    options.set_timeout(None).set_progress(move |_| {
        told.store(true, Ordering::SeqCst);
        ControlFlow::Continue(())
    });
    upload.complete_with(&options, &fixture.cancel).unwrap();
    assert!(reported.load(Ordering::SeqCst));
}

#[test]
fn complete_all_refuses_a_part_that_another_one_has_replaced() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(PART), &fixture);
    send(&upload, 2, bytes(9), &fixture);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    // As by an attempt of an earlier call for the part that takes effect late.
    let late = UploadPart::new(bucket, key, upload.upload_id(), number(2)).with_bytes(vec![7; 9]);
    client.upload_part(&late, cancel).unwrap();
    let mut options = UploadOptions::new();
    options.set_complete_all(true);
    let error = upload.complete_with(&options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Integrity, Some(2)), "{error}");
    assert!(error.parts_left() && error.to_string().contains("send it again"), "{error}");
    assert_eq!((error.object_exists(), fixture.stored()), (ObjectExists::No, None));
    send(&upload, 2, bytes(9), &fixture);
    assert!(upload.complete_with(&options, cancel).unwrap().verified);
    assert_eq!(fixture.stored().unwrap(), [bytes(PART), bytes(9)].concat());
}

#[test]
fn what_an_upload_step_by_step_does_not_compare_is_refused_by_every_call() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send(&upload, 1, bytes(9), &fixture);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    options.set_expected_crc64(1);
    let attached = MultipartUpload::attach(client, bucket, key, upload.upload_id(), &options);
    let completed = upload.complete_with(&options, cancel);
    for error in [attached.unwrap_err(), completed.unwrap_err()] {
        let found = (error.kind(), error.argument());
        assert_eq!(found, (ErrorKind::Invalid, Some("expected_crc64")), "{error}");
    }
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    upload.complete(cancel).unwrap();
}

#[test]
fn an_attached_upload_may_have_attributes_that_its_handle_does_not_name() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut initiated = UploadOptions::new();
    let headers = initiated.headers_mut().set_content_type("video/mp4").unwrap();
    headers.set_metadata("owner", "me").unwrap();
    let attach = |options: &UploadOptions| {
        let upload = MultipartUpload::initiate(client, bucket, key, &initiated, cancel).unwrap();
        let id = upload.upload_id().clone();
        let attached = MultipartUpload::attach(client, bucket, key, &id, options).unwrap();
        send(&attached, 1, bytes(9), &fixture);
        attached.complete(cancel)
    };
    let mut options = UploadOptions::new();
    options.headers_mut().set_request_payer(true);
    assert!(attach(&options).unwrap().verified);
    assert_eq!(fixture.count("HeadObject"), 0, "there is nothing to compare");
    options.headers_mut().set_metadata("owner", "me").unwrap();
    attach(&options).unwrap();
    // So it is found after a lost response.
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
    attach(&options).unwrap();
    options.headers_mut().set_metadata("owner", "another").unwrap();
    let error = attach(&options).unwrap_err();
    let found = (error.kind(), error.argument(), error.object_exists());
    let expected = (ErrorKind::Integrity, Some("x-oss-meta-owner"), ObjectExists::Yes);
    assert_eq!(found, expected, "{error}");
}

#[test]
fn a_complete_that_has_to_wait_says_what_an_earlier_one_may_have_made() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    let upload = fixture.initiate();
    send(&upload, 1, bytes(PART), &fixture);
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::Before));
    fixture.once("ListParts", Action::status(403, "AccessDenied"));
    assert_eq!(
        upload.complete(&fixture.cancel).unwrap_err().object_exists(),
        ObjectExists::Unknown
    );
    fixture.once("UploadPart", Action { delay_ms: 60_000, ..Action::default() });
    std::thread::scope(|scope| {
        let part = scope.spawn(|| upload.upload_part(number(2), bytes(9), &fixture.cancel));
        fixture.wait_for("UploadPart", 2);
        let error = upload.complete(&fixture.cancel).unwrap_err();
        assert_eq!((error.kind(), error.part_number()), (ErrorKind::State, Some(2)), "{error}");
        assert_eq!(error.upload_id(), Some(upload.upload_id().as_str()));
        assert!(error.parts_left());
        assert_eq!(error.object_exists(), ObjectExists::Unknown);
        fixture.cancel.trigger();
        part.join().unwrap().unwrap_err();
    });
}

/// A fixture with an object of four parts and a byte, which is the source.
fn with_source() -> (Fixture, CopySource) {
    let fixture = Fixture::new();
    fixture.put_five_parts().unwrap();
    let source = CopySource::new(&fixture.bucket, &fixture.key);
    (fixture, source)
}

#[test]
fn an_object_and_a_range_of_it_are_copied_into_parts() {
    let (fixture, source) = with_source();
    let (upload, cancel) = (fixture.initiate(), &fixture.cancel);
    let whole = upload.upload_part_copy(number(1), &source, .., cancel).unwrap();
    let range = upload.upload_part_copy(number(2), &source, PART + 1.., cancel).unwrap();
    assert_eq!((whole.size, range.size), (4 * PART + 1, 3 * PART));
    assert_eq!(upload.complete(cancel).unwrap().size, 7 * PART + 1);
    let content = five_parts();
    assert_eq!(fixture.stored().unwrap(), [&content[..], &content[PART as usize + 1..]].concat());
}

#[test]
fn a_copied_part_whose_range_is_not_confirmed_is_an_error() {
    let (fixture, source) = with_source();
    // OSS omits this header when it has ignored the range.
    let without_range =
        Action { remove_headers: vec!["Content-Range".to_owned()], ..Action::default() };
    fixture.always("UploadPartCopy", without_range);
    let upload = fixture.initiate();
    let error = upload.upload_part_copy(number(3), &source, 1.., &fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Protocol, Some(3)), "{error}");
    assert_eq!(upload.sent_parts(), []);
}

#[test]
fn a_part_of_more_than_5_gib_is_not_added() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let part = send(&upload, 1, bytes(9), &fixture);
    let most = 5 << 30;
    upload.add_part(SentPart { size: most, ..part.clone() }).unwrap();
    let error = upload.add_part(SentPart { size: most + 1, ..part }).unwrap_err();
    let found = (error.kind(), error.argument(), error.part_number());
    assert_eq!(found, (ErrorKind::Invalid, Some("size"), Some(1)), "{error}");
    assert_eq!(upload.sent_parts()[0].size, most);
}

#[test]
fn the_integrity_of_complete_is_that_of_its_options() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let part = send(&upload, 1, bytes(9), &fixture);
    // Compared with the object, it would be an error.
    upload.add_part(SentPart { crc64: Some(1), ..part }).unwrap();
    let mut options = UploadOptions::new();
    options.set_integrity(Integrity::NONE);
    assert!(!upload.complete_with(&options, &fixture.cancel).unwrap().verified);
}

#[test]
fn the_rate_of_an_upload_holds_for_all_its_parts_together() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    options.set_bytes_per_sec(5 * PART);
    let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
    let started = Instant::now();
    for part in 1..=4 {
        send(&upload, part, bytes(PART), &fixture);
    }
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?}", started.elapsed());
}
