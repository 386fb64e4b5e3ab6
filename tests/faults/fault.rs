//! The faults that the proxy injects into an exchange, as plain values.

use std::time::Duration;

/// The OSS operation of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    Initiate,
    UploadPart,
    Complete,
    Abort,
    ListParts,
    PutObject,
    HeadObject,
    Other,
}

/// One fault, and the requests that it affects.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub op: Op,
    /// The first affected request of the operation, counted from 1.
    pub nth: usize,
    /// How many consecutive requests are affected; 0 means all that follow.
    pub times: usize,
    pub point: FaultPoint,
    pub kind: FaultKind,
}

/// The byte of an exchange at which a fault is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultPoint {
    pub section: Section,
    pub position: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    RequestHead,
    RequestBody,
    ResponseHead,
    ResponseBody,
}

/// A byte of a section of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Byte(u64),
    Middle,
    Last,
    /// After the last byte.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Closes both directions with a FIN; further bytes of the client are read and discarded.
    Cut,
    /// Closes both directions with a RST.
    Reset,
    /// Stops reading and writing in this direction.
    Stall,
    /// Overwrites a few bytes with zeros, which neither HTTP nor XML allows.
    Garbage,
    /// Sends a few bytes twice.
    Duplicate,
    /// Sends the rest after a pause.
    Delay(Duration),
    /// Sends the rest byte by byte, with this pause before each byte.
    Drip(Duration),
}

impl Position {
    /// The offset in a section of this length.
    pub fn offset(self, length: u64) -> u64 {
        match self {
            Self::Byte(byte) => byte.min(length),
            Self::Middle => length / 2,
            Self::Last => length.saturating_sub(1),
            Self::End => length,
        }
    }
}

impl Fault {
    /// A fault in the first request of the operation.
    pub fn once(op: Op, section: Section, position: Position, kind: FaultKind) -> Self {
        Self { op, nth: 1, times: 1, point: FaultPoint { section, position }, kind }
    }

    /// The same fault in every request from the first affected one on.
    pub fn always(self) -> Self {
        Self { times: 0, ..self }
    }

    /// The same fault, first in the n-th request.
    pub fn nth(self, nth: usize) -> Self {
        Self { nth, ..self }
    }

    /// True if it affects the n-th request of the operation.
    pub fn matches(&self, op: Op, nth: usize) -> bool {
        let in_time = self.times == 0 || nth < self.nth + self.times;
        self.op == op && nth >= self.nth && in_time
    }
}

impl Op {
    pub const ALL: [Self; 7] = [
        Self::Initiate,
        Self::UploadPart,
        Self::Complete,
        Self::Abort,
        Self::ListParts,
        Self::PutObject,
        Self::HeadObject,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Initiate => "InitiateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::Complete => "CompleteMultipartUpload",
            Self::Abort => "AbortMultipartUpload",
            Self::ListParts => "ListParts",
            Self::PutObject => "PutObject",
            Self::HeadObject => "HeadObject",
            Self::Other => "other",
        }
    }

    pub fn has_request_body(self) -> bool {
        matches!(self, Self::UploadPart | Self::Complete | Self::PutObject)
    }

    pub fn has_response_body(self) -> bool {
        matches!(self, Self::Initiate | Self::Complete | Self::ListParts)
    }
}
