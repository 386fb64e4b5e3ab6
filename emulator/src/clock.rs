//! The server clock, which tests can shift, and the three date formats of OSS.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The system clock plus an offset in seconds.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_s: AtomicI64,
}

impl Clock {
    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_s.store(seconds, Ordering::Relaxed);
    }

    /// Returns the current time in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        i64::try_from(since)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset_s.load(Ordering::Relaxed))
    }
}

/// `Wed, 15 Jan 2025 10:30:00 GMT`
pub(crate) fn http_date(unix: i64) -> String {
    let seconds = u64::try_from(unix).unwrap_or_default();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let moment = httpdate::parse_http_date(text).ok()?;
    i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// `2025-01-15T10:30:00.000Z`
pub(crate) fn xml_date(unix: i64) -> String {
    format(unix, "%Y-%m-%dT%H:%M:%S.000Z")
}

/// `20250115T103000Z`
pub(crate) fn v4_date(unix: i64) -> String {
    format(unix, "%Y%m%dT%H%M%SZ")
}

pub(crate) fn parse_v4_date(text: &str) -> Option<i64> {
    let moment = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(TimeZone::UTC.to_timestamp(moment).ok()?.as_second())
}

fn format(unix: i64, pattern: &str) -> String {
    Timestamp::from_second(unix).unwrap_or_default().strftime(pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_survive_a_round_trip() {
        let moment = 1_736_937_000;
        assert_eq!(http_date(moment), "Wed, 15 Jan 2025 10:30:00 GMT");
        assert_eq!(xml_date(moment), "2025-01-15T10:30:00.000Z");
        assert_eq!(v4_date(moment), "20250115T103000Z");
        assert_eq!(parse_v4_date("20250115T103000Z"), Some(moment));
        assert_eq!(parse_http_date(&http_date(moment)), Some(moment));
        assert_eq!(parse_v4_date("20250115"), None);
    }

    #[test]
    fn the_offset_moves_now() {
        let clock = Clock::default();
        let before = clock.now();
        clock.set_offset(-3600);
        assert!(clock.now() <= before - 3599);
    }
}
