//! Bytes in memory as the content of a body.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::wire::{Content, bytes_at, copy_at};

/// Bytes that stay where they are for as long as an upload needs them.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

pub(crate) struct Memory(pub(crate) SharedBytes);

impl Content for Memory {
    fn length(&self) -> u64 {
        self.all().len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_at(self.all(), offset, buffer))
    }

    fn bytes(&self, offset: u64, most: usize) -> Option<&[u8]> {
        Some(bytes_at(self.all(), offset, most))
    }
}

impl Memory {
    fn all(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.length())
    }
}
