//! How many bodies a client sends at once after the service has asked for less.
//!
//! Nothing is held back until OSS throttles. Then half as many go out, and with each success the
//! window grows back, by one in the time that a window's worth of requests takes.

use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::runtime::{Cancel, Deadline, Event, Interest, Mutex, MutexGuard, Wake};

#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    /// From this window on nothing is held back any more.
    widest: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_flight: usize,
    /// `None`: nothing is held back.
    window: Option<f64>,
    shrunk: Option<Instant>,
    waiting: Vec<Weak<Event>>,
}

/// The right to send one body; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a>(&'a ConcurrencyLimiter);

impl ConcurrencyLimiter {
    pub(super) fn new(widest: usize) -> Self {
        Self { widest, state: Mutex::default() }
    }

    /// Waits for the right to send; `None` if the wait was cancelled or the deadline has passed.
    pub(super) fn acquire(&self, cancel: &Cancel, deadline: Deadline) -> Option<Permit<'_>> {
        let mut event = None;
        loop {
            {
                let mut state = self.lock();
                if state.has_room() {
                    state.in_flight += 1;
                    return Some(Permit(self));
                }
                // Without a descriptor to wait with, sending is better than failing.
                let Some(event) = event.get_or_insert_with(|| Event::new().ok().map(Arc::new))
                else {
                    state.in_flight += 1;
                    return Some(Permit(self));
                };
                state.waiting.push(Arc::downgrade(event));
            }
            let event = event.as_ref().and_then(Option::as_ref)?;
            let fd = Some((event.descriptor(), Interest::Read));
            if cancel.wait_for(fd, deadline) != Wake::Ready {
                return None;
            }
            event.clear();
        }
    }

    /// The service has asked for less. Answers to requests that went out together count once.
    pub(super) fn on_throttled(&self, now: Instant) {
        let mut state = self.lock();
        let recent = |at: Instant| now.saturating_duration_since(at) < ONE_ANSWER;
        if state.shrunk.is_some_and(recent) {
            return;
        }
        let wide =
            state.window.unwrap_or(f64::from(u32::try_from(state.in_flight).unwrap_or(u32::MAX)));
        state.window = Some((wide / 2.0).max(1.0));
        state.shrunk = Some(now);
    }

    /// A body has arrived.
    pub(super) fn on_success(&self) {
        let mut state = self.lock();
        if let Some(window) = state.window {
            let wider = window + 1.0 / window;
            state.window = (wider < self.widest as f64).then_some(wider);
            state.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.window.is_none_or(|window| (self.in_flight as f64) < window.floor())
    }

    fn wake(&mut self) {
        for event in std::mem::take(&mut self.waiting).iter().filter_map(Weak::upgrade) {
            event.set();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.wake();
    }
}

/// Throttled answers within this time of each other are one complaint.
const ONE_ANSWER: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    fn acquire(concurrency_limiter: &ConcurrencyLimiter) -> Option<Permit<'_>> {
        concurrency_limiter.acquire(&Cancel::never(), Deadline::after(Duration::from_millis(5)))
    }

    #[test]
    fn half_as_many_go_out_after_a_complaint_and_all_again_later() {
        let concurrency_limiter = ConcurrencyLimiter::new(8);
        let now = Instant::now();
        let slots: Vec<_> = (0..8).map(|_| acquire(&concurrency_limiter).unwrap()).collect();
        concurrency_limiter.on_throttled(now);
        concurrency_limiter.on_throttled(now);
        drop(slots);
        let slots: Vec<_> = (0..4).map(|_| acquire(&concurrency_limiter).unwrap()).collect();
        assert!(acquire(&concurrency_limiter).is_none());
        drop(slots);
        concurrency_limiter.on_throttled(now + ONE_ANSWER);
        concurrency_limiter.on_throttled(now + 2 * ONE_ANSWER);
        concurrency_limiter.on_throttled(now + 3 * ONE_ANSWER);
        let last = acquire(&concurrency_limiter).unwrap();
        assert!(
            acquire(&concurrency_limiter).is_none(),
            "one is always allowed, and only one here"
        );
        drop(last);
        for _ in 0..100 {
            concurrency_limiter.on_success();
        }
        let slots: Vec<_> = (0..20).map(|_| acquire(&concurrency_limiter).unwrap()).collect();
        assert_eq!(slots.len(), 20);
    }

    #[test]
    fn whoever_waits_is_woken() {
        let concurrency_limiter = ConcurrencyLimiter::new(8);
        let held = acquire(&concurrency_limiter).unwrap();
        concurrency_limiter.on_throttled(Instant::now());
        std::thread::scope(|scope| {
            let waiting = scope
                .spawn(|| concurrency_limiter.acquire(&Cancel::never(), Deadline::NEVER).is_some());
            drop(held);
            assert!(waiting.join().unwrap());
        });
    }
}
