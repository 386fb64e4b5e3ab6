//! Timeouts: attempts against a slow or silent server end after the configured time.

use std::time::{Duration, Instant};

use oss_emulator::{Action, Commit, Direction, Drip, Stall};
use ossmpu::{
    Config, CopySource, Error, ErrorKind, HeadObject, MultipartUpload, ObjectExists, ObjectKey,
    Phase, Result, UploadOptions, UploadResult,
};

use crate::fixture::{
    BUCKET, Fixture, MIB, NEVER_MS, bytes, file, five_parts, number, small_parts,
};

/// Long enough for requests without a delay, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Less than any timeout that is not set here.
const SOON: Duration = Duration::from_secs(18);

/// A fixture whose client has a timeout and makes one attempt.
fn with_one_attempt(set_timeout: impl FnOnce(&mut Config) -> Result<&mut Config>) -> Fixture {
    Fixture::with(|config| {
        set_timeout(config).and_then(|config| config.set_max_attempts(1)).unwrap();
    })
}

fn with_stall_timeout() -> Fixture {
    with_one_attempt(|config| config.set_stall_timeout(TIMEOUT))
}

fn with_response_timeout() -> Fixture {
    with_one_attempt(|config| config.set_response_timeout(TIMEOUT))
}

fn stall(at: Direction, byte: u64) -> Action {
    Action { stall: Some(Stall { at, byte, ms: Some(NEVER_MS) }), ..Action::default() }
}

/// Returns the timeout error of a call, and asserts that it came in time.
fn timeout_error(run: impl FnOnce() -> Error) -> Error {
    let started = Instant::now();
    let error = run();
    assert!(started.elapsed() >= TIMEOUT && started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    error
}

#[test]
fn a_server_that_stops_reading_a_part_times_out_and_nothing_is_left_behind() {
    let fixture = with_stall_timeout();
    fixture.always("UploadPart", stall(Direction::Request, 1));
    let mut options = small_parts();
    options.set_part_size(32 * MIB).unwrap();
    let content = bytes(32 * MIB);
    let error = timeout_error(|| fixture.put(&content, &options).unwrap_err());
    assert_eq!((error.phase(), error.part_number()), (Some(Phase::Send), Some(1)), "{error}");
    assert!(error.is_retryable() && !error.parts_left(), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_part_without_a_response_times_out_and_nothing_is_left_behind() {
    let fixture = with_response_timeout();
    fixture.always("UploadPart", Action { delay_ms: NEVER_MS, ..Action::default() });
    let error = timeout_error(|| fixture.put_five_parts().unwrap_err());
    assert_eq!(error.phase(), Some(Phase::Wait), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_part_that_times_out_is_retried() {
    let fixture = Fixture::with(|config| {
        config.set_response_timeout(TIMEOUT).unwrap();
    });
    fixture.once("UploadPart", Action { delay_ms: NEVER_MS, ..Action::default() });
    fixture.put_five_parts().unwrap();
    assert!(fixture.count("UploadPart") >= 6);
    assert_eq!(fixture.stored().unwrap(), five_parts());
}

#[test]
fn a_response_that_stalls_times_out() {
    let fixture = with_stall_timeout();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    fixture.always("HeadObject", stall(Direction::Response, 40));
    let request = HeadObject::new(bucket, key);
    let error = timeout_error(|| client.head_object(&request, cancel).unwrap_err());
    assert_eq!(error.phase(), Some(Phase::Receive), "{error}");
}

#[test]
fn a_response_that_arrives_byte_by_byte_times_out() {
    let fixture = with_response_timeout();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let drip = Drip { delay_ms: 20, bytes: 1 };
    fixture.always("HeadObject", Action { drip: Some(drip), ..Action::default() });
    let request = HeadObject::new(bucket, key);
    let error = timeout_error(|| client.head_object(&request, cancel).unwrap_err());
    assert_eq!(error.phase(), Some(Phase::Receive), "{error}");
}

#[test]
fn complete_has_its_own_timeout() {
    let fixture = Fixture::with(|config| {
        config.set_response_timeout(TIMEOUT).unwrap();
        config.set_complete_timeout(Duration::from_secs(60)).unwrap();
    });
    fixture.once("CompleteMultipartUpload", Action::delay_response(4_000));
    fixture.put_five_parts().unwrap();
    assert_eq!(fixture.count("CompleteMultipartUpload"), 1);
}

#[test]
fn a_complete_that_times_out_is_resolved_by_head_object() {
    let fixture = with_one_attempt(|config| config.set_complete_timeout(TIMEOUT));
    fixture.once("CompleteMultipartUpload", Action::delay_response(NEVER_MS));
    let uploaded = fixture.put_five_parts().unwrap();
    let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
    assert_eq!(uploaded.crc64, Some(object.crc64));
    assert_eq!(fixture.count("HeadObject"), 1);
}

#[test]
fn a_put_object_without_a_response_may_have_created_the_object() {
    let fixture = with_response_timeout();
    fixture.once("PutObject", Action::delay_response(NEVER_MS));
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    let error = timeout_error(|| fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err());
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
}

// Other systems do not report what is in the buffer.
#[cfg(target_os = "linux")]
#[test]
fn a_body_in_the_socket_buffer_may_have_arrived() {
    use socket2::{Domain, Socket, Type};
    use std::net::SocketAddr;

    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.set_recv_buffer_size(4096).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    // The backlog leaves room for connections of other tests that used this port before.
    listener.listen(64).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    for (size, exists) in [(200 * 1024, ObjectExists::Unknown), (64 * MIB, ObjectExists::No)] {
        let fixture = Fixture::with(|config| {
            config.set_endpoint(&format!("http://{address}")).unwrap();
            config.set_stall_timeout(TIMEOUT).unwrap();
            // The time for the HeadObject that resolves the outcome.
            config.set_abort_timeout(TIMEOUT).unwrap();
            config.set_max_attempts(1).unwrap();
        });
        let mut options = UploadOptions::new();
        options.set_single_below(100 * MIB).unwrap();
        let content = bytes(size);
        let error = timeout_error(|| fixture.put(&content, &options).unwrap_err());
        assert_eq!((error.phase(), error.object_exists()), (Some(Phase::Send), exists), "{error}");
        assert_eq!(error.bytes_sent() == size, exists == ObjectExists::Unknown, "{error:?}");
    }
}

#[test]
fn a_deadline_ends_the_list_of_the_parts_of_an_attached_upload() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    fixture.always("ListParts", Action::delay_response(NEVER_MS));
    let mut options = UploadOptions::new();
    options.set_timeout(Some(TIMEOUT));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let id = upload.upload_id();
    let attach = || MultipartUpload::attach_with_parts(client, bucket, key, id, &options, cancel);
    let error = timeout_error(|| attach().unwrap_err());
    assert_eq!(error.operation(), Some("ListParts"), "{error}");
}

#[test]
fn a_deadline_ends_the_requests_that_look_for_an_earlier_upload() {
    for operation in ["ListParts", "HeadObject"] {
        let fixture = Fixture::with_one_attempt();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let (folder, file) = (tempfile::tempdir().unwrap(), file(&five_parts()));
        let mut options = small_parts();
        options.set_checkpoint_dir(folder.path());
        let put = |options: &UploadOptions| {
            client.put_file(bucket, key, file.path(), options, cancel).unwrap_err()
        };
        fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
        fixture.once("ListParts", Action::status(403, "AccessDenied"));
        put(&options);
        fixture.always(operation, Action::delay_response(NEVER_MS));
        options.set_timeout(Some(Duration::from_millis(500)));
        let started = Instant::now();
        let error = put(&options);
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    }
}

#[test]
fn a_deadline_ends_the_back_off_between_attempts() {
    let fixture = Fixture::new();
    let busy = Action::status(503, "ServiceUnavailable").header("Retry-After", "60");
    fixture.always("PutObject", busy);
    let mut options = UploadOptions::new();
    options.set_timeout(Some(2 * SOON));
    let started = Instant::now();
    let error = fixture.put(&bytes(10), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.cause().unwrap().contains("ServiceUnavailable"), "{error:?}");
    assert!(error.is_retryable(), "{error:?}");
    // The back-off would pass the deadline, so the call ends at once.
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[test]
fn a_deadline_ends_a_put_object_that_its_rate_makes_longer() {
    let fixture = Fixture::new();
    let mut options = UploadOptions::new();
    // At this rate the object takes ten seconds.
    options.set_bytes_per_sec(1024).set_timeout(Some(Duration::from_millis(300)));
    let error = fixture.put(&bytes(10 * 1024), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(error.object_exists(), ObjectExists::No);
}

#[test]
fn a_deadline_ends_a_copy_and_a_delta_upload_whatever_they_wait_for() {
    let fixture = with_one_attempt(|config| {
        config.set_response_timeout(SOON).and_then(|config| config.set_complete_timeout(SOON))
    });
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    fixture.put_five_parts().unwrap();
    let target = ObjectKey::parse("target").unwrap();
    let source = CopySource::new(bucket, key);
    let mut single = UploadOptions::new();
    let (mut parts, mut delta) = (small_parts(), small_parts());
    let mut expecting = small_parts();
    expecting.set_expected_crc64(1);
    delta.set_delta(true);
    for options in [&mut single, &mut parts, &mut delta, &mut expecting] {
        options.set_timeout(Some(Duration::from_millis(300)));
    }
    let remove_headers = vec!["x-oss-hash-crc64ecma".to_owned()];
    let without_crc64 = Action { remove_headers, ..Action::default() };
    let copy = |options| client.copy_object(bucket, &target, &source, options, cancel);
    let waits = |operation, call: &dyn Fn() -> Result<UploadResult>| {
        fixture.once(operation, Action::delay_response(NEVER_MS));
        let started = Instant::now();
        let error = call().unwrap_err();
        assert!(started.elapsed() < SOON, "{operation}: {:?}", started.elapsed());
        assert_eq!(error.kind(), ErrorKind::Timeout, "{operation}: {error}");
        assert!(error.to_string().contains("deadline"), "{operation}: {error}");
        emulator.clear_rules();
    };
    waits("HeadObject", &|| copy(&single));
    waits("CopyObject", &|| copy(&single));
    waits("GetObjectTagging", &|| copy(&parts));
    waits("UploadPartCopy", &|| copy(&parts));
    fixture.always("HeadObject", without_crc64);
    waits("ListParts", &|| copy(&expecting));
    waits("HeadObject", &|| fixture.put(&five_parts(), &delta));
    waits("ListParts", &|| fixture.put(&five_parts(), &delta));
}

#[test]
fn the_deadline_of_a_step_ends_each_of_its_requests() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    options.set_timeout(Some(TIMEOUT)).set_complete_all(true);
    let initiate = || MultipartUpload::initiate(client, bucket, key, &options, cancel);
    let initiated = fixture.initiate();
    let id = initiated.upload_id();
    let upload = MultipartUpload::attach(client, bucket, key, id, &options).unwrap();
    for operation in ["InitiateMultipartUpload", "ListParts", "HeadObject"] {
        fixture.always(operation, Action { delay_ms: NEVER_MS, ..Action::default() });
    }
    let source = CopySource::new(bucket, key);
    for error in [
        initiate().unwrap_err(),
        upload.complete(cancel).unwrap_err(),
        upload.upload_part_copy(number(1), &source, .., cancel).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.to_string().contains("deadline"), "{error}");
        assert!(error.is_retryable(), "{error:?}");
    }
}

#[test]
fn the_deadline_of_a_call_for_a_handle_ends_its_requests() {
    std::thread::scope(|scope| {
        for operation in ["HeadObject", "UploadPartCopy", "UploadPart", "ListParts"] {
            scope.spawn(move || {
                // A request that had no deadline would end later.
                let fixture = with_one_attempt(|config| {
                    config.set_response_timeout(2 * TIMEOUT)?.set_complete_timeout(2 * TIMEOUT)
                });
                fixture.put_five_parts().unwrap();
                fixture.always(operation, Action { delay_ms: NEVER_MS, ..Action::default() });
                let mut options = UploadOptions::new();
                options.set_timeout(Some(TIMEOUT));
                let Fixture { client, bucket, key, cancel, .. } = &fixture;
                let upload =
                    MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
                let sent = match operation {
                    "UploadPart" => upload.upload_part(number(1), five_parts(), cancel),
                    _ => upload.upload_part_delta(number(1), five_parts(), 0, cancel),
                };
                let error = sent.and_then(|_| upload.complete(cancel)).unwrap_err();
                let found = (error.kind(), error.operation());
                assert_eq!(found, (ErrorKind::Timeout, Some(operation)), "{error}");
                assert!(error.to_string().contains("deadline"), "{error}");
            });
        }
    });
}

#[test]
fn the_deadline_of_complete_ends_its_request() {
    let fixture = with_one_attempt(|config| {
        config.set_complete_timeout(3 * TIMEOUT)?.set_abort_timeout(Duration::from_millis(200))
    });
    let Fixture { cancel, .. } = &fixture;
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(9), cancel).unwrap();
    fixture.once("CompleteMultipartUpload", Action { delay_ms: NEVER_MS, ..Action::default() });
    let mut options = UploadOptions::new();
    options.set_timeout(Some(TIMEOUT));
    let error = upload.complete_with(&options, cancel).unwrap_err();
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    assert!(error.to_string().contains("deadline"), "{error}");
}
