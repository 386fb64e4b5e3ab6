//! Cancel, deadline and progress: a call returns promptly and leaves nothing behind.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oss_emulator::{Action, Commit, Direction, Stall};
use ossmpu::{
    CallPhase, Cancel, Error, ErrorKind, Integrity, LogLevel, MultipartUpload, ObjectExists,
    Progress, UploadOptions,
};

use crate::fixture::{
    BUCKET, Fixture, MIB, NEVER_MS, PART, bytes, five_parts, number, small_parts,
};

const INITIATE: &str = "InitiateMultipartUpload";
const COMPLETE: &str = "CompleteMultipartUpload";
/// The maximum time from the cancel until the call returns, including the abort. Any wait that does
/// not end with the cancel would be longer.
const PROMPTLY: Duration = Duration::from_secs(15);

fn slow(ms: u64) -> Action {
    Action { delay_ms: ms, ..Action::default() }
}

/// Uploads five parts, cancels after the first request of an operation, and returns the error.
fn canceled_at(fixture: &Fixture, operation: &str) -> Error {
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| fixture.put_five_parts());
        let triggered = fixture.cancel_at(operation);
        let error = upload.join().unwrap().unwrap_err();
        assert!(triggered.elapsed() < PROMPTLY, "{:?}", triggered.elapsed());
        assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
        error
    })
}

#[test]
fn a_call_with_a_triggered_token_sends_nothing() {
    let fixture = Fixture::new();
    fixture.cancel.trigger();
    for single_below in [0, 1 << 30] {
        let mut options = UploadOptions::new();
        options.set_single_below(single_below).unwrap();
        let error = fixture.put(&five_parts(), &options).unwrap_err();
        assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Canceled, ObjectExists::No));
        assert!(!error.upload_may_exist(), "{error}");
    }
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn canceling_while_parts_wait_for_responses_leaves_nothing_behind() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", slow(NEVER_MS));
    let error = canceled_at(&fixture, "UploadPart");
    assert!(error.upload_id().is_some() && !error.parts_left(), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn canceling_while_bodies_stall_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let stall = Stall { at: Direction::Request, byte: 1, ms: Some(NEVER_MS) };
    fixture.always("UploadPart", Action { stall: Some(stall), ..Action::default() });
    let mut options = small_parts();
    options.set_part_size(32 * MIB).unwrap();
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| fixture.put(&bytes(64 * MIB), &options));
        let triggered = fixture.cancel_at("UploadPart");
        let error = upload.join().unwrap().unwrap_err();
        assert!(triggered.elapsed() < PROMPTLY, "{:?}", triggered.elapsed());
        assert_eq!((error.kind(), error.parts_left()), (ErrorKind::Canceled, false), "{error}");
    });
    fixture.assert_bucket_empty();
}

/// Cancels the call while it waits for the response to Initiate, which comes later.
fn canceled_during_initiate<T: Send>(
    fixture: &Fixture,
    call: impl FnOnce() -> ossmpu::Result<T> + Send,
) -> Error {
    fixture.once(INITIATE, Action::delay_response(NEVER_MS));
    let result = std::thread::scope(|scope| {
        let call = scope.spawn(call);
        fixture.cancel_at(INITIATE);
        // The call notices the cancel, and waits for the upload ID.
        std::thread::sleep(Duration::from_millis(100));
        fixture.emulator.end_delays();
        call.join().unwrap()
    });
    let error = result.err().expect("the call was canceled");
    assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
    error
}

#[test]
fn canceling_during_initiate_aborts_the_new_upload() {
    let fixture = Fixture::new();
    let error = canceled_during_initiate(&fixture, || fixture.put_five_parts());
    assert!(error.upload_id().is_some() && !error.upload_may_exist(), "{error}");
    assert_eq!((fixture.count("UploadPart"), fixture.count("AbortMultipartUpload")), (0, 1));
    fixture.assert_bucket_empty();
}

#[test]
fn canceling_the_initiate_of_a_handle_aborts_the_new_upload() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let options = UploadOptions::new();
    let error = canceled_during_initiate(&fixture, || {
        MultipartUpload::initiate(client, bucket, key, &options, cancel)
    });
    assert!(error.upload_id().is_some() && !error.parts_left(), "{error}");
    assert!(!error.upload_may_exist(), "{error}");
    assert_eq!(fixture.count("AbortMultipartUpload"), 1);
    fixture.assert_bucket_empty();
}

#[test]
fn a_canceled_initiate_without_a_response_may_leave_an_upload_behind() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_millis(200)).unwrap();
    });
    fixture.once(INITIATE, Action::delay_response(NEVER_MS));
    let error = canceled_at(&fixture, INITIATE);
    assert!(error.upload_may_exist() && error.upload_id().is_none(), "{error}");
    fixture.wait_until(|requests| requests.iter().any(|request| request.status == 200));
    assert_eq!(fixture.emulator.uploads(BUCKET).len(), 1);
}

#[test]
fn canceling_during_complete_returns_the_completed_upload() {
    let fixture = Fixture::new();
    fixture.once(COMPLETE, Action::delay_response(1_000));
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| fixture.put_five_parts());
        let triggered = fixture.cancel_at(COMPLETE);
        let uploaded = upload.join().unwrap().unwrap();
        assert!(triggered.elapsed() < PROMPTLY, "{:?}", triggered.elapsed());
        assert_eq!(uploaded.size, 4 * PART + 1);
    });
    assert_eq!(fixture.stored().unwrap(), five_parts());
}

#[test]
fn a_cancellation_after_a_lost_response_to_complete_does_not_hide_the_object() {
    let cancel = Cancel::new().unwrap();
    let trigger = cancel.clone();
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
        // The next request is the first of those that determine the outcome.
        config.set_log(LogLevel::Error, move |_, line| {
            assert!(line.contains(COMPLETE), "{line}");
            trigger.trigger();
        });
    });
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &cancel).unwrap();
    let completed = upload.complete(&cancel).unwrap();
    assert!(completed.verified && cancel.is_triggered());
    assert_eq!(fixture.stored().unwrap(), bytes(PART));
}

#[test]
fn a_canceled_complete_waits_for_its_response() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_secs(60)).unwrap();
    });
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    fixture.once(COMPLETE, Action::delay_response(NEVER_MS));
    fixture.always("ListParts", Action::status(403, "AccessDenied"));
    std::thread::scope(|scope| {
        let completing = scope.spawn(|| upload.complete(&fixture.cancel).unwrap());
        fixture.cancel_at(COMPLETE);
        // The call notices the cancel.
        std::thread::sleep(Duration::from_millis(100));
        fixture.emulator.end_delays();
        assert!(completing.join().unwrap().verified);
    });
}

#[test]
fn a_cancellation_while_the_outcome_of_complete_is_determined_does_not_hide_the_object() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
        config.set_abort_timeout(Duration::from_secs(60)).unwrap();
    });
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    fixture.once(COMPLETE, Action::lose_response(Commit::After));
    fixture.once("ListParts", Action::delay_response(NEVER_MS));
    std::thread::scope(|scope| {
        let completing = scope.spawn(|| upload.complete(&fixture.cancel).unwrap());
        fixture.cancel_at("ListParts");
        // The call notices the cancel, and waits for the response.
        std::thread::sleep(Duration::from_millis(100));
        fixture.emulator.end_delays();
        assert!(completing.join().unwrap().verified);
    });
    assert_eq!(fixture.stored().unwrap(), bytes(PART));
}

#[test]
fn canceling_a_complete_without_effect_leaves_nothing_behind() {
    let fixture = Fixture::new();
    fixture.once(COMPLETE, slow(NEVER_MS));
    let error = canceled_at(&fixture, COMPLETE);
    assert_eq!((error.object_exists(), error.parts_left()), (ObjectExists::No, false), "{error}");
    assert_eq!(fixture.count(COMPLETE), 1);
    fixture.assert_bucket_empty();
}

#[test]
fn a_handle_stays_open_after_a_canceled_complete() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(10), &fixture.cancel).unwrap();
    let cancel = Cancel::new().unwrap();
    cancel.trigger();
    let error = upload.complete(&cancel).unwrap_err();
    assert_eq!((error.kind(), error.parts_left()), (ErrorKind::Canceled, true), "{error}");
    assert_eq!(fixture.count(COMPLETE), 0);
    upload.complete(&fixture.cancel).unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn canceling_during_a_back_off_ends_it() {
    let fixture = Fixture::new();
    let busy = Action::status(503, "ServiceUnavailable").header("Retry-After", "30");
    fixture.always("UploadPart", busy);
    let error = canceled_at(&fixture, "UploadPart");
    assert!(!error.parts_left(), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn canceling_a_put_object_while_sending_creates_no_object() {
    let fixture = Fixture::new();
    let stall = Stall { at: Direction::Request, byte: 1, ms: Some(NEVER_MS) };
    fixture.once("PutObject", Action { stall: Some(stall), ..Action::default() });
    let mut options = UploadOptions::new();
    options.set_single_below(100 * MIB).unwrap();
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| fixture.put(&bytes(64 * MIB), &options));
        let triggered = fixture.cancel_at("PutObject");
        let error = upload.join().unwrap().unwrap_err();
        assert!(triggered.elapsed() < PROMPTLY, "{:?}", triggered.elapsed());
        assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
        assert_eq!(error.object_exists(), ObjectExists::No, "{error}");
        assert!(error.bytes_sent() < 64 * MIB, "{error:?}");
    });
    fixture.assert_bucket_empty();
}

#[test]
fn canceling_a_put_object_that_waits_for_its_response_may_have_created_the_object() {
    let fixture = Fixture::new();
    fixture.once("PutObject", Action::delay_response(NEVER_MS));
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| fixture.put(&bytes(10), &UploadOptions::new()));
        fixture.wait_until(|requests| requests.iter().any(|request| request.status == 200));
        fixture.cancel.trigger();
        let error = upload.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
        assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    });
}

#[test]
fn a_timer_triggers_the_token() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", slow(NEVER_MS));
    let started = Instant::now();
    fixture.cancel.trigger_after(Duration::from_millis(100)).unwrap();
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert!(started.elapsed() < PROMPTLY + Duration::from_millis(100), "{:?}", started.elapsed());
    fixture.assert_bucket_empty();
}

/// Memory that triggers a cancel token when it is read for the second time.
struct CancelingMemory {
    content: Vec<u8>,
    cancel: Cancel,
    reads: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for CancelingMemory {
    fn as_ref(&self) -> &[u8] {
        if self.reads.fetch_add(1, Ordering::SeqCst) == 1 {
            self.cancel.trigger();
        }
        &self.content
    }
}

#[test]
fn canceling_while_a_source_is_read_for_its_checksum_ends_the_call() {
    let content = bytes(32 * MIB);
    let mut expected_md5 = UploadOptions::new();
    expected_md5.set_expected_md5([0; 16]);
    let mut expected_crc64 = UploadOptions::new();
    expected_crc64.set_expected_crc64(1).set_single_below(100 * MIB).unwrap();
    let mut content_md5 = UploadOptions::new();
    content_md5.set_integrity(Integrity::MD5).set_single_below(100 * MIB).unwrap();
    for (options, resumes) in [
        (expected_md5, false),
        (expected_crc64, false),
        (content_md5, false),
        (small_parts(), true),
    ] {
        let fixture = Fixture::new();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let mut options = options;
        if resumes {
            // The part that OSS has is compared with the source.
            options.set_part_size(32 * MIB).unwrap();
            let upload = fixture.initiate();
            upload.upload_part(number(1), content.clone(), cancel).unwrap();
            options.set_upload_id(upload.upload_id().clone());
        }
        let reads = Arc::new(AtomicUsize::new(0));
        let (cancel, counter) = (Cancel::new().unwrap(), Arc::clone(&reads));
        let memory =
            CancelingMemory { content: content.clone(), cancel: cancel.clone(), reads: counter };
        let error = client.put_data(bucket, key, memory, &options, &cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
        // The whole source takes about 300 reads.
        assert!(reads.load(Ordering::SeqCst) < 10, "{reads:?}");
        assert_eq!(fixture.count("PutObject") + fixture.count(COMPLETE), 0);
    }
}

#[test]
fn a_deadline_ends_a_stream_whose_reader_is_slow() {
    struct SlowReader(Arc<AtomicUsize>);
    impl Read for SlowReader {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::park_timeout(Duration::from_millis(10));
            buffer[0] = 1;
            // Without a deadline this takes more than a minute.
            Ok(usize::from(self.0.fetch_add(1, Ordering::SeqCst) < 6_000))
        }
    }
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    options.set_timeout(Some(Duration::from_millis(100)));
    let reads = Arc::new(AtomicUsize::new(0));
    let reader = SlowReader(Arc::clone(&reads));
    let error = client.put_stream(bucket, key, reader, &options, cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(reads.load(Ordering::SeqCst) < 6_000);
    fixture.assert_bucket_empty();
}

#[test]
fn a_canceled_writer_accepts_no_more_bytes() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut writer = client.open_writer(bucket, key, &UploadOptions::new(), cancel).unwrap();
    writer.write_all(b"bytes").unwrap();
    cancel.trigger();
    let error = Error::from(writer.write_all(b"bytes").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn one_token_cancels_several_calls() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", slow(NEVER_MS));
    std::thread::scope(|scope| {
        let uploads = [(); 3].map(|()| scope.spawn(|| fixture.put_five_parts()));
        fixture.wait_for(INITIATE, 3);
        let triggered = fixture.cancel_at("UploadPart");
        for upload in uploads {
            assert_eq!(upload.join().unwrap().unwrap_err().kind(), ErrorKind::Canceled);
        }
        assert!(triggered.elapsed() < PROMPTLY, "{:?}", triggered.elapsed());
    });
    fixture.assert_bucket_empty();
}

#[test]
fn a_deadline_is_a_timeout_error_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", slow(NEVER_MS));
    let mut options = small_parts();
    options.set_timeout(Some(Duration::from_millis(150)));
    let started = Instant::now();
    let error = fixture.put(&five_parts(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("deadline"), "{error}");
    assert!(started.elapsed() < PROMPTLY + Duration::from_millis(150), "{:?}", started.elapsed());
    fixture.assert_bucket_empty();
}

#[test]
fn a_progress_callback_that_breaks_ends_the_upload_with_its_value() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", slow(NEVER_MS));
    let mut options = small_parts();
    options.set_progress(|progress| match progress.phase {
        CallPhase::Send => ControlFlow::Break(-7),
        _ => ControlFlow::Continue(()),
    });
    let started = Instant::now();
    let error = fixture.put(&five_parts(), &options).unwrap_err();
    assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Canceled, Some(-7)), "{error}");
    assert!(started.elapsed() < PROMPTLY + Duration::from_millis(100), "{:?}", started.elapsed());
    assert!(error.upload_id().is_some() && !error.parts_left(), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_progress_callback_that_breaks_at_the_end_fails_the_call_and_keeps_the_part() {
    let fixture = Fixture::new();
    let mut options = UploadOptions::new();
    options.set_progress(|progress| match progress.parts_done {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(9),
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
    let error = upload.upload_part(number(1), bytes(10), cancel).unwrap_err();
    assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Canceled, Some(9)), "{error}");
    assert_eq!(upload.sent_parts().len(), 1);
}

#[test]
fn progress_never_decreases_and_ends_with_the_totals() {
    let fixture = Fixture::new();
    fixture.once("UploadPart", Action::status(500, "InternalError"));
    fixture.always("UploadPart", slow(60));
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let thread = std::thread::current().id();
    let mut options = small_parts();
    options.set_progress(move |progress| {
        assert_eq!(std::thread::current().id(), thread);
        sink.lock().unwrap().push(*progress);
        ControlFlow::Continue(())
    });
    let size = 20 * PART + 7;
    fixture.put(&bytes(size), &options).unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 3, "{seen:?}");
    for pair in seen.windows(2) {
        assert!(pair[0].parts_done <= pair[1].parts_done, "{pair:?}");
        assert!(pair[0].bytes_done <= pair[1].bytes_done, "{pair:?}");
        assert!(pair[0].bytes_sent <= pair[1].bytes_sent, "{pair:?}");
    }
    let last = seen.last().unwrap();
    assert_eq!((last.parts_total, last.parts_done), (Some(21), 21));
    assert_eq!((last.bytes_total, last.bytes_done), (Some(size), size));
    assert_eq!(last.retries, 1);
    assert!(last.bytes_sent >= size, "{last:?}");
}
