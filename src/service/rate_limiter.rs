//! Limits the bytes sent per second.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::runtime::{IgnorePoison, now};
use crate::transport::{RATE_LIMITED_READ_MAX, RateLimit};

/// A limit in bytes per second, shared by all senders.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    bytes_per_sec: u64,
    /// When the bytes admitted so far are sent at that rate.
    next_free: Mutex<Instant>,
}

/// The rate limiters that apply to one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct RateLimiters<'a>(pub(super) [Option<&'a RateLimiter>; 2]);

impl RateLimiter {
    /// Creates a limiter; `None` for 0, which means no limit.
    pub(crate) fn new(bytes_per_sec: u64) -> Option<Self> {
        let next_free = Mutex::new(now());
        (bytes_per_sec > 0).then_some(Self { bytes_per_sec, next_free })
    }

    pub(crate) fn bytes_per_sec(&self) -> u64 {
        self.bytes_per_sec
    }

    /// Admits `bytes` and returns how long to wait before sending them.
    fn acquire_at(&self, bytes: usize, now: Instant) -> Duration {
        let cost = self.cost(bytes);
        let mut next_free = self.next_free.lock().ignore_poison();
        let start = now.checked_sub(BURST).map_or(*next_free, |earliest| earliest.max(*next_free));
        *next_free = start.checked_add(cost).unwrap_or(start);
        start.saturating_duration_since(now)
    }

    /// A step is short enough that no server gives up between two.
    fn step(&self) -> usize {
        let bytes = self.bytes_per_sec / STEPS_PER_SEC;
        usize::try_from(bytes).unwrap_or(usize::MAX).clamp(1, RATE_LIMITED_READ_MAX)
    }

    fn release(&self, bytes: usize) {
        let mut next_free = self.next_free.lock().ignore_poison();
        *next_free = next_free.checked_sub(self.cost(bytes)).unwrap_or(*next_free);
    }

    fn cost(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 / self.bytes_per_sec as f64)
    }
}

impl RateLimit for RateLimiters<'_> {
    fn reserve(&self, bytes: usize) -> Duration {
        let now = now();
        let waits = self.0.iter().flatten().map(|limiter| limiter.acquire_at(bytes, now));
        waits.max().unwrap_or_default()
    }

    fn step(&self) -> usize {
        let steps = self.0.iter().flatten().map(|limiter| limiter.step());
        steps.min().unwrap_or(RATE_LIMITED_READ_MAX)
    }

    fn release(&self, bytes: usize) {
        self.0.iter().flatten().for_each(|limiter| limiter.release(bytes));
    }
}

/// Unused capacity of this time may be used in one burst.
const BURST: Duration = Duration::from_millis(100);
const STEPS_PER_SEC: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_wait_for_the_bytes_before_them() {
        let limiter = RateLimiter::new(1000).unwrap();
        let now = Instant::now() + Duration::from_secs(10);
        assert_eq!(limiter.acquire_at(600, now), Duration::ZERO);
        assert_eq!(limiter.acquire_at(100, now), Duration::from_millis(500));
        assert_eq!(limiter.acquire_at(1, now + Duration::from_secs(5)), Duration::ZERO);
    }

    #[test]
    fn released_bytes_delay_no_others() {
        let limiter = RateLimiter::new(1000).unwrap();
        let now = Instant::now() + Duration::from_secs(10);
        let limiters = RateLimiters([Some(&limiter), None]);
        for _ in 0..5 {
            limiter.acquire_at(1000, now);
            limiters.release(1000);
        }
        assert_eq!(limiter.acquire_at(1, now), Duration::ZERO);
    }

    #[test]
    fn steps_are_small_at_a_low_rate() {
        let [slow, fast] = [8 * 1024, u64::MAX].map(|rate| RateLimiter::new(rate).unwrap());
        assert_eq!(RateLimiters([Some(&slow), Some(&fast)]).step(), 409);
        assert_eq!(RateLimiters([None, Some(&fast)]).step(), RATE_LIMITED_READ_MAX);
        assert_eq!(RateLimiter::new(1).unwrap().step(), 1);
    }

    #[test]
    fn zero_means_no_limit() {
        assert!(RateLimiter::new(0).is_none());
        assert_eq!(RateLimiters([None, None]).reserve(1 << 20), Duration::ZERO);
    }
}
