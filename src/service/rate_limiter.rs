//! A limit to the bytes that go out in a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::transport::Pace;

/// One limit, shared by all that send under it.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    bytes_per_sec: u64,
    /// When all bytes that were let through so far will have gone out at that rate.
    settled: Mutex<Instant>,
}

/// The limits that hold for one call together.
#[derive(Debug, Clone, Copy)]
pub(super) struct RateLimiters<'a>(pub(super) [Option<&'a RateLimiter>; 2]);

impl RateLimiter {
    /// `None` is no limit, and so is 0.
    pub(crate) fn new(bytes_per_sec: u64) -> Option<Self> {
        let settled = Mutex::new(Instant::now());
        (bytes_per_sec > 0).then_some(Self { bytes_per_sec, settled })
    }

    fn take_at(&self, bytes: usize, now: Instant) -> Duration {
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_sec as f64);
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = now.checked_sub(BURST).map_or(*settled, |earliest| earliest.max(*settled));
        *settled = begins.checked_add(cost).unwrap_or(begins);
        begins.saturating_duration_since(now)
    }
}

impl Pace for RateLimiters<'_> {
    fn take(&self, bytes: usize) -> Duration {
        let now = Instant::now();
        let waits = self.0.iter().flatten().map(|rate| rate.take_at(bytes, now));
        waits.max().unwrap_or_default()
    }
}

/// What was not used in this time may be used at once.
const BURST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_wait_until_those_before_them_are_paid_for() {
        let rate = RateLimiter::new(1000).unwrap();
        let now = Instant::now() + Duration::from_secs(10);
        assert_eq!(rate.take_at(600, now), Duration::ZERO);
        assert_eq!(rate.take_at(100, now), Duration::from_millis(500));
        assert_eq!(rate.take_at(1, now + Duration::from_secs(5)), Duration::ZERO);
    }

    #[test]
    fn no_limit_is_no_rate() {
        assert!(RateLimiter::new(0).is_none());
        assert_eq!(RateLimiters([None, None]).take(1 << 20), Duration::ZERO);
    }
}
