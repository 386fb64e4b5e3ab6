//! `x-oss-traffic-limit`: the bandwidth of one request.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

const BITS_PER_SECOND: RangeInclusive<u64> = 245_760..=838_860_800;

/// A limit in bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrafficLimit(u64);

impl TrafficLimit {
    /// Parses a limit; `None` if it is out of range.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|limit| BITS_PER_SECOND.contains(limit)).map(Self)
    }

    /// Returns how long this many bytes take.
    pub(crate) fn time_for(self, bytes: u64) -> Duration {
        Duration::from_micros(bytes.saturating_mul(8_000_000) / self.0)
    }

    /// Returns how many bytes to send at once: those of a twentieth of a second.
    pub(crate) fn step(self) -> usize {
        usize::try_from(self.0 / 160).unwrap_or(usize::MAX)
    }
}

/// The progress of a limited transfer.
#[derive(Debug)]
pub(crate) struct TransferLimiter {
    limit: TrafficLimit,
    started: Instant,
    bytes: u64,
    delayed: Duration,
}

impl TransferLimiter {
    pub(crate) fn start(limit: TrafficLimit) -> Self {
        Self { limit, started: Instant::now(), bytes: 0, delayed: Duration::ZERO }
    }

    /// Counts bytes and returns how long to wait for them.
    pub(crate) fn delay(&mut self, bytes: usize) -> Duration {
        self.bytes += u64::try_from(bytes).unwrap_or_default();
        let due = self.started + self.limit.time_for(self.bytes);
        let delay = due.saturating_duration_since(Instant::now());
        self.delayed += delay;
        delay
    }

    /// Returns the sum of all delays.
    pub(crate) fn delayed(&self) -> Duration {
        self.delayed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_bits() {
        let limit = TrafficLimit::parse("819200").unwrap();
        assert_eq!(limit.time_for(102_400), Duration::from_secs(1));
        assert_eq!(limit.step(), 5120);
        for bad in ["", "245759", "838860801", "-1", "1e6"] {
            assert_eq!(TrafficLimit::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn all_bytes_wait_for_their_time() {
        let mut limiter = TransferLimiter::start(TrafficLimit::parse("819200").unwrap());
        assert!(limiter.delay(1_024_000) > Duration::from_secs(5));
        assert!(limiter.delay(1_024_000) > Duration::from_secs(15));
        assert!(limiter.delayed() > Duration::from_secs(20));
    }
}
