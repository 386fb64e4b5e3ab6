//! The offset of the server's clock, which signatures use.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// The server's clock minus the local clock. Signing the time of the server lets a machine with a
/// wrong clock make requests. It is bounded, because a signature dated in the future becomes
/// valid at that time.
#[derive(Debug)]
pub(super) struct ClockOffset {
    applied_ms: AtomicI64,
    max: Duration,
}

/// How far the server's clock is from the local one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockDifference(i64);

/// What became of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Correction {
    Applied,
    /// The difference exceeds the maximum.
    Refused,
}

impl ClockOffset {
    pub(super) fn new(max: Duration) -> Self {
        Self { applied_ms: AtomicI64::new(0), max }
    }

    /// Returns the time to sign with: the local time plus the offset.
    pub(super) fn signing_time(&self, now: SystemTime) -> SystemTime {
        let offset_ms = self.applied_ms.load(Ordering::Relaxed);
        let offset = Duration::from_millis(offset_ms.unsigned_abs());
        let corrected =
            if offset_ms < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
        corrected.unwrap_or(now)
    }

    /// Sets the offset. It is relative to the uncorrected clock, so that corrections do not add up.
    pub(super) fn correct(&self, difference: ClockDifference) -> Correction {
        if Duration::from_millis(difference.0.unsigned_abs()) > self.max {
            return Correction::Refused;
        }
        self.applied_ms.store(difference.0, Ordering::Relaxed);
        Correction::Applied
    }

    pub(super) fn max(&self) -> Duration {
        self.max
    }
}

impl ClockDifference {
    pub(super) fn new(now: SystemTime, server_time: SystemTime) -> Self {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Self(match server_time.duration_since(now) {
            Ok(ahead) => ms(ahead),
            Err(behind) => -ms(behind.duration()),
        })
    }
}

impl fmt::Display for ClockDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.unsigned_abs() / 1000;
        let direction = if self.0 < 0 { "behind" } else { "ahead of" };
        write!(f, "the server's clock is {seconds} s {direction} the local clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_correction_replaces_the_one_before() {
        let now = at(1_000_000);
        let offset = ClockOffset::new(Duration::from_secs(86_400 * 7));
        assert_eq!(offset.signing_time(now), now);
        for seconds in [900_000, 1_000_060, 1_000_000] {
            let difference = ClockDifference::new(now, at(seconds));
            assert_eq!(offset.correct(difference), Correction::Applied);
            assert_eq!(offset.signing_time(now), at(seconds));
        }
    }

    #[test]
    fn a_difference_over_the_maximum_is_refused_and_described() {
        let now = at(1_000_000);
        let offset = ClockOffset::new(Duration::from_secs(100));
        offset.correct(ClockDifference::new(now, at(1_000_100)));
        for (seconds, text) in [
            (1_000_101, "the server's clock is 101 s ahead of the local clock"),
            (999_899, "the server's clock is 101 s behind the local clock"),
        ] {
            let difference = ClockDifference::new(now, at(seconds));
            assert_eq!(offset.correct(difference), Correction::Refused);
            assert_eq!(difference.to_string(), text);
            assert_eq!(offset.signing_time(now), at(1_000_100));
        }
    }
}
