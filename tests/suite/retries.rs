//! Retries: which errors are retried, how often, and when.

use std::time::{Duration, Instant, SystemTime};

use oss_emulator::{Action, Commit, Rule};
use ossmpu::{
    AbortMultipartUpload, ErrorKind, InitiateMultipartUpload, ListParts, ObjectExists, Result,
    UploadOptions,
};

use crate::fixture::{Fixture, PART, bytes, five_parts, number, small_parts};

/// Runs one operation alone, so that only its requests are counted. Complete runs as the end of an
/// upload, because the single operation is never retried.
fn run(operation: &str, fixture: &Fixture) -> Result<()> {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    match operation {
        "InitiateMultipartUpload" => {
            let request = InitiateMultipartUpload::new(bucket, key);
            client.initiate_multipart_upload(&request, cancel).map(drop)
        }
        "UploadPart" => fixture.initiate().upload_part(number(1), bytes(PART), cancel).map(drop),
        "ListParts" => {
            let request = ListParts::new(bucket, key, fixture.initiate().upload_id());
            client.list_parts(&request, cancel).map(drop)
        }
        "AbortMultipartUpload" => {
            let request = AbortMultipartUpload::new(bucket, key, fixture.initiate().upload_id());
            client.abort_multipart_upload(&request, cancel).map(drop)
        }
        "CompleteMultipartUpload" => {
            let upload = fixture.initiate();
            upload.upload_part(number(1), bytes(PART), cancel)?;
            upload.complete(cancel).map(drop)
        }
        _ => fixture.put(&bytes(1000), &UploadOptions::new()).map(drop),
    }
}

const ALL: [&str; 6] = [
    "InitiateMultipartUpload",
    "UploadPart",
    "ListParts",
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "PutObject",
];

/// Asserts that each operation succeeds despite a failing first request, with this many requests.
fn each_succeeds_after(action: &Action, requests: impl Fn(&str) -> usize) {
    for operation in ALL {
        let fixture = Fixture::new();
        fixture.once(operation, action.clone());
        run(operation, &fixture).unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(fixture.count(operation), requests(operation), "{operation}");
    }
}

#[test]
fn every_operation_is_retried_after_status_500() {
    each_succeeds_after(&Action::status(500, "InternalError"), |_| 2);
}

#[test]
fn every_operation_is_retried_when_throttled() {
    let throttled = Action::status(503, "UploadTrafficRateLimitExceeded");
    each_succeeds_after(&throttled.header("Retry-After", "0"), |_| 2);
    each_succeeds_after(&Action::status(429, "TooManyRequests"), |_| 2);
}

#[test]
fn retry_after_is_obeyed() {
    let fixture = Fixture::new();
    let busy = Action::status(503, "ServiceUnavailable").header("Retry-After", "1");
    fixture.once("PutObject", busy);
    let started = Instant::now();
    run("PutObject", &fixture).unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

#[test]
fn a_date_in_retry_after_is_obeyed_and_a_past_one_is_ignored() {
    let second = Duration::from_secs(1);
    for is_future in [true, false] {
        let now = SystemTime::now();
        let date = if is_future { now + 2 * second } else { now - 60 * second };
        let fixture = Fixture::new();
        let busy = Action::status(503, "ServiceUnavailable");
        fixture.once("PutObject", busy.header("Retry-After", httpdate::fmt_http_date(date)));
        let started = Instant::now();
        run("PutObject", &fixture).unwrap();
        assert_eq!(fixture.count("PutObject"), 2);
        // HTTP dates have a resolution of one second.
        assert!(SystemTime::now() + second >= date, "{:?}", started.elapsed());
        assert!(started.elapsed() < 25 * second, "{:?}", started.elapsed());
    }
}

#[test]
fn the_retry_budget_of_a_client_is_limited_and_refilled_by_successes() {
    const CALLS: usize = 120;
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(2).unwrap();
    });
    fixture.always("PutObject", Action::status(500, "InternalError"));
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    let attempts: Vec<u32> = std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..CALLS).map(|_| scope.spawn(|| run("PutObject", &fixture).unwrap_err())).collect();
        calls.into_iter().map(|call| call.join().unwrap().attempts()).collect()
    });
    // 500 tokens pay for a hundred retries.
    assert_eq!(attempts.iter().filter(|attempts| **attempts == 2).count(), 100);
    assert_eq!(fixture.count("PutObject"), CALLS + 100);
    let error = run("PutObject", &fixture).unwrap_err();
    assert!(error.attempts() == 1 && error.is_retryable(), "{error}");

    fixture.emulator.clear_rules();
    for _ in 0..5 {
        run("PutObject", &fixture).unwrap();
    }
    fixture.always("PutObject", Action::status(500, "InternalError"));
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    assert_eq!(run("PutObject", &fixture).unwrap_err().attempts(), 2);
    assert_eq!(run("PutObject", &fixture).unwrap_err().attempts(), 1);
}

#[test]
fn an_empty_retry_budget_does_not_shorten_the_end_of_an_upload() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(2).unwrap();
    });
    let busy = || Action::status(503, "ServiceUnavailable");
    fixture.always("PutObject", Action::status(500, "InternalError"));
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    std::thread::scope(|scope| {
        for _ in 0..120 {
            scope.spawn(|| run("PutObject", &fixture).unwrap_err());
        }
    });
    assert_eq!(run("PutObject", &fixture).unwrap_err().attempts(), 1, "the budget is empty");

    fixture.emulator.clear_rules();
    fixture.always("UploadPart", Action::status(403, "AccessDenied"));
    fixture.emulator.add_rule(Rule::on("AbortMultipartUpload", busy()).times(3));
    let error = fixture.put_five_parts().unwrap_err();
    assert!(!error.parts_left(), "{error}");
    fixture.assert_nothing_left();

    fixture.emulator.clear_rules();
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
    fixture.emulator.add_rule(Rule::on("ListParts", busy()).times(3));
    fixture.emulator.add_rule(Rule::on("HeadObject", busy()).times(3));
    fixture.put_five_parts().unwrap();
    assert_eq!(fixture.count("AbortMultipartUpload"), 4, "ListParts was retried instead");
}

#[test]
fn every_operation_is_retried_when_its_response_is_lost_before_it_took_effect() {
    each_succeeds_after(&Action::lose_response(Commit::Before), |_| 2);
}

#[test]
fn every_operation_succeeds_when_its_response_is_lost_after_it_took_effect() {
    // The outcome of Complete is resolved by HeadObject instead of a retry.
    let once = |operation: &str| operation == "CompleteMultipartUpload";
    each_succeeds_after(&Action::lose_response(Commit::After), |op| if once(op) { 1 } else { 2 });
}

#[test]
fn every_operation_succeeds_when_the_connection_is_reset_instead_of_a_response() {
    let reset = |commit| Action { reset: Some(commit), ..Action::default() };
    each_succeeds_after(&reset(Commit::Before), |_| 2);
    let once = |operation: &str| operation == "CompleteMultipartUpload";
    each_succeeds_after(&reset(Commit::After), |op| if once(op) { 1 } else { 2 });
}

#[test]
fn a_part_is_retried_when_the_connection_breaks_in_the_middle_of_its_body() {
    let breaks = [
        Action { reset_request_at: Some(PART / 2), ..Action::default() },
        Action { cut_request_at: Some(PART / 2), ..Action::default() },
        Action { cut_request_at: Some(0), ..Action::default() },
    ];
    for action in breaks {
        let fixture = Fixture::new();
        fixture.emulator.add_rule(Rule::on("UploadPart", action).part(2));
        fixture.put_five_parts().unwrap();
        assert_eq!(fixture.count("UploadPart"), 6);
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
}

#[test]
fn attempts_are_counted_and_limited() {
    for attempts in [1, 2, 3] {
        let fixture = Fixture::with(|config| {
            config.set_max_attempts(attempts).unwrap();
        });
        fixture.always("PutObject", Action::status(500, "InternalError"));
        let error = run("PutObject", &fixture).unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(500)));
        assert_eq!(error.attempts(), attempts);
        assert_eq!(fixture.count("PutObject"), attempts as usize);
        assert!(error.is_retryable());
        assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    }
}

#[test]
fn with_one_attempt_nothing_is_retried() {
    for operation in ["InitiateMultipartUpload", "UploadPart", "ListParts", "PutObject"] {
        let fixture = Fixture::with(|config| {
            config.set_max_attempts(1).unwrap();
        });
        fixture.once(operation, Action::status(503, "ServiceUnavailable"));
        let error = run(operation, &fixture).unwrap_err();
        assert_eq!((error.operation(), error.attempts()), (Some(operation), 1));
        assert_eq!(fixture.count(operation), 1, "{operation}");
    }
}

#[test]
fn a_closed_keep_alive_connection_does_not_count_as_an_attempt() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    run("PutObject", &fixture).unwrap();
    fixture.once("PutObject", Action::lose_response(Commit::Before));
    run("PutObject", &fixture).unwrap();
    assert_eq!(fixture.count("PutObject"), 3);

    // On a new connection it counts as an attempt. HeadObject must not find the earlier object.
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    fixture
        .emulator
        .add_rule(Rule::on("PutObject", Action::lose_response(Commit::Before)).times(2));
    let error = run("PutObject", &fixture).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 1), "{error}");
    assert_eq!(fixture.count("PutObject"), 5);
}

#[test]
fn no_connection_is_reused_after_a_mismatch() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    fixture.once("PutObject", Action { bad_crc: true, ..Action::default() });
    assert_eq!(run("PutObject", &fixture).unwrap_err().kind(), ErrorKind::Integrity);
    fixture.always("HeadObject", Action::status(403, "AccessDenied"));
    // A lost response on a reused connection would not count as an attempt.
    fixture.once("PutObject", Action::lose_response(Commit::Before));
    let error = run("PutObject", &fixture).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 1), "{error}");
    assert_eq!(fixture.count("PutObject"), 2);
}

#[test]
fn a_lost_response_to_initiate_leaves_an_upload_behind_and_the_error_reports_it() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    fixture.once("InitiateMultipartUpload", Action::lose_response(Commit::After));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.upload_id()), (ErrorKind::Network, None));
    assert!(error.upload_may_exist() && error.to_string().contains("may exist"), "{error}");
    assert_eq!(fixture.emulator.uploads(crate::fixture::BUCKET).len(), 1);
}

#[test]
fn permanent_errors_are_not_retried() {
    for (status, code) in [
        (400, "InvalidArgument"),
        (403, "AccessDenied"),
        (404, "NoSuchBucket"),
        (409, "FileAlreadyExists"),
        (412, "PreconditionFailed"),
    ] {
        let fixture = Fixture::new();
        fixture.always("PutObject", Action::status(status, code));
        let error = run("PutObject", &fixture).unwrap_err();
        assert_eq!((error.http_status(), error.oss_code()), (Some(status), Some(code)));
        assert_eq!((error.attempts(), fixture.count("PutObject")), (1, 1));
        assert!(!error.is_retryable());
        assert_eq!(error.object_exists(), ObjectExists::No);
    }
}

#[test]
fn the_first_permanent_error_ends_the_other_parts() {
    let fixture = Fixture::new();
    let denied = Action::status(403, "AccessDenied");
    fixture.emulator.add_rule(Rule::on("UploadPart", denied).part(3));
    // The other parts are in flight when the error arrives.
    fixture.always("UploadPart", Action { delay_ms: 600_000, ..Action::default() });
    let started = Instant::now();
    let error = fixture.put(&bytes(40 * PART), &small_parts()).unwrap_err();
    assert_eq!((error.oss_code(), error.part_number()), (Some("AccessDenied"), Some(3)), "{error}");
    assert!(fixture.count("UploadPart") <= 4, "{:?}", fixture.operations());
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    fixture.assert_bucket_empty();
}
