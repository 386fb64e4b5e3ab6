//! When a source is asked, by how many threads, and what the others do meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Condvar};

use super::*;
use crate::credentials::builtin_source::BuiltinSource;
use crate::credentials::fetch_context::Source;
use crate::runtime::{Cancel, Clock, Deadline};
use crate::transport::{Http, HttpSettings};

const START: SystemTime = SystemTime::UNIX_EPOCH;
const HOUR: u64 = 3600;

/// Gives key 1, 2, 3 …, each good for an hour from when it is given, if the test lets it.
struct Counter {
    clock: Clock,
    asked: AtomicU64,
    fails: Mutex<bool>,
    /// While it is closed, a fetch waits for it; or for its cancel, if it is a built-in source.
    gate: Mutex<bool>,
    opened: Condvar,
}

impl Counter {
    fn give(&self, cancel: &Cancel, deadline: Deadline) -> Result<Credentials> {
        let count = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut open = self.gate.lock().unwrap();
        while !*open {
            if cancel.is_triggered() {
                return Err(Error::canceled());
            }
            if deadline.has_passed() {
                return Err(Error::new(ErrorKind::Timeout, "too late"));
            }
            open = self.opened.wait_timeout(open, Duration::from_millis(1)).unwrap().0;
        }
        if *self.fails.lock().unwrap() {
            return Err(Error::new(ErrorKind::Credentials, "the vault is closed"));
        }
        let expires = Some(self.clock.now() + Duration::from_secs(HOUR));
        Ok(Credentials { access_key: AccessKey::new(count.to_string(), "s")?, expires })
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    fn set_gate(&self, open: bool) {
        *self.gate.lock().unwrap() = open;
        self.opened.notify_all();
    }

    fn wait_until_asked(&self, times: u64) {
        while self.asked() < times {
            std::thread::yield_now();
        }
    }
}

/// The counter as a source of the library, which is told of a cancel.
struct BuiltIn(Arc<Counter>);

impl Source for BuiltIn {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.0.give(context.cancel, context.deadline)
    }
}

/// The counter as a caller's own source, which is not.
struct Own(Arc<Counter>);

impl CredentialsProvider for Own {
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.give(&Cancel::never(), Deadline::NEVER)?)
    }
}

struct Fixture {
    counter: Arc<Counter>,
    cached: CredentialsCache,
    http: Http,
    now: Arc<Mutex<SystemTime>>,
    clock: Clock,
}

impl Fixture {
    fn new() -> Self {
        Self::with(|counter| {
            CredentialsSource::Builtin(BuiltinSource::new("counter", BuiltIn(counter)))
        })
    }

    fn with(source: impl FnOnce(Arc<Counter>) -> CredentialsSource) -> Self {
        let now = Arc::new(Mutex::new(START));
        let clock = Clock::Manual(Arc::clone(&now));
        let counter = Arc::new(Counter {
            clock: clock.clone(),
            asked: AtomicU64::new(0),
            fails: Mutex::new(false),
            gate: Mutex::new(true),
            opened: Condvar::new(),
        });
        Self {
            cached: CredentialsCache::new(source(Arc::clone(&counter))),
            counter,
            http: Http::new(&HttpSettings::default()).unwrap(),
            now,
            clock,
        }
    }

    fn at(&self, seconds: u64) -> &Self {
        *self.now.lock().unwrap() = START + Duration::from_secs(seconds);
        self
    }

    fn fail(&self, fails: bool) {
        *self.counter.fails.lock().unwrap() = fails;
    }

    fn key_for(&self, cancel: &Cancel, deadline: Deadline) -> Result<String> {
        let context = FetchContext { http: &self.http, clock: &self.clock, cancel, deadline };
        self.cached.access_key(&context).map(|key| key.unwrap().id().to_owned())
    }

    fn key(&self) -> Result<String> {
        self.key_for(&Cancel::never(), Deadline::NEVER)
    }

    fn id(&self) -> String {
        self.key().unwrap()
    }
}

#[test]
fn a_set_is_kept_until_three_minutes_before_its_end() {
    let fixture = Fixture::new();
    assert_eq!([fixture.at(0).id(), fixture.at(HOUR - 181).id()], ["1", "1"]);
    assert_eq!([fixture.at(HOUR - 180).id(), fixture.at(HOUR - 179).id()], ["2", "2"]);
}

#[test]
fn a_short_life_is_renewed_in_its_last_fifth() {
    let key = AccessKey::new("id", "s").unwrap();
    let set = |seconds| {
        let expires = Some(START + Duration::from_secs(seconds));
        CachedCredentials::new(Credentials { access_key: key.clone(), expires }, START)
            .unwrap()
            .renew_at
    };
    assert_eq!(set(100), Some(START + Duration::from_secs(80)));
    assert_eq!(set(10_000), Some(START + Duration::from_secs(10_000 - 180)));
}

#[test]
fn a_set_that_has_already_ended_is_an_error() {
    let key = AccessKey::new("id", "s").unwrap();
    for now in [START, START + Duration::from_secs(1)] {
        let expired = Credentials { access_key: key.clone(), expires: Some(START) };
        let error = CachedCredentials::new(expired, now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
}

#[test]
fn a_failed_early_renewal_keeps_the_set_and_is_tried_again_after_growing_pauses() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.fail(true);
    let mut asked = Vec::new();
    for second in (HOUR - 180)..HOUR {
        let before = fixture.counter.asked();
        assert_eq!(fixture.at(second).id(), "1");
        if fixture.counter.asked() > before {
            asked.push(second - (HOUR - 180));
        }
    }
    assert_eq!(asked, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151]);
    let error = fixture.at(HOUR).key().unwrap_err();
    assert!(error.to_string().contains("the vault is closed"), "{error}");
    fixture.fail(false);
    let id: u64 = fixture.id().parse().unwrap();
    assert_eq!(id, fixture.counter.asked());
}

#[test]
fn a_refused_key_is_fetched_anew_and_another_is_not_forgotten() {
    let fixture = Fixture::new();
    assert_eq!(fixture.id(), "1");
    let first = AccessKey::new("1", "s").unwrap();
    assert!(fixture.cached.forget(&first));
    assert_eq!(fixture.id(), "2");
    assert!(fixture.cached.forget(&first), "asking again may help");
    assert_eq!(fixture.id(), "2");
}

#[test]
fn a_fixed_key_cannot_be_renewed() {
    let key = AccessKey::new("id", "secret").unwrap();
    let cached = CredentialsCache::new(CredentialsSource::Fixed(key.clone()));
    assert!(!cached.forget(&key));
}

#[test]
fn at_the_moment_of_expiry_one_thread_asks_and_all_wait_for_it() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.at(HOUR).counter.set_gate(false);
    let barrier = Barrier::new(17);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    fixture.id()
                })
            })
            .collect();
        barrier.wait();
        fixture.counter.wait_until_asked(2);
        fixture.counter.set_gate(true);
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == "2"));
    });
    assert_eq!(fixture.counter.asked(), 2);
}

#[test]
fn all_who_wait_share_the_error_of_the_one_fetch() {
    let fixture = Fixture::new();
    fixture.fail(true);
    fixture.counter.set_gate(false);
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| fixture.key().unwrap_err());
        fixture.counter.wait_until_asked(1);
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| fixture.key().unwrap_err())).collect();
        // All of them hold the turn besides the state, the asker and this thread.
        let turn = fixture.cached.lock().turn.clone().unwrap();
        while Arc::strong_count(&turn) < 8 + 3 {
            std::thread::yield_now();
        }
        fixture.counter.set_gate(true);
        for thread in std::iter::once(asker).chain(waiting) {
            assert!(thread.join().unwrap().to_string().contains("the vault is closed"));
        }
    });
    assert_eq!(fixture.counter.asked(), 1);
}

#[test]
fn while_one_thread_renews_early_the_others_use_the_old_set() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.at(HOUR - 100).counter.set_gate(false);
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| fixture.id());
        fixture.counter.wait_until_asked(2);
        assert_eq!(fixture.id(), "1");
        fixture.counter.set_gate(true);
        assert_eq!(asker.join().unwrap(), "2");
    });
    assert_eq!(fixture.id(), "2");
}

#[test]
fn a_cancelled_call_leaves_and_the_fetch_of_another_goes_on() {
    let fixture = Fixture::with(|counter| CredentialsSource::Provider(Arc::new(Own(counter))));
    fixture.counter.set_gate(false);
    let cancel = Cancel::new().unwrap();
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| fixture.id());
        fixture.counter.wait_until_asked(1);
        let leaver = scope.spawn(|| fixture.key_for(&cancel, Deadline::NEVER).unwrap_err());
        cancel.trigger();
        assert_eq!(leaver.join().unwrap().kind(), ErrorKind::Canceled);
        let late = Deadline::after(Duration::from_millis(50));
        let error = fixture.key_for(&Cancel::never(), late).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        fixture.counter.set_gate(true);
        assert_eq!(asker.join().unwrap(), "1");
    });
}

#[test]
fn when_the_call_that_asks_is_cancelled_another_one_asks() {
    for deadline in [Deadline::NEVER, Deadline::after(Duration::from_millis(50))] {
        let fixture = Fixture::new();
        fixture.counter.set_gate(false);
        let cancel = Cancel::new().unwrap();
        std::thread::scope(|scope| {
            let asker = scope.spawn(|| fixture.key_for(&cancel, deadline).unwrap_err());
            fixture.counter.wait_until_asked(1);
            let other = scope.spawn(|| fixture.id());
            let kind = if deadline == Deadline::NEVER {
                cancel.trigger();
                ErrorKind::Canceled
            } else {
                ErrorKind::Timeout
            };
            assert_eq!(asker.join().unwrap().kind(), kind);
            fixture.counter.wait_until_asked(2);
            fixture.counter.set_gate(true);
            assert_eq!(other.join().unwrap(), "2");
        });
    }
}

#[test]
fn a_cancel_during_an_early_renewal_is_no_failure_of_the_source() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.at(HOUR - 100).counter.set_gate(false);
    let cancel = Cancel::new().unwrap();
    cancel.trigger();
    assert_eq!(fixture.key_for(&cancel, Deadline::NEVER).unwrap(), "1");
    fixture.counter.set_gate(true);
    assert_eq!(fixture.id(), "3", "the next call renews without a pause");
}

/// Panics at first.
struct Fragile(AtomicU64);

impl CredentialsProvider for Fragile {
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "this panic is part of a test");
        Ok(Credentials { access_key: AccessKey::new("whole", "s")?, expires: None })
    }
}

#[test]
fn a_panic_of_a_callers_source_leaves_nobody_waiting() {
    let fixture =
        Fixture::with(|_| CredentialsSource::Provider(Arc::new(Fragile(AtomicU64::new(0)))));
    let key = std::panic::AssertUnwindSafe(|| fixture.key());
    assert!(std::panic::catch_unwind(key).is_err());
    assert_eq!(fixture.id(), "whole");
}

#[test]
fn a_callers_source_that_fails_is_the_cause() {
    let fixture = Fixture::with(|counter| CredentialsSource::Provider(Arc::new(Own(counter))));
    fixture.fail(true);
    let error = fixture.key().unwrap_err();
    assert_eq!(
        (error.kind(), error.cause()),
        (ErrorKind::Credentials, Some("the vault is closed"))
    );
}
