//! The size of the parts of a stream: it grows as the stream continues, so that a short one has
//! small parts and a long one no more than 10,000. Pure arithmetic.

use crate::error::{Error, Result};
use crate::limits;
use crate::upload::options::{Integrity, UploadOptions};

/// The sizes of the parts of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartGrowth {
    /// The size of the first thousand parts.
    start: u64,
    /// The size from which later ones grow.
    first: u64,
    largest: u64,
}

impl PartGrowth {
    /// Begins with the size that the options want, or with a larger one if the stream is known to
    /// have more bytes than that reaches. A stream always has two parts in memory, one that is
    /// filled and one that is sent.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `part_size`, when two of that size are over the memory limit.
    pub(crate) fn new(
        options: &UploadOptions,
        memory_limit: u64,
        length: Option<u64>,
    ) -> Result<Self> {
        let largest = (memory_limit / 2).min(limits::PART_SIZE_MAX);
        let first = match options.part_size {
            None => limits::PART_SIZE_DEFAULT.min(largest),
            Some(size) if size <= largest => size,
            Some(_) => {
                let text = "two parts of that size are more than the memory limit of the client";
                return Err(Error::invalid("part_size", text));
            }
        };
        // With MD5s more parts are in memory, because they are hashed together.
        let is_halved = options.part_size.is_none() && options.integrity.contains(Integrity::MD5);
        let half = (first / 2).max(limits::PART_SIZE_MIN).min(first);
        let start = if is_halved { half } else { first };
        let part_growth = Self { start, first, largest };
        match length.filter(|length| *length > part_growth.reach()) {
            None => Ok(part_growth),
            Some(length) => {
                let even = length.div_ceil(u64::from(limits::PART_NUMBER_MAX));
                let size = even.next_multiple_of(limits::KIB).min(largest);
                Ok(Self { start: size, first: size, largest })
            }
        }
    }

    /// The size of the part with that 0-based index; `None` past the last.
    pub(crate) fn part_size(&self, index: usize) -> Option<u64> {
        if index >= usize::from(limits::PART_NUMBER_MAX) {
            return None;
        }
        if index < STEP {
            return Some(self.start);
        }
        let mut size = self.first;
        for _ in 0..index / STEP {
            size = (size + size / 2).next_multiple_of(limits::KIB);
        }
        Some(size.min(self.largest).max(self.first))
    }

    /// The most bytes that a stream can have.
    pub(crate) fn reach(&self) -> u64 {
        let steps = (0..usize::from(limits::PART_NUMBER_MAX)).step_by(STEP);
        steps.filter_map(|index| self.part_size(index)).map(|size| size * STEP as u64).sum()
    }

    /// The error of a stream that has more.
    pub(crate) fn exceeded(&self) -> Error {
        let text = format!("a stream with these options has at most {} bytes", self.reach());
        Error::invalid("part_size", text)
    }
}

/// Number of parts of the same size.
const STEP: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = limits::GIB;

    #[test]
    fn parts_grow_by_half_every_thousand_until_the_memory_ends() {
        let part_growth =
            PartGrowth::new(&UploadOptions::new(), limits::MEMORY_LIMIT_DEFAULT, None).unwrap();
        let mib = |index| part_growth.part_size(index).unwrap() / limits::MIB;
        assert_eq!([mib(0), mib(999), mib(1000), mib(2000), mib(9_999)], [8, 8, 12, 18, 128]);
        assert_eq!(part_growth.part_size(10_000), None);
        assert!(part_growth.reach() > 600 * GIB && part_growth.reach() < 700 * GIB);
    }

    #[test]
    fn the_first_parts_with_md5s_have_half_the_size() {
        let mut options = UploadOptions::new();
        options.set_integrity(Integrity::MD5);
        let part_growth = PartGrowth::new(&options, limits::MEMORY_LIMIT_DEFAULT, None).unwrap();
        let mib = |index| part_growth.part_size(index).unwrap() / limits::MIB;
        assert_eq!([mib(0), mib(999), mib(1000), mib(2000), mib(9_999)], [4, 4, 12, 18, 128]);
        assert!(part_growth.reach() > 600 * GIB);
        let part_growth = PartGrowth::new(&options, 2 * limits::PART_SIZE_MIN, None).unwrap();
        assert_eq!(part_growth.part_size(0), Some(limits::PART_SIZE_MIN));
        options.set_part_size(limits::PART_SIZE_DEFAULT).unwrap();
        let part_growth = PartGrowth::new(&options, limits::MEMORY_LIMIT_DEFAULT, None).unwrap();
        assert_eq!(part_growth.part_size(0), Some(limits::PART_SIZE_DEFAULT));
    }

    #[test]
    fn with_room_enough_any_object_of_oss_can_be_reached() {
        let part_growth = PartGrowth::new(&UploadOptions::new(), 16 * GIB, None).unwrap();
        assert!(part_growth.reach() > 800 * GIB);
        let mut options = UploadOptions::new();
        options.set_part_size(limits::PART_SIZE_MAX).unwrap();
        let part_growth = PartGrowth::new(&options, 16 * GIB, None).unwrap();
        assert_eq!(part_growth.reach(), 10_000 * limits::PART_SIZE_MAX);
    }

    #[test]
    fn a_stream_that_is_known_to_be_long_begins_with_larger_parts() {
        let options = UploadOptions::new();
        let new = |length| PartGrowth::new(&options, limits::MEMORY_LIMIT_DEFAULT, length).unwrap();
        let unknown = new(None);
        assert_eq!(new(Some(unknown.reach())), unknown);
        for length in [unknown.reach() + 1, 1024 * GIB, 1250 * GIB] {
            let part_growth = new(Some(length));
            assert!(part_growth.reach() >= length && part_growth.largest == unknown.largest);
        }
        assert_eq!(new(Some(u64::MAX)).reach(), 10_000 * 128 * limits::MIB);
    }

    #[test]
    fn two_parts_must_fit() {
        let mut options = UploadOptions::new();
        options.set_part_size(limits::MIB).unwrap();
        assert!(PartGrowth::new(&options, 2 * limits::MIB, None).is_ok());
        let error = PartGrowth::new(&options, 2 * limits::MIB - 1, None).unwrap_err();
        assert_eq!(error.argument(), Some("part_size"));
    }
}
