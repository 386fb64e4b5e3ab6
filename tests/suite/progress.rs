//! Progress in every wait of a call: the callback runs, names the phase, and can end the call.

use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use oss_emulator::Action;
use ossmpu::{
    CallPhase, Client, Config, CopySource, Error, ErrorKind, FdRange, MultipartUpload,
    ObjectExists, Progress, UploadOptions,
};

use crate::descriptor::AsDescriptor;
use crate::fixture::{
    BUCKET, Fixture, MIB, NEVER_MS, PART, bytes, five_parts, number, small_parts,
};

/// What the callbacks return to end a call.
const VALUE: i64 = 77;
/// A call that does not end with its callback would last longer.
const PROMPTLY: Duration = Duration::from_secs(20);

/// Options whose callback ends the call at the `count`-th report for which `is_meant` is true.
fn ending(
    mut options: UploadOptions,
    count: usize,
    is_meant: impl Fn(&Progress) -> bool + Send + Sync + 'static,
) -> UploadOptions {
    let seen = AtomicUsize::new(0);
    options.set_progress(move |progress| {
        let reached = is_meant(progress) && seen.fetch_add(1, Ordering::SeqCst) + 1 >= count;
        if reached { ControlFlow::Break(VALUE) } else { ControlFlow::Continue(()) }
    });
    options
}

/// As [`ending`], at the third report of a phase: the first can be that of its start.
fn ending_in(options: UploadOptions, phase: CallPhase) -> UploadOptions {
    ending(options, 3, move |progress| progress.phase == phase)
}

/// Checks that a call was ended by its callback, and promptly.
fn ended<T: std::fmt::Debug>(call: impl FnOnce() -> ossmpu::Result<T>) -> Error {
    let started = Instant::now();
    let error = call().unwrap_err();
    assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Canceled, Some(VALUE)));
    assert!(started.elapsed() < PROMPTLY, "{:?}: {error}", started.elapsed());
    error
}

/// A fixture whose requests of an operation get no response. A cancellation waits briefly for the
/// responses of requests that must not be lost.
fn silent(operation: &str) -> Fixture {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_secs(6)).unwrap();
    });
    fixture.always(operation, Action { delay_ms: NEVER_MS, ..Action::default() });
    fixture
}

#[test]
fn a_callback_that_breaks_at_once_ends_each_call_before_any_request() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let at_once = |options| ending(options, 1, |_| true);
    let error = ended(|| fixture.put(b"in one request", &at_once(UploadOptions::new())));
    assert_eq!(error.object_exists(), ObjectExists::No);
    ended(|| fixture.put(&five_parts(), &at_once(small_parts())));
    let options = at_once(UploadOptions::new());
    ended(|| client.put_stream(bucket, key, &b"stream"[..], &options, cancel));
    let source = CopySource::new(bucket, key);
    ended(|| client.copy_object(bucket, key, &source, &options, cancel));
    ended(|| MultipartUpload::initiate(client, bucket, key, &options, cancel));
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn a_put_object_without_a_response_ends_with_the_callback() {
    let fixture = silent("PutObject");
    let options = ending_in(UploadOptions::new(), CallPhase::Send);
    ended(|| fixture.put(b"in one request", &options));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let options = ending_in(UploadOptions::new(), CallPhase::Send);
    ended(|| client.put_stream(bucket, key, &b"in one request"[..], &options, cancel));
}

#[test]
fn an_initiate_without_a_response_ends_with_the_callback() {
    let fixture = silent("InitiateMultipartUpload");
    let options = ending_in(small_parts(), CallPhase::Initiate);
    let error = ended(|| fixture.put(&five_parts(), &options));
    assert!(error.upload_may_exist(), "{error}");
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let options = ending_in(UploadOptions::new(), CallPhase::Initiate);
    ended(|| MultipartUpload::initiate(client, bucket, key, &options, cancel));
}

#[test]
fn parts_without_responses_end_with_the_callback_and_are_aborted() {
    let fixture = silent("UploadPart");
    let error = ended(|| fixture.put(&five_parts(), &ending_in(small_parts(), CallPhase::Send)));
    assert!(error.upload_id().is_some() && !error.parts_left(), "{error}");
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let options = ending_in(small_parts(), CallPhase::Send);
    ended(|| client.put_stream(bucket, key, &five_parts()[..], &options, cancel));
    fixture.assert_bucket_empty();
    let options = ending_in(UploadOptions::new(), CallPhase::Send);
    let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
    ended(|| upload.upload_part(number(1), bytes(PART), cancel));
    upload.abort().unwrap();
}

#[test]
fn a_complete_without_a_response_ends_with_the_callback_and_its_outcome_is_determined() {
    let fixture = silent("CompleteMultipartUpload");
    let options = ending_in(small_parts(), CallPhase::Complete);
    let error = ended(|| fixture.put(&five_parts(), &options));
    assert_eq!((error.object_exists(), error.parts_left()), (ObjectExists::No, false), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_head_of_a_copy_and_a_list_of_parts_end_with_the_callback() {
    let fixture = silent("HeadObject");
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let source = CopySource::new(bucket, key);
    let options = ending_in(UploadOptions::new(), CallPhase::Prepare);
    ended(|| client.copy_object(bucket, key, &source, &options, cancel));

    let fixture = silent("ListParts");
    let upload = fixture.initiate();
    let mut options = ending_in(small_parts(), CallPhase::Prepare);
    options.set_upload_id(upload.upload_id().clone());
    ended(|| fixture.put(&five_parts(), &options));
    let options = ending_in(UploadOptions::new(), CallPhase::Prepare);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let id = upload.upload_id();
    ended(|| MultipartUpload::attach_with_parts(client, bucket, key, id, &options, cancel));
}

#[test]
fn a_back_off_ends_with_the_callback() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(100).unwrap();
    });
    fixture.always("PutObject", Action::status(500, "InternalError"));
    ended(|| fixture.put(b"x", &ending(UploadOptions::new(), 3, |progress| progress.retries > 0)));
}

#[test]
fn the_progress_of_an_abort_is_reported() {
    let fixture = silent("AbortMultipartUpload");
    fixture.always("UploadPart", Action { delay_ms: NEVER_MS, ..Action::default() });
    let cancel = fixture.cancel.clone();
    let aborting = Arc::new(AtomicUsize::new(0));
    let (seen, mut options) = (Arc::clone(&aborting), small_parts());
    options.set_progress(move |progress| {
        if progress.phase == CallPhase::Abort {
            seen.fetch_add(1, Ordering::SeqCst);
        }
        if progress.phase == CallPhase::Send {
            cancel.trigger();
        }
        ControlFlow::Continue(())
    });
    let error = fixture.put(&five_parts(), &options).unwrap_err();
    assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Canceled, None), "{error}");
    assert!(error.parts_left(), "{error}");
    assert!(aborting.load(Ordering::SeqCst) >= 3);
}

#[test]
fn reading_the_whole_source_for_a_checksum_ends_with_the_callback() {
    let fixture = Fixture::new();
    let mut options = ending_in(UploadOptions::new(), CallPhase::Prepare);
    options.set_expected_md5([0; 16]);
    let content = vec![0; 512 * usize::try_from(MIB).unwrap()];
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    ended(|| client.put_data(bucket, key, content, &options, cancel));
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn a_tls_handshake_without_a_response_ends_with_the_callback() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = Config::new();
    config.set_region("cn-hangzhou").unwrap();
    config.set_endpoint(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    config.set_keys("id", "secret", None).unwrap();
    let Fixture { bucket, key, cancel, .. } = &Fixture::new();
    let client = Client::new(&config).unwrap();
    let options = ending_in(UploadOptions::new(), CallPhase::Send);
    ended(|| client.put_data(bucket, key, vec![1], &options, cancel));
}

#[test]
fn a_wait_for_a_pipe_ends_with_the_callback() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (reader, _writer) = std::io::pipe().unwrap();
    let options = ending_in(UploadOptions::new(), CallPhase::Prepare);
    ended(|| {
        client.put_fd(bucket, key, FdRange::new(reader.as_descriptor(), ..), &options, cancel)
    });
}

/// The last report before the call returns has all bytes, and each is on the thread of the call.
#[test]
fn the_phases_come_in_order_on_the_thread_of_the_call() {
    let fixture = Fixture::new();
    for operation in ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
        fixture.always(operation, Action { delay_ms: 500, ..Action::default() });
    }
    let seen: Arc<Mutex<Vec<(CallPhase, ThreadId)>>> = Arc::default();
    let (sink, mut options) = (Arc::clone(&seen), small_parts());
    options.set_progress(move |progress| {
        sink.lock().unwrap().push((progress.phase, thread::current().id()));
        ControlFlow::Continue(())
    });
    fixture.put(&five_parts(), &options).unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|(_, id)| *id == thread::current().id()));
    let mut phases: Vec<CallPhase> = seen.iter().map(|(phase, _)| *phase).collect();
    phases.dedup();
    let (prepare, initiate) = (CallPhase::Prepare, CallPhase::Initiate);
    // A busy machine may report nothing in one of them.
    let mut all = [prepare, initiate, CallPhase::Send, CallPhase::Complete].into_iter();
    assert!(phases.iter().all(|phase| all.any(|next| next == *phase)), "{phases:?}");
    assert_eq!(fixture.emulator.keys(BUCKET).len(), 1);
}
