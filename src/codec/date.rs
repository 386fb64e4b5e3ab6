//! The three date formats of the OSS API.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Formats a time as `Wed, 15 Jan 2025 10:30:00 GMT`.
pub fn http_date(time: SystemTime) -> String {
    httpdate::fmt_http_date(representable(time))
}

/// Parses an HTTP date.
pub fn parse_http_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// Formats a time as `20250115T103000Z`, for V4 signatures.
pub fn stamp(time: SystemTime) -> String {
    timestamp(time).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Parses an RFC 3339 time, the format of dates in XML.
pub fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

/// Formats a time as `2025-01-15T10:30:00Z`, with a fraction if it is not zero.
pub fn rfc3339(time: SystemTime) -> String {
    timestamp(time).to_string()
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(representable(time)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Replaces times before 1970 and after 9999, which these formats cannot represent, by 1970.
fn representable(time: SystemTime) -> SystemTime {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) if since.as_secs() < YEAR_10000 => time,
        _ => UNIX_EPOCH,
    }
}

const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_instant_in_all_formats() {
        let instant = UNIX_EPOCH + Duration::from_secs(1_702_743_657);
        assert_eq!(http_date(instant), "Sat, 16 Dec 2023 16:20:57 GMT");
        assert_eq!(stamp(instant), "20231216T162057Z");
        assert_eq!(rfc3339(instant), "2023-12-16T16:20:57Z");
        assert_eq!(parse_http_date("Sat, 16 Dec 2023 16:20:57 GMT"), Some(instant));
        assert_eq!(parse_rfc3339("2023-12-16T16:20:57.000Z"), Some(instant));
    }

    #[test]
    fn a_clock_out_of_range_does_not_panic() {
        let far = UNIX_EPOCH + Duration::from_secs(YEAR_10000);
        assert_eq!(stamp(far), "19700101T000000Z");
        assert_eq!(http_date(UNIX_EPOCH - Duration::from_secs(1)), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn invalid_dates_are_none() {
        assert_eq!(parse_http_date("soon"), None);
        assert_eq!(parse_rfc3339(""), None);
    }

    proptest::proptest! {
        #[test]
        fn parsing_reverses_formatting(seconds in 0..YEAR_10000) {
            let instant = UNIX_EPOCH + Duration::from_secs(seconds);
            proptest::prop_assert_eq!(parse_http_date(&http_date(instant)), Some(instant));
            proptest::prop_assert_eq!(parse_rfc3339(&rfc3339(instant)), Some(instant));
        }
    }
}
