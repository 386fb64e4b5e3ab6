//! Delays by OSS, which it reports in `x-oss-qos-delay-time`.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use oss_emulator::{Action, Rule};
use ossmpu::{CopySource, MultipartUpload, ObjectKey, UploadOptions};

use crate::fixture::*;

const UPLOAD_PART: &str = "UploadPart";

fn delayed(action: Action) -> Action {
    action.header("x-oss-qos-delay-time", "70")
}

/// Options that record the delay in the last progress.
fn observed(mut options: UploadOptions) -> (UploadOptions, Arc<Mutex<u64>>) {
    let last = Arc::new(Mutex::new(0));
    let sink = Arc::clone(&last);
    options.set_progress(move |progress| {
        *sink.lock().unwrap() = progress.throttled_ms;
        ControlFlow::Continue(())
    });
    (options, last)
}

#[test]
fn the_delays_of_all_requests_are_in_progress_and_result() {
    let mut single = UploadOptions::new();
    single.set_single_below(1 << 30).unwrap();
    for (options, operation, ms) in [(small_parts(), UPLOAD_PART, 350), (single, "PutObject", 70)] {
        let fixture = Fixture::new();
        fixture.always(operation, delayed(Action::default()));
        let (options, last) = observed(options);
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert_eq!((uploaded.throttled_ms, *last.lock().unwrap()), (ms, ms), "{operation}");
    }
    let fixture = Fixture::new();
    assert_eq!(fixture.put_five_parts().unwrap().throttled_ms, 0);
}

#[test]
fn a_refused_attempt_can_have_been_delayed_too() {
    let fixture = Fixture::new();
    fixture.once(UPLOAD_PART, delayed(Action::status(503, "UploadTrafficRateLimitExceeded")));
    assert_eq!(fixture.put_five_parts().unwrap().throttled_ms, 70);
}

#[test]
fn an_error_has_the_delays_of_the_whole_call() {
    let fixture = Fixture::new();
    fixture.always(UPLOAD_PART, delayed(Action::default()));
    fixture.always("CompleteMultipartUpload", Action::status(403, "AccessDenied"));
    assert_eq!(fixture.put_five_parts().unwrap_err().throttled_ms(), 350);
    let fixture = Fixture::new();
    fixture.always("PutObject", delayed(Action::status(403, "AccessDenied")));
    let mut single = UploadOptions::new();
    single.set_single_below(1 << 30).unwrap();
    assert_eq!(fixture.put(b"x", &single).unwrap_err().throttled_ms(), 70);
}

#[test]
fn streams_and_copies_report_delays() {
    let fixture = Fixture::new();
    let content = five_parts();
    fixture.always(UPLOAD_PART, delayed(Action::default()));
    fixture.always("UploadPartCopy", delayed(Action::default()));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let options = small_parts();
    let streamed = client.put_stream(bucket, key, &content[..], &options, cancel).unwrap();
    assert_eq!(streamed.throttled_ms, 350);
    let source = CopySource::new(bucket, key);
    let target = ObjectKey::parse("copy").unwrap();
    let copied = client.copy_object(bucket, &target, &source, &options, cancel).unwrap();
    assert_eq!(copied.throttled_ms, 350);
    fixture.always("CopyObject", delayed(Action::default()));
    let (options, last) = observed(UploadOptions::new());
    let copied = client.copy_object(bucket, &target, &source, &options, cancel).unwrap();
    assert_eq!((copied.throttled_ms, *last.lock().unwrap()), (70, 70));
}

#[test]
fn the_delay_of_a_part_that_is_copied_is_in_its_progress() {
    let fixture = Fixture::new();
    let content = five_parts();
    fixture.put(&content, &small_parts()).unwrap();
    fixture.always("UploadPartCopy", delayed(Action::default()));
    let (options, last) = observed(UploadOptions::new());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let upload = MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap();
    upload.upload_part_copy(number(1), &CopySource::new(bucket, key), .., cancel).unwrap();
    assert_eq!(*last.lock().unwrap(), 70);
    *last.lock().unwrap() = 0;
    upload.upload_part_delta(number(2), content, 0, cancel).unwrap();
    assert_eq!((*last.lock().unwrap(), fixture.count("UploadPartCopy")), (70, 2));
}

#[test]
fn the_error_of_a_stream_has_the_delays_of_all_parts() {
    let fixture = Fixture::new();
    for (part, action) in [
        (1, delayed(Action::default())),
        (2, delayed(Action::default())),
        (3, Action::status(403, "AccessDenied")),
    ] {
        fixture.emulator.add_rule(Rule::on(UPLOAD_PART, action).part(part));
    }
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = small_parts();
    options.set_parallelism(1).unwrap();
    let content = five_parts();
    let error = client.put_stream(bucket, key, &content[..], &options, cancel).unwrap_err();
    assert_eq!((error.part_number(), error.throttled_ms()), (Some(3), 140));
}

#[test]
fn values_that_are_no_number_are_ignored() {
    for value in ["", "-5", "soon", "99999999999999999999"] {
        let fixture = Fixture::new();
        let action = Action::default().header("x-oss-qos-delay-time", value);
        fixture.always(UPLOAD_PART, action);
        assert_eq!(fixture.put_five_parts().unwrap().throttled_ms, 0, "{value}");
    }
}
