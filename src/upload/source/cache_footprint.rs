//! What a file adds to the page cache while it is uploaded.

use std::ops::Range;
use std::sync::Arc;

use super::watched_file::WatchedFile;
use crate::error::Result;
use crate::platform::{remove_from_cache, uncached_ranges};

/// The ranges of a file that were not cached when its upload began, so that they can leave the page
/// cache after they are read. What was cached then stays.
#[derive(Debug)]
pub(crate) struct CacheFootprint {
    file: Arc<WatchedFile>,
    /// In ascending order.
    added: Vec<Range<u64>>,
}

impl CacheFootprint {
    /// The footprint of an upload of this range. `check` can end the search for it.
    pub(crate) fn new(
        file: Arc<WatchedFile>,
        range: Range<u64>,
        check: impl Fn() -> Result<()>,
    ) -> Result<Self> {
        let end = range.end.saturating_add(READ_AHEAD).min(file.identity().size);
        let range = range.start..end.max(range.end);
        let mut added = uncached_ranges(file.as_file(), range, RANGES_MAX, check)?;
        let known_end = added.last().map_or(0, |last| last.end);
        added.extend(file.probed().filter(|probed| probed.start >= known_end));
        Ok(Self { file, added })
    }

    /// Removes from the page cache what the upload has added in a range.
    pub(crate) fn remove(&self, range: Range<u64>) {
        let first = self.added.partition_point(|added| added.end <= range.start);
        let added = self.added.get(first..).unwrap_or_default().iter();
        for added in added.take_while(|added| added.start < range.end) {
            let both = added.start.max(range.start)..added.end.min(range.end);
            remove_from_cache(self.file.as_file(), both);
        }
    }

    /// Removes all that the upload has added, with what the system has read ahead.
    pub(crate) fn remove_all(&self) {
        self.remove(0..u64::MAX);
    }
}

/// A worker may have read the file once more after the upload: an attempt to send a part that was canceled.
impl Drop for CacheFootprint {
    fn drop(&mut self) {
        self.remove_all();
    }
}

/// How far beyond the end of a range the system may read ahead.
const READ_AHEAD: u64 = 32 * 1024 * 1024;
/// At most this many ranges are tracked; what follows them stays in the cache.
const RANGES_MAX: usize = 64 * 1024;
