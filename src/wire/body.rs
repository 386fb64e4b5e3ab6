//! Request bodies that can be read more than once: each attempt reads the same bytes from the
//! start.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::codec::crc64::Crc64;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

/// Bytes of a known length that can be read at any position, any number of times.
pub(crate) trait Content: fmt::Debug + Send + Sync {
    fn length(&self) -> u64;

    /// Reads from `offset` into the start of `buffer` and returns the number of bytes read. Zero
    /// before the end means that the content has become shorter.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Returns up to `max` bytes from `offset` if the content is in memory, so that it need not be
    /// copied.
    fn bytes(&self, _offset: u64, _max: usize) -> Option<&[u8]> {
        None
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) enum Body {
    #[default]
    Empty,
    /// XML.
    Text(Arc<str>),
    /// A part or an object. Its CRC-64 is computed while it is read.
    Content(Arc<dyn Content>),
}

impl Body {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Text(text) => text.len() as u64,
            Self::Content(content) => content.length(),
        }
    }

    /// Returns up to `max` bytes from `offset` if they are in memory.
    pub(crate) fn bytes(&self, offset: u64, max: usize) -> Option<&[u8]> {
        match self {
            Self::Content(content) => content.bytes(offset, max),
            Self::Empty | Self::Text(_) => None,
        }
    }

    /// Returns a reader at the start, for one attempt.
    pub(crate) fn reader(&self) -> BodyReader<'_> {
        BodyReader { body: self, offset: 0, crc64: Crc64::new() }
    }

    /// Reads the whole body and passes each block to `on_block`.
    pub(crate) fn read_through(
        &self,
        mut on_block: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<Sent> {
        let length = usize::try_from(self.length()).unwrap_or(usize::MAX).min(limits::IO_STEP);
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(length).map_err(|cause| {
            Error::new(ErrorKind::Memory, "not enough memory to compute a checksum")
                .with_cause(cause)
        })?;
        buffer.resize(length, 0);
        let mut reader = self.reader();
        loop {
            let count = reader.read(&mut buffer)?;
            match buffer.get(..count).filter(|read| !read.is_empty()) {
                Some(read) => on_block(read)?,
                None => return Ok(reader.sent()),
            }
        }
    }
}

/// The part of the body that one attempt has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) bytes: u64,
    /// CRC-64 of these bytes.
    pub(crate) crc64: u64,
}

#[derive(Debug)]
pub(crate) struct BodyReader<'a> {
    body: &'a Body,
    offset: u64,
    crc64: Crc64,
}

impl BodyReader<'_> {
    /// Reads the next bytes into `buffer`; returns 0 only at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.body.length().saturating_sub(self.offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        let count = match self.body {
            Body::Empty => 0,
            Body::Text(text) => copy_at(text.as_bytes(), self.offset, buffer),
            Body::Content(content) => content.read_at(self.offset, buffer)?,
        };
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            return Err(Error::new(
                ErrorKind::Changed,
                format!("the source ended {left} bytes before its end"),
            ));
        };
        if matches!(self.body, Body::Content(_)) {
            self.crc64.update(read);
        }
        self.offset += count as u64;
        Ok(count)
    }

    /// Skips up to `max` bytes that are in memory and returns their range.
    pub(crate) fn pass(&mut self, max: usize) -> Option<Range<u64>> {
        let passed = self.body.bytes(self.offset, max).filter(|bytes| !bytes.is_empty())?;
        self.crc64.update(passed);
        let from = self.offset;
        self.offset += passed.len() as u64;
        Some(from..self.offset)
    }

    pub(crate) fn sent(&self) -> Sent {
        Sent { bytes: self.offset, crc64: self.crc64.value() }
    }
}

/// Copies bytes from `offset` into `buffer` and returns their number.
pub(crate) fn copy_at(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let from = bytes_at(bytes, offset, buffer.len());
    if let Some(to) = buffer.get_mut(..from.len()) {
        to.copy_from_slice(from);
    }
    from.len()
}

/// Returns up to `max` bytes from `offset`.
pub(crate) fn bytes_at(bytes: &[u8], offset: u64, max: usize) -> &[u8] {
    let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
    let rest = rest.unwrap_or_default();
    rest.get(..max).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Shrunk;

    impl Content for Shrunk {
        fn length(&self) -> u64 {
            10
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
            Ok(copy_at(b"1234", offset, buffer))
        }
    }

    #[test]
    fn a_body_can_be_read_twice() {
        let body = Body::Text("hello".into());
        for _ in 0..2 {
            let mut reader = body.reader();
            let mut buffer = [0; 3];
            assert_eq!(reader.read(&mut buffer).unwrap(), 3);
            assert_eq!(reader.read(&mut buffer).unwrap(), 2);
            assert_eq!(reader.read(&mut buffer).unwrap(), 0);
            assert_eq!(reader.sent().bytes, 5);
        }
    }

    #[test]
    fn a_source_that_shrinks_is_an_error_and_not_an_endless_loop() {
        let body = Body::Content(Arc::new(Shrunk));
        let mut reader = body.reader();
        assert_eq!(reader.read(&mut [0; 10]).unwrap(), 4);
        assert_eq!(reader.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::Changed);
    }
}
