//! The requests of the contract test.

use std::sync::Arc;

use super::scripted_server::{Action, Gate};
use super::scripts::ScriptedRequest;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{KIB, MIB};
use crate::transport::tests::Pattern;
use crate::wire::{Body, Content, Method};

impl ScriptedRequest {
    /// The method and the query.
    pub(super) fn line(self) -> (Method, &'static str) {
        match self {
            Self::Put | Self::PutMemory | Self::PutLarge | Self::PutBroken => (Method::Put, ""),
            Self::Initiate => (Method::Post, "uploads"),
            Self::Complete => (Method::Post, "uploadId=U1"),
            Self::ListParts => (Method::Get, "uploadId=U1"),
            Self::Abort => (Method::Delete, "uploadId=U1"),
            Self::Head => (Method::Head, ""),
        }
    }

    pub(super) fn body(self, action: Action, in_request: &Arc<Gate>) -> Body {
        match self {
            Self::Put => Pattern::body(5000),
            Self::PutMemory => Body::Content(Arc::new(BytesInMemory(vec![7; 300_000]))),
            Self::PutLarge => {
                // More than the sockets hold, if the server stops reading.
                let length = if action == Action::StopReading { 64 * MIB } else { 4 * MIB };
                Body::Content(Arc::new(Gated { length, gate: Arc::clone(in_request) }))
            }
            Self::PutBroken => Body::Content(Arc::new(Broken)),
            Self::Complete => Body::Text("<CompleteMultipartUpload/>".into()),
            Self::Initiate | Self::ListParts | Self::Abort | Self::Head => Body::Empty,
        }
    }
}

#[derive(Debug)]
struct BytesInMemory(Vec<u8>);

impl Content for BytesInMemory {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(crate::wire::copy_at(&self.0, offset, buffer))
    }

    fn bytes(&self, offset: u64, max: usize) -> Option<&[u8]> {
        Some(crate::wire::bytes_at(&self.0, offset, max))
    }
}

/// A body whose second step is read when the server has done what it does in the middle of it.
#[derive(Debug)]
struct Gated {
    length: u64,
    gate: Arc<Gate>,
}

impl Content for Gated {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        if offset > 0 {
            self.gate.wait();
        }
        buffer.fill(1);
        Ok(buffer.len())
    }
}

/// A source that fails after its first bytes.
#[derive(Debug)]
struct Broken;

impl Content for Broken {
    fn length(&self) -> u64 {
        64 * KIB
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        match offset {
            0 => Ok(buffer.len().min(1000)),
            _ => Err(Error::new(ErrorKind::File, "the disk is broken")),
        }
    }
}
