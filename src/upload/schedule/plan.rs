//! Divides an object of known size into parts: pure arithmetic.

use crate::error::{Error, Result};
use crate::limits;
use crate::model::{PartNumber, PartRange};
use crate::upload::options::UploadOptions;

/// How an object is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// In one PutObject.
    PutObject,
    /// In parts.
    Parts(Parts),
}

/// Parts of one size; the last may be smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    size: u64,
    part_size: u64,
}

/// How many parts a rate limiter keeps busy: each occupies a worker until it is sent. A connection
/// is expected to send a part of the default size in ten seconds.
pub(crate) fn parts_at_rate(bytes_per_sec: u64, part_size: u64) -> usize {
    let parts = bytes_per_sec
        .saturating_mul(SECONDS_PER_PART)
        .div_ceil(part_size.clamp(1, limits::PART_SIZE_DEFAULT));
    usize::try_from(parts).unwrap_or(usize::MAX).max(1)
}

impl Plan {
    pub(crate) fn new(size: u64, options: &UploadOptions) -> Result<Self> {
        if options.upload_id.is_some() {
            if size == 0 {
                let text = "an empty object has no parts, so upload_id cannot be used for it";
                return Err(Error::invalid("upload_id", text));
            }
        } else if size == 0 || size < options.single_below {
            return Ok(Self::PutObject);
        }
        let requested = options.part_size.unwrap_or_else(|| match options.is_delta() {
            true => limits::DELTA_PART_SIZE_DEFAULT,
            false => default_part_size(size, options.parallelism()),
        });
        Parts::new(size, requested).map(Self::Parts)
    }

    /// Returns the number of parts; 0 for PutObject.
    pub(crate) fn parts(&self) -> u64 {
        match self {
            Self::PutObject => 0,
            Self::Parts(parts) => parts.count() as u64,
        }
    }
}

impl Parts {
    /// Divides `size` into parts of the requested size, or larger ones if 10,000 would not suffice.
    pub(crate) fn new(size: u64, requested: u64) -> Result<Self> {
        let needed = size.div_ceil(u64::from(limits::PART_NUMBER_MAX));
        let part_size = requested.max(needed.next_multiple_of(PART_SIZE_STEP));
        if part_size > limits::PART_SIZE_MAX {
            let text = "the object is larger than 10,000 parts of 5 GiB";
            return Err(Error::invalid("source", text));
        }
        Ok(Self { size, part_size })
    }

    /// Returns the size of the whole object.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn part_size(&self) -> u64 {
        self.part_size
    }

    pub(crate) fn count(&self) -> usize {
        // At most 10,000, because `new` raises the part size.
        usize::try_from(self.size.div_ceil(self.part_size)).unwrap_or(usize::MAX)
    }

    /// Returns the part with that 0-based index; `None` past the end.
    pub(crate) fn part(&self, index: usize) -> Option<PartRange> {
        let offset = u64::try_from(index).ok()?.checked_mul(self.part_size)?;
        let left = self.size.checked_sub(offset).filter(|left| *left > 0)?;
        let number = PartNumber::from_index(index).ok()?;
        Some(PartRange { number, offset, length: left.min(self.part_size) })
    }
}

/// Returns the default size, or a smaller one, so that every connection gets a part.
fn default_part_size(size: u64, parallelism: usize) -> u64 {
    let share = size.div_ceil(parallelism.max(1) as u64).next_multiple_of(PART_SIZE_STEP);
    share.clamp(limits::PART_SIZE_SMALLEST_PLANNED, limits::PART_SIZE_DEFAULT)
}

/// Part sizes are raised in steps that keep reads aligned to pages.
const PART_SIZE_STEP: u64 = 64 * limits::KIB;

/// How long one connection may take to send a part before a rate is shared by fewer of them.
const SECONDS_PER_PART: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_rate_keeps_one_part_busy_and_a_high_one_many() {
        let parts = |rate| parts_at_rate(rate, 8 * limits::MIB);
        let rates = [1, 100 * limits::KIB, limits::MIB, 10 * limits::MIB, u64::MAX];
        assert_eq!(rates.map(parts)[..4], [1, 1, 2, 13]);
        assert!(parts(u64::MAX) > usize::from(limits::PART_NUMBER_MAX));
        assert_eq!(parts_at_rate(20 * limits::MIB, 200 * limits::MIB), 25, "large parts");
    }
    use proptest::prelude::*;

    const MIB: u64 = limits::MIB;

    fn parts(size: u64, options: &UploadOptions) -> Parts {
        match Plan::new(size, options).unwrap() {
            Plan::Parts(parts) => parts,
            Plan::PutObject => panic!("{size} bytes were planned as one PutObject"),
        }
    }

    #[test]
    fn small_and_empty_objects_go_in_one_request() {
        let mut options = UploadOptions::new();
        assert_eq!(Plan::new(8 * MIB - 1, &options).unwrap(), Plan::PutObject);
        assert_eq!(parts(8 * MIB, &options).count(), 8);
        let totals = [8 * MIB - 1, 8 * MIB].map(|size| Plan::new(size, &options).unwrap().parts());
        assert_eq!(totals, [0, 8]);
        options.set_single_below(0).unwrap();
        assert_eq!(Plan::new(0, &options).unwrap(), Plan::PutObject);
        assert_eq!(parts(1, &options).count(), 1);
    }

    #[test]
    fn every_connection_gets_a_part_before_parts_grow() {
        let options = UploadOptions::new();
        assert_eq!(parts(16 * MIB, &options).part_size(), 2 * MIB);
        assert_eq!(parts(64 * MIB, &options).part_size(), 8 * MIB);
        assert_eq!(parts(1024 * MIB, &options).part_size(), 8 * MIB);
    }

    #[test]
    fn parts_of_a_delta_upload_are_small_while_ten_thousand_suffice() {
        let mut options = UploadOptions::new();
        options.set_delta(true);
        assert_eq!(parts(1024 * MIB, &options).part_size, MIB);
        assert_eq!(parts(10_000 * MIB, &options).part_size, MIB);
        let larger = parts(100_000 * MIB, &options);
        assert!(larger.part_size > MIB && larger.count() <= 10_000);
        options.set_part_size(limits::PART_SIZE_MIN).unwrap();
        assert_eq!(parts(500 * MIB, &options).part_size, limits::PART_SIZE_MIN);
    }

    #[test]
    fn part_size_grows_until_ten_thousand_parts_suffice() {
        let mut options = UploadOptions::new();
        options.set_part_size(limits::PART_SIZE_MIN).unwrap();
        let parts = parts(1024 * 1024 * MIB, &options);
        assert!(parts.count() <= 10_000 && parts.count() > 9_900, "{}", parts.count());
        let largest = limits::PART_SIZE_MAX * 10_000;
        assert!(Plan::new(largest, &options).is_ok());
        assert_eq!(Plan::new(largest + 1, &options).unwrap_err().argument(), Some("source"));
        assert!(Plan::new(u64::MAX, &options).is_err());
    }

    proptest! {
        #[test]
        fn parts_cover_the_object_exactly_once_within_every_limit(
            size in prop_oneof![1..100 * MIB, 1..limits::PART_SIZE_MAX * 10_000],
            part_size in proptest::option::of(limits::PART_SIZE_MIN..64 * MIB),
            parallelism in 1..256usize,
        ) {
            let mut options = UploadOptions::new();
            options.set_single_below(0).unwrap().set_parallelism(parallelism).unwrap();
            if let Some(part_size) = part_size {
                options.set_part_size(part_size).unwrap();
            }
            let parts = parts(size, &options);
            let count = parts.count();
            prop_assert!((1..=10_000).contains(&count));
            let mut covered = 0;
            for index in 0..count {
                let part = parts.part(index).unwrap();
                prop_assert_eq!(part.offset, covered);
                prop_assert_eq!(part.number.index(), index);
                prop_assert!(part.length <= limits::PART_SIZE_MAX);
                prop_assert!(index + 1 == count || part.length >= limits::PART_SIZE_MIN);
                covered += part.length;
            }
            prop_assert_eq!(covered, size);
            prop_assert!(parts.part(count).is_none());
        }
    }
}
