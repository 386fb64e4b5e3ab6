//! A reader, and how many bytes are read from it.

use std::io::Read;

/// A reader as the source of an upload. Every reader converts into one that is read to its end.
#[derive(Debug, Clone, Copy)]
pub struct ReaderSource<R> {
    pub(crate) reader: R,
    pub(crate) length: Option<u64>,
}

impl<R: Read> ReaderSource<R> {
    /// Creates a source that is read to the end of the reader.
    pub fn new(reader: R) -> Self {
        Self { reader, length: None }
    }

    /// Sets how many bytes are read; `None` is to the end. The upload fails if the reader ends
    /// earlier.
    #[must_use]
    pub fn with_length(self, length: impl Into<Option<u64>>) -> Self {
        Self { length: length.into(), ..self }
    }
}

impl<R: Read> From<R> for ReaderSource<R> {
    fn from(reader: R) -> Self {
        Self::new(reader)
    }
}
