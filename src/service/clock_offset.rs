//! The offset of the server's clock, which signatures use.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// The server's clock minus the local clock, in milliseconds. Signing the time of the server lets a
/// machine with a wrong clock make requests.
#[derive(Debug, Default)]
pub(super) struct ClockOffset(AtomicI64);

impl ClockOffset {
    /// Returns the time to sign with: the local time plus the offset.
    pub(super) fn signing_time(&self, now: SystemTime) -> SystemTime {
        let offset_ms = self.0.load(Ordering::Relaxed);
        let offset = Duration::from_millis(offset_ms.unsigned_abs());
        let corrected =
            if offset_ms < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
        corrected.unwrap_or(now)
    }

    /// Sets the offset and returns it. It is relative to the uncorrected clock, so that corrections
    /// do not add up.
    pub(super) fn correct(&self, now: SystemTime, server_time: SystemTime) -> i64 {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let offset_ms = match server_time.duration_since(now) {
            Ok(ahead) => ms(ahead),
            Err(behind) => -ms(behind.duration()),
        };
        self.0.store(offset_ms, Ordering::Relaxed);
        offset_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_replaces_the_one_before() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let offset = ClockOffset::default();
        assert_eq!(offset.signing_time(now), now);
        for seconds in [900_000, 1_000_060, 1_000_000] {
            let server_time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            offset.correct(now, server_time);
            assert_eq!(offset.signing_time(now), server_time);
        }
    }
}
