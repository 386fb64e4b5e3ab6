//! Slow parts and throttling.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oss_emulator::{Action, Rule};

use crate::fixture::{Fixture, MIB, NEVER_MS, bytes, small_parts};

#[test]
fn a_hedged_request_is_sent_for_the_last_slow_part() {
    // A retry after a timeout would do as well.
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
        config.set_response_timeout(Duration::from_millis(NEVER_MS)).unwrap();
    });
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    let content = bytes(MIB);
    emulator.add_rule(Rule::on("UploadPart", Action::delay_response(NEVER_MS)).part(1));
    let mut options = small_parts();
    options.set_hedging(true);
    // The first request is canceled when the second has succeeded.
    options.set_timeout(Some(Duration::from_secs(60)));
    client.put_data(bucket, key, content.clone(), &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    assert_eq!(fixture.count("UploadPart"), 12);
    fixture.assert_nothing_left();
}

#[test]
fn without_hedging_a_slow_part_is_awaited() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    let content = bytes(MIB);
    emulator.add_rule(Rule::on("UploadPart", Action::delay_response(1_500)).part(4));
    let mut options = small_parts();
    options.set_hedging(false);
    client.put_data(bucket, key, content.clone(), &options, cancel).unwrap();
    assert_eq!(fixture.count("UploadPart"), 11);
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn throttled_parts_are_retried_until_all_are_stored() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    let content = bytes(2 * MIB);
    let busy = Action::status(503, "ServiceUnavailable");
    emulator.add_rule(Rule::on("UploadPart", busy).nth(3).times(6));
    let retries = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&retries);
    let mut options = small_parts();
    options.set_progress(move |progress| {
        seen.store(progress.retries, Ordering::SeqCst);
        std::ops::ControlFlow::Continue(())
    });
    client.put_data(bucket, key, content.clone(), &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    assert_eq!(retries.load(Ordering::SeqCst), 6);
    assert_eq!(fixture.count("UploadPart"), 21 + 6);
}
