//! Durations on the command line.

use std::time::Duration;

/// Parses a number with a unit: `s`, `m`, `h` or `d`.
///
/// # Errors
///
/// The expected form.
pub fn parse(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(EXPECTED.to_owned()),
    };
    let number: u32 = number.parse().map_err(|_| EXPECTED.to_owned())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

const EXPECTED: &str = "expected a number with the unit s, m, h or d: 90s, 30m, 12h, 7d";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_unit() {
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(parse("12h"), Ok(Duration::from_secs(43_200)));
        assert_eq!(parse("7d"), Ok(Duration::from_secs(604_800)));
        for bad in ["", "7", "d", "-1d", "1w", "1.5h", "7 d", "99999999999d"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
