//! The bytes of the source, computed once for all runs.

use std::ops::Deref;
use std::sync::Arc;

use crate::codec::crc64::crc64;

#[derive(Debug)]
pub(crate) struct SourceBytes {
    pub(super) original: Arc<[u8]>,
    /// After [`Fault::SourceChanges`](super::fault::Fault::SourceChanges).
    pub(super) changed: Arc<[u8]>,
    /// The CRC-64 of the original bytes, and of the changed ones.
    pub(super) sums: [u64; 2],
}

impl SourceBytes {
    pub(crate) fn new(size: usize) -> Self {
        let original: Arc<[u8]> = (0..size).map(|index| (index % 251) as u8).collect();
        let changed: Arc<[u8]> = original.iter().map(|byte| byte ^ 1).collect();
        let sums = [crc64(&original), crc64(&changed)];
        Self { original, changed, sums }
    }
}

impl Deref for SourceBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.original
    }
}
