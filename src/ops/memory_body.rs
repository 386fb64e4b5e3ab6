//! A request body in memory.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::wire::{Body, Content, bytes_at, copy_at};

/// Shared bytes. `Debug` shows their number only.
pub(super) struct MemoryBody(Arc<[u8]>);

impl MemoryBody {
    pub(super) fn body(bytes: Arc<[u8]>) -> Body {
        Body::Content(Arc::new(Self(bytes)))
    }
}

impl Content for MemoryBody {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_at(&self.0, offset, buffer))
    }

    fn bytes(&self, offset: u64, max: usize) -> Option<&[u8]> {
        Some(bytes_at(&self.0, offset, max))
    }
}

impl fmt::Debug for MemoryBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
