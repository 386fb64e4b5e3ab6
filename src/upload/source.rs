//! Where the bytes of an object come from, and the part of them that one request sends.

use std::path::Path;
use std::sync::Arc;

use super::file::WatchedFile;
use super::memory::{Memory, SharedBytes};
use crate::codec::md5::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::wire::{Body, Content};

/// A source that can be read at any position.
#[derive(Debug, Clone)]
pub(super) enum Source {
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
    pub(super) fn file(path: &Path) -> Result<Self> {
        WatchedFile::open(path).map(Arc::new).map(Self::File)
    }

    pub(super) fn memory(bytes: SharedBytes) -> Self {
        Self::Memory(Arc::new(Memory(bytes)))
    }

    pub(super) fn length(&self) -> u64 {
        self.content().length()
    }

    /// An error of kind `Changed` if the source is not what it was at the start.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        match self {
            Self::File(file) => file.check_unchanged(),
            Self::Memory(_) => Ok(()),
        }
    }

    /// The bytes themselves, if they are in memory.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> Option<&[u8]> {
        match self {
            Self::File(_) => None,
            Self::Memory(memory) => {
                let start = usize::try_from(offset).ok()?;
                memory.bytes().get(start..start.checked_add(length)?)
            }
        }
    }

    /// Fills the buffer with what stands at `offset`.
    pub(super) fn read_exact_at(&self, offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        let mut at = offset;
        while !buffer.is_empty() {
            let count = self.content().read_at(at, buffer)?;
            if count == 0 {
                return Err(Error::new(ErrorKind::Changed, "the source has become shorter"));
            }
            buffer = buffer.get_mut(count..).unwrap_or_default();
            at = at.saturating_add(count as u64);
        }
        Ok(())
    }

    /// A body of `length` bytes from `offset`, which the caller knows to be there.
    pub(super) fn body(&self, offset: u64, length: u64) -> Body {
        Body::Content(Arc::new(Section { source: self.clone(), offset, length }))
    }

    fn content(&self) -> &dyn Content {
        match self {
            Self::File(file) => &**file,
            Self::Memory(memory) => &**memory,
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
        self.source.content().read_at(at, buffer.get_mut(..wanted).unwrap_or_default())
    }
}

/// The MD5 of a body, read once for it.
pub(super) fn md5_of(body: &Body) -> Result<Digest> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(limits::IO_STEP).map_err(|cause| {
        Error::new(ErrorKind::Memory, "no room to compute an MD5").with_cause(cause)
    })?;
    buffer.resize(limits::IO_STEP, 0);
    let mut reader = body.reader();
    let mut hasher = Hasher::new();
    loop {
        let count = reader.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            return Ok(hasher.finish());
        };
        hasher.update(read);
    }
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
        assert_eq!(md5_of(&body).unwrap(), crate::codec::md5::md5(b"3456"));
    }
}
