//! No call exceeds its timeouts by more than a second, whatever the peer does.
//!
//! Every blocking public call runs against every black hole.

use std::io::Write;
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use ossmpu::{
    BucketName, Cancel, Client, Config, CopySource, ETag, Error, ErrorKind, HeadObject,
    ListMultipartUploads, ListParts, MultipartUpload, ObjectKey, Phase, ProxySetting, Result,
    SentPart, UploadId, UploadOptions,
};

use crate::black_holes::{BlackHole, Target};
use crate::fixture::{BUCKET, MIB, PART, bytes, file, number, small_parts};

const TIMEOUT: Duration = Duration::from_millis(400);
/// Most calls exceed their timeouts by less.
const SLACK: Duration = Duration::from_secs(1);
/// On a busy machine some calls take longer; a timeout that does not work is exceeded by more.
const BUSY: Duration = Duration::from_secs(9);
/// More than the socket buffers hold.
const LARGE: u64 = 16 * MIB;
static LARGE_BODY: LazyLock<Vec<u8>> = LazyLock::new(|| bytes(LARGE));

/// A client of a black hole.
struct Caller {
    client: Client,
    bucket: BucketName,
    key: ObjectKey,
    cancel: Cancel,
}

/// A blocking call.
struct Call {
    name: &'static str,
    operation: &'static str,
    /// How many timeouts may pass one after the other.
    timeouts: u32,
    /// The size of the request body.
    body: u64,
    part: Option<u16>,
    run: fn(&Caller) -> Result<()>,
}

const CALLS: [Call; 13] = [
    call("put_file", "InitiateMultipartUpload", |caller| {
        let file = file(&bytes(2 * PART));
        let Caller { client, bucket, key, cancel } = caller;
        client.put_file(bucket, key, file.path(), &small_parts(), cancel).map(drop)
    }),
    call("put_data", "InitiateMultipartUpload", |caller| {
        let Caller { client, bucket, key, cancel } = caller;
        client.put_data(bucket, key, bytes(2 * PART), &small_parts(), cancel).map(drop)
    }),
    Call {
        body: LARGE,
        ..call("put_data in one request", "PutObject", |caller| {
            let mut options = UploadOptions::new();
            options.set_single_below(2 * LARGE)?;
            let Caller { client, bucket, key, cancel } = caller;
            client.put_data(bucket, key, &LARGE_BODY[..], &options, cancel).map(drop)
        })
    },
    call("put_stream", "InitiateMultipartUpload", |caller| {
        let content = bytes(2 * PART);
        let Caller { client, bucket, key, cancel } = caller;
        client.put_stream(bucket, key, &content[..], &small_parts(), cancel).map(drop)
    }),
    call("writer", "InitiateMultipartUpload", |caller| {
        let Caller { client, bucket, key, cancel } = caller;
        let mut writer = client.open_writer(bucket, key, &small_parts(), cancel)?;
        writer.write_all(&bytes(2 * PART))?;
        writer.finish().map(drop)
    }),
    call("initiate_upload", "InitiateMultipartUpload", |caller| {
        let Caller { client, bucket, key, cancel } = caller;
        MultipartUpload::initiate(client, bucket, key, &small_parts(), cancel).map(drop)
    }),
    Call {
        body: LARGE,
        part: Some(7),
        ..call("upload_part", "UploadPart", |caller| {
            caller.upload().upload_part(number(7), &LARGE_BODY[..], &caller.cancel).map(drop)
        })
    },
    // Complete, and the request that resolves its outcome.
    Call {
        timeouts: 2,
        ..call("complete", "CompleteMultipartUpload", |caller| {
            let upload = caller.upload();
            let etag = ETag::parse("\"5B3C1A2E053D763E1B002CC607C5A0FE\"")?;
            upload.add_part(SentPart { number: number(1), size: PART, etag, crc64: None })?;
            upload.complete(&caller.cancel).map(drop)
        })
    },
    call("abort", "AbortMultipartUpload", |caller| caller.upload().abort()),
    call("parts", "ListParts", |caller| {
        let request = ListParts::new(&caller.bucket, &caller.key, &upload_id());
        caller.client.parts_iter(request, &caller.cancel).next().unwrap().map(drop)
    }),
    call("uploads", "ListMultipartUploads", |caller| {
        let request = ListMultipartUploads::new(&caller.bucket);
        caller.client.uploads_iter(request, &caller.cancel).next().unwrap().map(drop)
    }),
    call("head_object", "HeadObject", |caller| {
        let request = HeadObject::new(&caller.bucket, &caller.key);
        caller.client.head_object(&request, &caller.cancel).map(drop)
    }),
    call("copy_object", "HeadObject", |caller| {
        let Caller { client, bucket, key, cancel } = caller;
        let source = CopySource::new(bucket, key);
        client.copy_object(bucket, key, &source, &small_parts(), cancel).map(drop)
    }),
];

const fn call(name: &'static str, operation: &'static str, run: fn(&Caller) -> Result<()>) -> Call {
    Call { name, operation, timeouts: 1, body: 0, part: None, run }
}

fn upload_id() -> UploadId {
    UploadId::parse("0004B9894A22E5B1888A1E29F8236E2D").unwrap()
}

impl Caller {
    fn new(hole: BlackHole, target: &Target, attempts: u32) -> Self {
        // A response that drips must time out as a stall, not as a missing response.
        let response_timeout =
            if hole == BlackHole::RespondsByteByByte { 10 * TIMEOUT } else { TIMEOUT };
        // On a busy machine the peer may not read for longer than the timeout.
        let stall_timeout = if hole == BlackHole::NoResponse { 20 * TIMEOUT } else { TIMEOUT };
        let mut config = Config::new();
        config
            .set_region("cn-hangzhou")
            .and_then(|c| c.set_endpoint(&target.endpoint))
            .and_then(|c| c.set_keys("test-id", "test-secret", None))
            .and_then(|c| c.set_connect_timeout(TIMEOUT))
            .and_then(|c| c.set_stall_timeout(stall_timeout))
            .and_then(|c| c.set_response_timeout(response_timeout))
            .and_then(|c| c.set_complete_timeout(response_timeout))
            .and_then(|c| c.set_abort_timeout(TIMEOUT))
            .and_then(|c| c.set_max_attempts(attempts))
            .unwrap();
        if let Some(proxy) = &target.proxy {
            config.set_proxy(ProxySetting::Url(proxy.clone()));
        }
        Self {
            client: Client::new(&config).unwrap(),
            bucket: BucketName::parse(BUCKET).unwrap(),
            key: ObjectKey::parse("key").unwrap(),
            cancel: Cancel::never(),
        }
    }

    fn upload(&self) -> MultipartUpload {
        let Self { client, bucket, key, .. } = self;
        MultipartUpload::attach(client, bucket, key, &upload_id(), &small_parts()).unwrap()
    }
}

#[test]
fn no_call_exceeds_its_timeouts_by_more_than_a_second_in_any_black_hole() {
    LazyLock::force(&LARGE_BODY);
    let excesses = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for hole in BlackHole::ALL {
            let excesses = &excesses;
            scope.spawn(move || {
                let target = hole.open(TIMEOUT / 4);
                let caller = Arc::new(Caller::new(hole, &target, 1));
                for call in &CALLS {
                    let (error, excess) = run_with_timeout(hole, call, 1, &caller);
                    check(hole, call, &target, &error);
                    excesses.lock().unwrap().push(excess);
                }
            });
        }
    });
    let mut excesses = excesses.into_inner().unwrap();
    excesses.sort_unstable();
    assert!(excesses[excesses.len() / 2] <= SLACK, "{excesses:?}");
}

#[test]
fn a_second_attempt_has_its_own_timeout_and_is_counted() {
    LazyLock::force(&LARGE_BODY);
    for hole in [BlackHole::FullBacklog, BlackHole::NoResponse, BlackHole::SilentTls] {
        let target = hole.open(TIMEOUT / 4);
        let caller = Arc::new(Caller::new(hole, &target, 2));
        let part = CALLS.iter().find(|call| call.name == "upload_part").unwrap();
        let (error, _) = run_with_timeout(hole, part, 2, &caller);
        assert_eq!(error.attempts(), 2, "{hole:?}: {error}");
        assert!(error.to_string().contains("after 2 attempts"), "{error}");
    }
}

/// Runs the call on its own thread, and does not wait for it forever. Returns its error and by how
/// much it exceeded its timeouts.
fn run_with_timeout(
    hole: BlackHole,
    call: &Call,
    attempts: u32,
    caller: &Arc<Caller>,
) -> (Error, Duration) {
    let back_off = Duration::from_millis(400) * (attempts - 1);
    let allowed = TIMEOUT * call.timeouts * attempts + back_off;
    let (sender, receiver) = channel();
    let (run, shared) = (call.run, Arc::clone(caller));
    let started = Instant::now();
    std::thread::spawn(move || sender.send(run(&shared)));
    let outcome = receiver.recv_timeout(10 * (allowed + BUSY));
    let took = started.elapsed();
    let what = format!("{} in {hole:?} took {took:?}", call.name);
    let error = outcome.expect(&what).expect_err("a black hole never responds");
    assert!(took >= TIMEOUT && took <= allowed + BUSY, "{what}: {error}");
    (error, took.saturating_sub(allowed))
}

/// Checks the phase, host, part number and bytes of the error.
fn check(hole: BlackHole, call: &Call, target: &Target, error: &Error) {
    let what = format!("{} in {hole:?}: {error}", call.name);
    let phase = if call.body == 0 { hole.phase() } else { hole.phase_of_large_body() };
    let is_late_peer = hole == BlackHole::RespondsByteByByte
        && call.body > 0
        && error.phase() == Some(Phase::Send);
    let phase = if is_late_peer { Phase::Send } else { phase };
    let has_arrived = matches!(phase, Phase::Wait | Phase::Receive);
    let is_unknown = call.name == "complete" && has_arrived;
    let kind = if is_unknown { ErrorKind::Unknown } else { ErrorKind::Timeout };
    assert_eq!((error.kind(), error.phase()), (kind, Some(phase)), "{what}");
    assert_eq!(
        (error.operation(), error.host()),
        (Some(call.operation), Some(&*target.host)),
        "{what}"
    );
    assert_eq!(error.part_number(), call.part, "{what}");
    // The abort timeout leaves no time for a second attempt, which could fail in any phase.
    assert_eq!(error.attempts(), 1, "{what}");
    match phase {
        Phase::Send if is_late_peer => {}
        Phase::Send => assert!((1..call.body).contains(&error.bytes_sent()), "{what}: {error:?}"),
        _ if is_unknown => assert!(error.bytes_sent() > 0, "{what}: {error:?}"),
        _ if has_arrived => assert_eq!(error.bytes_sent(), call.body, "{what}"),
        _ => assert_eq!(error.bytes_sent(), 0, "{what}"),
    }
    let initiates = call.operation == "InitiateMultipartUpload";
    assert_eq!(error.upload_may_exist(), initiates && has_arrived, "{what}");
}
