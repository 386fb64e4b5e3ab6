//! Sizes in bytes on the command line.

/// A number of bytes, written with an optional unit: `K`, `M`, `G` or `T`, with or without `iB`.
/// All units are powers of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl Size {
    /// # Errors
    ///
    /// The expected form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let power = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kib" => 1,
            "m" | "mib" => 2,
            "g" | "gib" => 3,
            "t" | "tib" => 4,
            _ => return Err(EXPECTED.to_owned()),
        };
        let number: u64 = number.parse().map_err(|_| EXPECTED.to_owned())?;
        number.checked_mul(1024u64.pow(power)).map(Self).ok_or_else(|| EXPECTED.to_owned())
    }
}

const EXPECTED: &str = "expected a number of bytes, KiB, MiB or GiB: 8MiB or 8M";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("100k", 102_400),
            ("8M", 8_388_608),
            ("8MiB", 8_388_608),
            ("5g", 5_368_709_120),
            ("1T", 1_099_511_627_776),
            ("17b", 17),
        ] {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
    }

    #[test]
    fn invalid_sizes_are_refused() {
        for bad in ["", "M", "-1", "1.5M", "8MB", "8 M", "1P", "99999999999999999999", "99999999T"]
        {
            assert!(Size::parse(bad).is_err(), "{bad}");
        }
    }
}
