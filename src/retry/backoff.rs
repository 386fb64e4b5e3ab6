//! Computes the back-off before the next attempt. Randomness is an argument.

use std::time::{Duration, SystemTime};

use crate::codec::date;
use crate::limits;

/// Returns the back-off after the failed attempt number `attempt`, counted from 1. `random` is in
/// `0.0..1.0`.
///
/// Exponential back-off with full jitter, but not less than the server asked for in `Retry-After`,
/// up to a maximum.
pub(crate) fn delay(attempt: u32, random: f64, retry_after: Option<Duration>) -> Duration {
    let doublings = attempt.min(limits::ATTEMPTS_MAX);
    let step = 2u32
        .checked_pow(doublings)
        .and_then(|factor| limits::BACKOFF_BASE.checked_mul(factor))
        .map_or(limits::BACKOFF_CAP, |step| step.min(limits::BACKOFF_CAP));
    let jittered = step.mul_f64(random.clamp(0.0, 1.0));
    jittered.max(retry_after.unwrap_or_default().min(limits::RETRY_AFTER_MAX))
}

/// Parses a `Retry-After` header: seconds or a date.
pub(crate) fn parse_retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    date::parse_http_date(header).map(|at| at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_double_up_to_the_cap() {
        let longest: Vec<u128> = (1..=9).map(|n| delay(n, 1.0, None).as_millis()).collect();
        assert_eq!(longest, [400, 800, 1600, 3200, 6400, 12800, 20000, 20000, 20000]);
        assert_eq!(delay(u32::MAX, 1.0, None), limits::BACKOFF_CAP);
        assert_eq!(delay(3, 0.0, None), Duration::ZERO);
    }

    #[test]
    fn retry_after_is_honored_up_to_a_maximum() {
        let with_header = |seconds| delay(1, 0.5, Some(Duration::from_secs(seconds)));
        assert_eq!(with_header(7), Duration::from_secs(7));
        assert_eq!(with_header(86_400), limits::RETRY_AFTER_MAX);
        assert_eq!(with_header(0), Duration::from_millis(200));
    }

    #[test]
    fn retry_after_is_parsed_in_both_forms() {
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(parse_retry_after(" 3 ", now), Some(Duration::from_secs(3)));
        let date = "Thu, 01 Jan 1970 00:00:09 GMT";
        assert_eq!(parse_retry_after(date, now), Some(Duration::from_secs(9)));
        assert_eq!(parse_retry_after("soon", now), None);
    }

    proptest::proptest! {
        #[test]
        fn a_delay_stays_within_its_bounds(
            attempt in proptest::prop_oneof![1u32..10, 1u32..],
            random in 0.0..1.0f64,
            retry_after in proptest::option::of(proptest::prop_oneof![0u64..200, 0u64..]),
        ) {
            let retry_after = retry_after.map(Duration::from_secs);
            let least = retry_after.unwrap_or_default().min(limits::RETRY_AFTER_MAX);
            let delay = delay(attempt, random, retry_after);
            let step = limits::BACKOFF_BASE.saturating_mul(2u32.saturating_pow(attempt));
            proptest::prop_assert!(delay >= least);
            proptest::prop_assert!(delay <= step.min(limits::BACKOFF_CAP).max(least));
        }
    }
}
