//! A range of bytes.

use std::ops::{RangeFrom, RangeFull};

/// A range of bytes of a file or an object: from an offset, for a length or to the end.
///
/// ```
/// use ossmpu::ByteRange;
///
/// let ranges = [ByteRange::from(..), ByteRange::from(1000..), ByteRange::new(1000, Some(24))];
/// assert_eq!(ranges.map(ByteRange::offset), [0, 1000, 1000]);
/// assert_eq!(ranges.map(ByteRange::length), [None, None, Some(24)]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteRange {
    offset: u64,
    length: Option<u64>,
}

impl ByteRange {
    /// Creates the range of `length` bytes from `offset`; `None` is to the end.
    pub fn new(offset: u64, length: Option<u64>) -> Self {
        Self { offset, length }
    }

    /// Returns where the range begins.
    pub fn offset(self) -> u64 {
        self.offset
    }

    /// Returns how many bytes the range has; `None` if it extends to the end.
    pub fn length(self) -> Option<u64> {
        self.length
    }
}

impl From<RangeFrom<u64>> for ByteRange {
    fn from(range: RangeFrom<u64>) -> Self {
        Self::new(range.start, None)
    }
}

impl From<RangeFull> for ByteRange {
    fn from(_: RangeFull) -> Self {
        Self::default()
    }
}
