//! Part numbers, which count from 1, and the byte range of a part.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits;

/// The number of a part, 1 to 10,000.
///
/// ```
/// let number = ossmpu::PartNumber::new(7)?;
/// assert_eq!(u16::from(number), 7);
/// assert!(ossmpu::PartNumber::try_from(10_001_u16).is_err());
/// # Ok::<(), ossmpu::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(u16);

impl PartNumber {
    /// Creates a part number.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `part_number`, outside 1 to 10,000.
    pub fn new(number: u16) -> Result<Self> {
        Self::try_from(i64::from(number))
    }

    /// Creates the number of the part with a 0-based index. The only place that converts one into
    /// the other.
    ///
    /// # Errors
    ///
    /// `Invalid`, as for [`PartNumber::new`].
    pub fn from_index(index: usize) -> Result<Self> {
        Self::try_from(i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1))
    }

    /// Returns the number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// Returns the 0-based index of the part.
    pub fn index(self) -> usize {
        usize::from(self.0.saturating_sub(1))
    }
}

impl TryFrom<u16> for PartNumber {
    type Error = Error;

    fn try_from(number: u16) -> Result<Self> {
        Self::new(number)
    }
}

/// For numbers from outside, such as the command line or C.
impl TryFrom<i64> for PartNumber {
    type Error = Error;

    fn try_from(number: i64) -> Result<Self> {
        u16::try_from(number)
            .ok()
            .filter(|n| (limits::PART_NUMBER_MIN..=limits::PART_NUMBER_MAX).contains(n))
            .map(Self)
            .ok_or_else(|| {
                Error::invalid("part_number", format!("a part number is 1 to 10000, not {number}"))
            })
    }
}

impl From<PartNumber> for u16 {
    fn from(number: PartNumber) -> Self {
        number.0
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The bytes of an object that one part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartRange {
    pub(crate) number: PartNumber,
    /// Where the part begins in the object, in bytes.
    pub(crate) offset: u64,
    /// The size of the part, in bytes.
    pub(crate) length: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_number_is_one_to_ten_thousand() {
        for bad in [0, 10_001, -1, i64::MAX, i64::MIN, 65_537] {
            assert_eq!(PartNumber::try_from(bad).unwrap_err().argument(), Some("part_number"));
        }
        for bad in [0, 10_001, u16::MAX] {
            assert!(PartNumber::new(bad).is_err());
        }
        assert_eq!(PartNumber::new(1).unwrap().index(), 0);
        assert_eq!(u16::from(PartNumber::from_index(9_999).unwrap()), 10_000);
        assert!(PartNumber::from_index(10_000).is_err());
        assert!(PartNumber::from_index(usize::MAX).is_err());
    }
}
