//! Limits how many bodies a client sends concurrently after OSS has throttled (AIMD).
//!
//! There is no limit until OSS throttles. Then the limit is half the requests in flight, and it
//! increases with each success, by one for each limit's worth of requests. A slow request may hold
//! its permit for as long as it likes, so a wait is bounded: the limit slows the client, but never
//! stops it.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::limits;
use crate::platform::ForkGuard;
use crate::runtime::{Cancel, Deadline, Event, IgnorePoison, Mutex, MutexGuard, Wake};

#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    /// The least value at which the limit is removed.
    max: usize,
    process: ForkGuard,
    state: Mutex<LimiterState>,
}

#[derive(Debug, Default)]
struct LimiterState {
    in_flight: usize,
    /// `None`: there is no limit.
    limit: Option<f64>,
    /// The limit is removed when it reaches this value.
    removed_at: usize,
    last_decrease: Option<Instant>,
    waiters: Vec<Weak<Event>>,
}

/// Permission to send one body; released on drop.
#[derive(Debug)]
pub(super) struct Permit<'a>(&'a ConcurrencyLimiter);

impl ConcurrencyLimiter {
    pub(super) fn new(max: usize) -> Self {
        Self { max, process: ForkGuard::current(), state: Mutex::default() }
    }

    /// Waits for a permit, but not longer than the longest back-off: then the limit is exceeded.
    /// `None` if the wait was canceled or the deadline has passed.
    pub(super) fn acquire(&self, cancel: &Cancel, deadline: Deadline) -> Option<Permit<'_>> {
        let wait_end = Deadline::after(limits::BACKOFF_CAP);
        let mut event = None;
        loop {
            {
                let mut state = self.lock();
                if state.has_room() || wait_end.has_passed() {
                    state.in_flight += 1;
                    return Some(Permit(self));
                }
                // Without a file descriptor for the wait, exceeding the limit is better than
                // failing.
                let Some(event) = event.get_or_insert_with(|| Event::new().ok().map(Arc::new))
                else {
                    state.in_flight += 1;
                    return Some(Permit(self));
                };
                state.waiters.push(Arc::downgrade(event));
            }
            let event = event.as_ref().and_then(Option::as_ref)?;
            match cancel.wait_for_event(event, deadline.earlier(wait_end)) {
                Wake::Ready => event.clear(),
                Wake::TimedOut if !deadline.has_passed() => {}
                _ => return None,
            }
        }
    }

    /// Halves the limit. Throttled responses to requests sent at the same time count once.
    pub(super) fn on_throttled(&self, now: Instant) {
        let mut state = self.lock();
        let recent = |at: Instant| now.saturating_duration_since(at) < THROTTLE_INTERVAL;
        if state.last_decrease.is_some_and(recent) {
            return;
        }
        let limit = match state.limit {
            Some(limit) => limit,
            None => {
                state.removed_at = state.in_flight.max(self.max);
                state.in_flight as f64
            }
        };
        state.limit = Some((limit / 2.0).max(1.0));
        state.last_decrease = Some(now);
    }

    /// Increases the limit after a success.
    pub(super) fn on_success(&self) {
        let mut state = self.lock();
        if let Some(limit) = state.limit {
            let increased = limit + 1.0 / limit;
            state.limit = (increased < state.removed_at as f64).then_some(increased);
            state.wake_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock().ignore_poison()
    }
}

impl LimiterState {
    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| (self.in_flight as f64) < limit.floor())
    }

    fn wake_waiters(&mut self) {
        for event in std::mem::take(&mut self.waiters).iter().filter_map(Weak::upgrade) {
            event.set();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.0.process.is_current() {
            // A thread that does not exist in this process may hold the lock.
            return;
        }
        let mut state = self.0.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.wake_waiters();
    }
}

/// Throttled responses within this time of each other count once.
const THROTTLE_INTERVAL: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::simulated;

    fn acquire(limiter: &ConcurrencyLimiter) -> Option<Permit<'_>> {
        limiter.acquire(&Cancel::never(), Deadline::after(Duration::from_millis(5)))
    }

    #[test]
    fn throttling_halves_the_limit_and_successes_remove_it() {
        let limiter = ConcurrencyLimiter::new(8);
        let now = Instant::now();
        let permits: Vec<_> = (0..8).map(|_| acquire(&limiter).unwrap()).collect();
        limiter.on_throttled(now);
        limiter.on_throttled(now);
        drop(permits);
        let permits: Vec<_> = (0..4).map(|_| acquire(&limiter).unwrap()).collect();
        assert!(acquire(&limiter).is_none());
        drop(permits);
        limiter.on_throttled(now + THROTTLE_INTERVAL);
        limiter.on_throttled(now + 2 * THROTTLE_INTERVAL);
        limiter.on_throttled(now + 3 * THROTTLE_INTERVAL);
        let last = acquire(&limiter).unwrap();
        assert!(acquire(&limiter).is_none(), "the limit is at least one, and exactly one here");
        drop(last);
        for _ in 0..100 {
            limiter.on_success();
        }
        let permits: Vec<_> = (0..20).map(|_| acquire(&limiter).unwrap()).collect();
        assert_eq!(permits.len(), 20);
    }

    #[test]
    fn the_limit_of_more_callers_than_threads_is_kept_after_a_success() {
        let limiter = ConcurrencyLimiter::new(8);
        let permits: Vec<_> = (0..32).map(|_| acquire(&limiter).unwrap()).collect();
        limiter.on_throttled(Instant::now());
        limiter.on_success();
        drop(permits);
        let permits: Vec<_> = (0..16).map(|_| acquire(&limiter).unwrap()).collect();
        assert!(acquire(&limiter).is_none());
        drop(permits);
        for _ in 0..500 {
            limiter.on_success();
        }
        assert_eq!(limiter.lock().limit, None);
    }

    #[test]
    fn a_permit_that_is_not_released_delays_others_but_does_not_stop_them() {
        let start = Instant::now();
        simulated::set(Some(start));
        let limiter = ConcurrencyLimiter::new(8);
        let _held = acquire(&limiter).unwrap();
        limiter.on_throttled(start);
        assert!(acquire(&limiter).is_none());
        let waited = Instant::now();
        simulated::set(Some(waited));
        assert!(limiter.acquire(&Cancel::never(), Deadline::NEVER).is_some());
        assert_eq!(simulated::now(), Some(waited + limits::BACKOFF_CAP));
        simulated::set(None);
    }

    #[test]
    fn a_released_permit_wakes_a_waiter() {
        let limiter = ConcurrencyLimiter::new(8);
        let held = acquire(&limiter).unwrap();
        limiter.on_throttled(Instant::now());
        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| limiter.acquire(&Cancel::never(), Deadline::NEVER).is_some());
            drop(held);
            assert!(waiting.join().unwrap());
        });
    }
}
