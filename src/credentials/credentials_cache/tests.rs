//! Tests when the cache fetches, by how many threads, and what other threads get meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Condvar};

use super::*;
use crate::credentials::builtin_source::BuiltinSource;
use crate::credentials::fetch_context::Fetch;
use crate::runtime::{Cancel, Clock, Deadline};
use crate::transport::{Http, HttpSettings};

const START: SystemTime = SystemTime::UNIX_EPOCH;
const HOUR: u64 = 3600;

/// Provides key 1, 2, 3 …, each valid for an hour.
struct Counter {
    clock: Clock,
    fetches: AtomicU64,
    fails: Mutex<bool>,
    /// While false, a fetch waits; a built-in source also ends on cancellation.
    gate: Mutex<bool>,
    opened: Condvar,
}

impl Counter {
    fn provide(&self, cancel: &Cancel, deadline: Deadline) -> Result<Credentials> {
        let count = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
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

    fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::SeqCst)
    }

    fn set_gate(&self, open: bool) {
        *self.gate.lock().unwrap() = open;
        self.opened.notify_all();
    }

    fn wait_for_fetches(&self, times: u64) {
        while self.fetches() < times {
            std::thread::yield_now();
        }
    }
}

/// The counter as a built-in source, which sees cancellation.
struct BuiltIn(Arc<Counter>);

impl Fetch for BuiltIn {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.0.provide(context.cancel, context.deadline)
    }
}

/// The counter as a provider, which does not see cancellation.
struct Provided(Arc<Counter>);

impl CredentialsProvider for Provided {
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.provide(&Cancel::never(), Deadline::NEVER)?)
    }
}

struct Fixture {
    counter: Arc<Counter>,
    cache: CredentialsCache,
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
            fetches: AtomicU64::new(0),
            fails: Mutex::new(false),
            gate: Mutex::new(true),
            opened: Condvar::new(),
        });
        Self {
            cache: CredentialsCache::new(source(Arc::clone(&counter))),
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
        self.cache.access_key(&context).map(|key| key.unwrap().id().to_owned())
    }

    fn key(&self) -> Result<String> {
        self.key_for(&Cancel::never(), Deadline::NEVER)
    }

    fn id(&self) -> String {
        self.key().unwrap()
    }
}

#[test]
fn credentials_are_refreshed_three_minutes_before_expiry() {
    let fixture = Fixture::new();
    assert_eq!([fixture.at(0).id(), fixture.at(HOUR - 181).id()], ["1", "1"]);
    assert_eq!([fixture.at(HOUR - 180).id(), fixture.at(HOUR - 179).id()], ["2", "2"]);
}

#[test]
fn short_lived_credentials_are_refreshed_in_the_last_fifth() {
    let key = AccessKey::new("id", "s").unwrap();
    let refresh_at = |seconds| {
        let expires = Some(START + Duration::from_secs(seconds));
        CachedCredentials::new(Credentials { access_key: key.clone(), expires }, START)
            .unwrap()
            .refresh_at
    };
    assert_eq!(refresh_at(100), Some(START + Duration::from_secs(80)));
    assert_eq!(refresh_at(10_000), Some(START + Duration::from_secs(10_000 - 180)));
}

#[test]
fn expired_credentials_are_an_error() {
    let key = AccessKey::new("id", "s").unwrap();
    for now in [START, START + Duration::from_secs(1)] {
        let expired = Credentials { access_key: key.clone(), expires: Some(START) };
        let error = CachedCredentials::new(expired, now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
}

#[test]
fn a_failed_early_refresh_keeps_the_credentials_and_backs_off() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.fail(true);
    let mut refreshes = Vec::new();
    for second in (HOUR - 180)..HOUR {
        let before = fixture.counter.fetches();
        assert_eq!(fixture.at(second).id(), "1");
        if fixture.counter.fetches() > before {
            refreshes.push(second - (HOUR - 180));
        }
    }
    assert_eq!(refreshes, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151]);
    let error = fixture.at(HOUR).key().unwrap_err();
    assert!(error.to_string().contains("the vault is closed"), "{error}");
    fixture.fail(false);
    let id: u64 = fixture.id().parse().unwrap();
    assert_eq!(id, fixture.counter.fetches());
}

#[test]
fn a_refused_key_is_refreshed_and_another_key_stays() {
    let fixture = Fixture::new();
    assert_eq!(fixture.id(), "1");
    let first = AccessKey::new("1", "s").unwrap();
    assert!(fixture.cache.invalidate(&first));
    assert_eq!(fixture.id(), "2");
    assert!(fixture.cache.invalidate(&first), "another fetch may help");
    assert_eq!(fixture.id(), "2");
}

#[test]
fn a_fixed_key_cannot_be_refreshed() {
    let key = AccessKey::new("id", "secret").unwrap();
    let cache = CredentialsCache::new(CredentialsSource::Fixed(key.clone()));
    assert!(!cache.invalidate(&key));
}

#[test]
fn at_expiry_one_thread_fetches_and_the_others_wait() {
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
        fixture.counter.wait_for_fetches(2);
        fixture.counter.set_gate(true);
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == "2"));
    });
    assert_eq!(fixture.counter.fetches(), 2);
}

#[test]
fn waiting_threads_share_the_error_of_the_fetch() {
    let fixture = Fixture::new();
    fixture.fail(true);
    fixture.counter.set_gate(false);
    std::thread::scope(|scope| {
        let fetcher = scope.spawn(|| fixture.key().unwrap_err());
        fixture.counter.wait_for_fetches(1);
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| fixture.key().unwrap_err())).collect();
        // They hold the flight, and so do the state, the fetching thread and this thread.
        let flight = fixture.cache.lock().flight.clone().unwrap();
        while Arc::strong_count(&flight) < 8 + 3 {
            std::thread::yield_now();
        }
        fixture.counter.set_gate(true);
        for thread in std::iter::once(fetcher).chain(waiting) {
            assert!(thread.join().unwrap().to_string().contains("the vault is closed"));
        }
    });
    assert_eq!(fixture.counter.fetches(), 1);
}

#[test]
fn during_an_early_refresh_other_threads_use_the_old_credentials() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.at(HOUR - 100).counter.set_gate(false);
    std::thread::scope(|scope| {
        let fetcher = scope.spawn(|| fixture.id());
        fixture.counter.wait_for_fetches(2);
        assert_eq!(fixture.id(), "1");
        fixture.counter.set_gate(true);
        assert_eq!(fetcher.join().unwrap(), "2");
    });
    assert_eq!(fixture.id(), "2");
}

#[test]
fn a_canceled_wait_does_not_affect_the_fetch() {
    let fixture = Fixture::with(|counter| CredentialsSource::Provider(Arc::new(Provided(counter))));
    fixture.counter.set_gate(false);
    let cancel = Cancel::new().unwrap();
    std::thread::scope(|scope| {
        let fetcher = scope.spawn(|| fixture.id());
        fixture.counter.wait_for_fetches(1);
        let waiter = scope.spawn(|| fixture.key_for(&cancel, Deadline::NEVER).unwrap_err());
        cancel.trigger();
        assert_eq!(waiter.join().unwrap().kind(), ErrorKind::Canceled);
        let late = Deadline::after(Duration::from_millis(50));
        let error = fixture.key_for(&Cancel::never(), late).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        fixture.counter.set_gate(true);
        assert_eq!(fetcher.join().unwrap(), "1");
    });
}

#[test]
fn when_the_fetching_call_is_canceled_another_one_fetches() {
    for time in [Duration::MAX, Duration::from_millis(500)] {
        let deadline = Deadline::after(time);
        let fixture = Fixture::new();
        fixture.counter.set_gate(false);
        let cancel = Cancel::new().unwrap();
        std::thread::scope(|scope| {
            let fetcher = scope.spawn(|| fixture.key_for(&cancel, deadline).unwrap_err());
            fixture.counter.wait_for_fetches(1);
            let other = scope.spawn(|| fixture.id());
            let kind = if deadline == Deadline::NEVER {
                cancel.trigger();
                ErrorKind::Canceled
            } else {
                ErrorKind::Timeout
            };
            assert_eq!(fetcher.join().unwrap().kind(), kind);
            fixture.counter.wait_for_fetches(2);
            fixture.counter.set_gate(true);
            assert_eq!(other.join().unwrap(), "2");
        });
    }
}

#[test]
fn cancellation_during_an_early_refresh_causes_no_backoff() {
    let fixture = Fixture::new();
    assert_eq!(fixture.at(0).id(), "1");
    fixture.at(HOUR - 100).counter.set_gate(false);
    let cancel = Cancel::new().unwrap();
    cancel.trigger();
    assert_eq!(fixture.key_for(&cancel, Deadline::NEVER).unwrap(), "1");
    fixture.counter.set_gate(true);
    assert_eq!(fixture.id(), "3", "the next call refreshes at once");
}

/// Panics in the first fetch.
struct PanicsOnce(AtomicU64);

impl CredentialsProvider for PanicsOnce {
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "this panic is part of a test");
        Ok(Credentials { access_key: AccessKey::new("whole", "s")?, expires: None })
    }
}

#[test]
fn a_panic_of_a_provider_completes_the_flight() {
    let fixture =
        Fixture::with(|_| CredentialsSource::Provider(Arc::new(PanicsOnce(AtomicU64::new(0)))));
    let key = std::panic::AssertUnwindSafe(|| fixture.key());
    assert!(std::panic::catch_unwind(key).is_err());
    assert_eq!(fixture.id(), "whole");
}

#[test]
fn the_error_of_a_provider_is_the_cause() {
    let fixture = Fixture::with(|counter| CredentialsSource::Provider(Arc::new(Provided(counter))));
    fixture.fail(true);
    let error = fixture.key().unwrap_err();
    assert_eq!(
        (error.kind(), error.cause()),
        (ErrorKind::Credentials, Some("the vault is closed"))
    );
}
