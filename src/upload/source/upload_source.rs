//! Where the bytes of an object come from, and the part of them that one request sends.

use std::path::Path;
use std::sync::Arc;

use crate::codec::md5::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ByteRange;
use crate::upload::source::cache_footprint::CacheFootprint;
use crate::upload::source::memory::{Memory, SharedBytes};
use crate::upload::source::watched_file::{Identity, WatchedFile};
use crate::wire::{Body, Content};

/// Bytes that can be read at any position: a file, memory, or a range of either.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    origin: Origin,
    start: u64,
    length: u64,
    /// The caller has named the end, so that what follows it may change.
    has_fixed_end: bool,
    /// `None` if the bytes that are read stay in the page cache.
    footprint: Option<Arc<CacheFootprint>>,
}

#[derive(Debug, Clone)]
enum Origin {
    File(Arc<WatchedFile>),
    Memory(Arc<Memory>),
}

/// Some bytes of a source.
#[derive(Debug)]
struct Section {
    source: Source,
    offset: u64,
    length: u64,
}

impl Source {
    pub(crate) fn file(file: WatchedFile) -> Self {
        let length = file.length();
        let origin = Origin::File(Arc::new(file));
        Self { origin, start: 0, length, has_fixed_end: false, footprint: None }
    }

    /// Opens a file whose size is true.
    pub(crate) fn path(path: &Path) -> Result<Self> {
        let file = WatchedFile::open(path)?;
        if !file.has_true_size() {
            return Err(file.size_error().with_argument("path"));
        }
        Ok(Self::file(file))
    }

    pub(crate) fn memory(bytes: SharedBytes) -> Self {
        let memory = Memory(bytes);
        let length = memory.length();
        let origin = Origin::Memory(Arc::new(memory));
        Self { origin, start: 0, length, has_fixed_end: false, footprint: None }
    }

    /// Narrows the source to a range of it.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`, when the source does not have the range.
    pub(crate) fn range(self, range: ByteRange) -> Result<Self> {
        let offset = range.offset();
        let outside = |argument, rest| {
            let name = self.name();
            let text = format!("{name} has only {rest} bytes after the offset {offset}");
            Error::invalid(argument, text)
        };
        let rest = self.length.checked_sub(offset).ok_or_else(|| outside("offset", 0))?;
        let length = range.length().unwrap_or(rest);
        if length > rest {
            return Err(outside("length", rest));
        }
        let has_fixed_end = range.length().is_some();
        Ok(Self { start: self.start.saturating_add(offset), length, has_fixed_end, ..self })
    }

    /// For error messages.
    fn name(&self) -> &str {
        match &self.origin {
            Origin::File(file) => file.name(),
            Origin::Memory(_) => "the data",
        }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Notes what the page cache holds now, so that [`Source::leave_cache`] can remove what is read
    /// from now on. Call it when the range is final. `check` can end the search.
    pub(crate) fn with_footprint(self, check: impl Fn() -> Result<()>) -> Result<Self> {
        let footprint = match &self.origin {
            Origin::File(file) => {
                let range = self.start..self.start.saturating_add(self.length);
                Some(Arc::new(CacheFootprint::new(Arc::clone(file), range, check)?))
            }
            Origin::Memory(_) => None,
        };
        Ok(Self { footprint, ..self })
    }

    /// Removes from the page cache what was read of these bytes and was not cached before.
    pub(crate) fn leave_cache(&self, offset: u64, length: u64) {
        if let Some(footprint) = &self.footprint {
            let start = self.start.saturating_add(offset);
            footprint.remove(start..start.saturating_add(length));
        }
    }

    /// As [`Source::leave_cache`], for all bytes, at the end of the upload.
    pub(crate) fn leave_cache_entirely(&self) {
        if let Some(footprint) = &self.footprint {
            footprint.remove_all();
        }
    }

    /// Size and modification time at the start; `None` for memory. A range with a fixed end has only its
    /// size, because the call that resumes it compares its parts.
    pub(crate) fn identity(&self) -> Option<Identity> {
        match &self.origin {
            Origin::File(_) if self.has_fixed_end => {
                Some(Identity { size: self.length, modified: (0, 0) })
            }
            Origin::File(file) => Some(file.identity()),
            Origin::Memory(_) => None,
        }
    }

    /// An error of kind `Changed` if the source cannot have the bytes of the start any more.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        match &self.origin {
            Origin::File(file) if self.has_fixed_end => {
                file.check_reaches(self.start.saturating_add(self.length))
            }
            Origin::File(file) => file.check_unchanged(),
            Origin::Memory(_) => Ok(()),
        }
    }

    /// An error of kind `Changed` if a file does not have the bytes that were sent. They are read
    /// once more if the times of the file do not decide: it was renamed, something was appended
    /// after a range with a fixed end, or another process may write to a mapping of it.
    pub(crate) fn check_sent(
        &self,
        crc64: Option<u64>,
        check: impl Fn() -> Result<()>,
    ) -> Result<()> {
        self.check_unchanged()?;
        let Origin::File(file) = &self.origin else { return Ok(()) };
        if !file.is_in_doubt()? {
            return Ok(());
        }
        let found = crc64_of(&self.body(0, self.length), check)?;
        if crc64.is_some_and(|sent| sent != found) {
            return Err(file.modified());
        }
        self.check_unchanged()
    }

    /// The bytes themselves, if they are in memory.
    pub(crate) fn bytes(&self, offset: u64, length: usize) -> Option<&[u8]> {
        match &self.origin {
            Origin::File(_) => None,
            Origin::Memory(memory) => memory.bytes(self.start.checked_add(offset)?, length),
        }
    }

    /// Fills the buffer with what stands at `offset`.
    pub(crate) fn read_exact_at(&self, offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        let mut at = offset;
        while !buffer.is_empty() {
            let count = self.read_at(at, buffer)?;
            if count == 0 {
                return Err(Error::new(ErrorKind::Changed, "the source was truncated"));
            }
            buffer = buffer.get_mut(count..).unwrap_or_default();
            at = at.saturating_add(count as u64);
        }
        Ok(())
    }

    /// A body of `length` bytes from `offset`, which the caller knows to be there.
    pub(crate) fn body(&self, offset: u64, length: u64) -> Body {
        Body::Content(Arc::new(Section { source: self.clone(), offset, length }))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let at = self.start.saturating_add(offset);
        match &self.origin {
            Origin::File(file) => file.read_at(at, buffer),
            Origin::Memory(memory) => memory.read_at(at, buffer),
        }
    }
}

impl Content for Section {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = self.length.saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let at = self.offset.saturating_add(offset);
        let count = self.source.read_at(at, buffer.get_mut(..wanted).unwrap_or_default())?;
        // A long section leaves the cache while it is read.
        let (before, after) = (offset / CACHED, offset.saturating_add(count as u64) / CACHED);
        if before < after
            && let Some(previous) = before.checked_sub(1)
        {
            self.source.leave_cache(self.offset.saturating_add(previous * CACHED), CACHED);
        }
        Ok(count)
    }

    fn bytes(&self, offset: u64, most: usize) -> Option<&[u8]> {
        let left = self.length.saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(most);
        self.source.bytes(self.offset.saturating_add(offset), wanted)
    }
}

/// At least this many of the last bytes read stay in the page cache.
const CACHED: u64 = 64 * 1024 * 1024;

/// The MD5 of a body, read once for it. `check`, which is called for each step, can end it.
pub(crate) fn md5_of(body: &Body, check: impl Fn() -> Result<()>) -> Result<Digest> {
    md5_and_crc64_of(body, check).map(|(md5, _)| md5)
}

/// The MD5 and the CRC-64 of a body, as [`md5_of`].
pub(crate) fn md5_and_crc64_of(
    body: &Body,
    check: impl Fn() -> Result<()>,
) -> Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let read = body.read_through(|bytes| {
        hasher.update(bytes);
        check()
    })?;
    Ok((hasher.finish(), read.crc64))
}

/// The CRC-64 of a body, as [`md5_of`].
pub(crate) fn crc64_of(body: &Body, check: impl Fn() -> Result<()>) -> Result<u64> {
    body.read_through(|_| check()).map(|sent| sent.crc64)
}

/// An error if the source is not what the caller expects it to be.
pub(crate) fn expect_md5(expected: Digest, found: Digest) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (found.to_hex_upper(), expected.to_hex_upper());
    let text = format!("the MD5 of the source is {found}, not {expected} as expected");
    Err(Error::new(ErrorKind::Integrity, text))
}

/// As [`expect_md5`].
pub(crate) fn expect_crc64(expected: u64, found: u64) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let text = format!("the CRC-64 of the source is {found}, not {expected} as expected");
    Err(Error::new(ErrorKind::Integrity, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_reads_its_own_bytes_only() {
        let source = Source::memory(Arc::new(b"0123456789".to_vec()));
        let body = source.body(3, 4);
        let mut buffer = [0; 16];
        let count = body.reader().read(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"3456");
        assert_eq!(md5_of(&body, || Ok(())).unwrap(), crate::codec::md5::md5(b"3456"));
    }

    #[test]
    fn a_range_is_a_source_of_its_own_and_must_be_inside() {
        let source = Source::memory(Arc::new(b"0123456789".to_vec()));
        let range = source.clone().range(ByteRange::new(2, Some(5))).unwrap();
        assert_eq!((range.length(), range.bytes(1, 2)), (5, Some(&b"34"[..])));
        assert_eq!(source.clone().range(ByteRange::new(7, None)).unwrap().length(), 3);
        assert_eq!(
            source.clone().range(ByteRange::new(11, None)).unwrap_err().argument(),
            Some("offset")
        );
        assert_eq!(
            source.range(ByteRange::new(7, Some(4))).unwrap_err().argument(),
            Some("length")
        );
    }
}
