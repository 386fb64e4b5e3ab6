//! Limits the bytes sent per second.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::runtime::{IgnorePoison, now};
use crate::transport::RateLimit;

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

    /// Admits `bytes` and returns how long to wait before sending them.
    fn acquire_at(&self, bytes: usize, now: Instant) -> Duration {
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_sec as f64);
        let mut next_free = self.next_free.lock().ignore_poison();
        let start = now.checked_sub(BURST).map_or(*next_free, |earliest| earliest.max(*next_free));
        *next_free = start.checked_add(cost).unwrap_or(start);
        start.saturating_duration_since(now)
    }
}

impl RateLimit for RateLimiters<'_> {
    fn reserve(&self, bytes: usize) -> Duration {
        let now = now();
        let waits = self.0.iter().flatten().map(|limiter| limiter.acquire_at(bytes, now));
        waits.max().unwrap_or_default()
    }
}

/// Unused capacity of this time may be used in one burst.
const BURST: Duration = Duration::from_millis(100);

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
    fn zero_means_no_limit() {
        assert!(RateLimiter::new(0).is_none());
        assert_eq!(RateLimiters([None, None]).reserve(1 << 20), Duration::ZERO);
    }
}
