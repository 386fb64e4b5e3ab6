//! Uploads that share a client, and uploads on a thread pool of the host.

use std::ops::ControlFlow;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use oss_emulator::{Action, RequestRecord, Rule};
use ossmpu::{Cancel, ErrorKind, ObjectKey};

use crate::fixture::{Fixture, PART, bytes, five_parts, small_parts};

/// Requests for parts of the large upload.
fn large_parts(requests: &[RequestRecord]) -> usize {
    let is_large = |request: &&RequestRecord| request.key.as_deref() == Some("large");
    requests.iter().filter(is_large).filter(|request| request.part_number.is_some()).count()
}

/// Counts requests instead of time: until the small upload ends, each of the two workers starts
/// about one part of the large upload for each part of the small one.
#[test]
fn a_small_upload_waits_for_at_most_one_part_of_a_large_one() {
    let fixture = Fixture::with(|config| {
        config.set_threads(2).unwrap();
    });
    let Fixture { client, bucket, emulator, .. } = &fixture;
    emulator.add_rule(Rule::on("UploadPart", Action::delay_response(1_000)).key("large").always());
    let cancel_large = Cancel::new().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut options = small_parts();
            options.set_parallelism(16).unwrap();
            let key = ObjectKey::parse("large").unwrap();
            let outcome = client.put_data(bucket, &key, bytes(200 * PART), &options, &cancel_large);
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Canceled);
        });
        fixture.wait_for("UploadPart", 4);
        fixture.put(&bytes(3 * PART), &small_parts()).unwrap();
        cancel_large.trigger();
    });
    let requests = emulator.requests();
    let is_small = |request: &RequestRecord| {
        request.part_number.is_some() && request.key.as_deref() == Some(fixture.key.as_str())
    };
    let first = requests.iter().position(is_small).unwrap();
    let last = requests.iter().rposition(is_small).unwrap();
    let between = large_parts(&requests[first..last]);
    assert!(between < 10, "the small upload waited for {between} parts of the large one");
}

#[test]
fn an_upload_with_a_low_rate_leaves_workers_to_others() {
    let fixture = Fixture::with(|config| {
        config.set_threads(2).unwrap();
    });
    let Fixture { client, bucket, .. } = &fixture;
    let cancel_slow = Cancel::new().unwrap();
    std::thread::scope(|scope| {
        let (sent, is_sent) = mpsc::channel();
        let cancel_slow = &cancel_slow;
        scope.spawn(move || {
            let mut options = small_parts();
            // 100 seconds for each part.
            options.set_bytes_per_sec(1024).set_progress(move |progress| {
                let _ = (progress.bytes_sent > 0).then(|| sent.send(()));
                ControlFlow::Continue(())
            });
            let key = ObjectKey::parse("slow").unwrap();
            let outcome = client.put_data(bucket, &key, five_parts(), &options, cancel_slow);
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Canceled);
        });
        is_sent.recv().unwrap();
        let mut options = small_parts();
        options.set_timeout(Some(Duration::from_secs(40)));
        let outcome = fixture.put(&five_parts(), &options);
        cancel_slow.trigger();
        outcome.unwrap();
    });
}

#[test]
fn an_upload_on_a_worker_of_the_hosts_pool_runs_none_of_its_other_jobs() {
    let fixture = Fixture::new();
    let host = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let ended = Mutex::new(Vec::new());
    host.scope(|scope| {
        scope.spawn(|scope| {
            // This job is in the queue of the thread that now waits for the upload.
            scope.spawn(|_| ended.lock().unwrap().push("the other job"));
            fixture.put_five_parts().unwrap();
            ended.lock().unwrap().push("the upload");
        });
    });
    assert_eq!(*ended.lock().unwrap(), ["the upload", "the other job"]);
    assert_eq!(fixture.stored().unwrap(), five_parts());
}
