//! Part numbers, which count from 1, and the byte range of a part.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits;

/// The number of a part, 1 to 10,000. The only place where a 0-based index becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(u16);

impl PartNumber {
    /// Checks the range.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `part_number`.
    pub fn new(number: i64) -> Result<Self> {
        u16::try_from(number)
            .ok()
            .filter(|n| (limits::PART_NUMBER_MIN..=limits::PART_NUMBER_MAX).contains(n))
            .map(Self)
            .ok_or_else(|| {
                Error::invalid("part_number", format!("a part number is 1 to 10000, not {number}"))
            })
    }

    /// The number of the part with that 0-based index.
    ///
    /// # Errors
    ///
    /// `Invalid`, as for [`PartNumber::new`].
    pub fn from_index(index: usize) -> Result<Self> {
        Self::new(i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// The 0-based index of the part.
    pub fn index(self) -> usize {
        usize::from(self.0.saturating_sub(1))
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A part of an object: its number and the bytes it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRange {
    /// Which part.
    pub number: PartNumber,
    /// Where it begins in the object.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_ten_thousand_and_one_are_refused_by_name() {
        for bad in [0, 10_001, -1, i64::MAX, i64::MIN, 65_537] {
            assert_eq!(PartNumber::new(bad).unwrap_err().argument(), Some("part_number"));
        }
        assert_eq!(PartNumber::new(1).unwrap().index(), 0);
        assert_eq!(PartNumber::from_index(9_999).unwrap().get(), 10_000);
        assert!(PartNumber::from_index(10_000).is_err());
        assert!(PartNumber::from_index(usize::MAX).is_err());
    }
}
