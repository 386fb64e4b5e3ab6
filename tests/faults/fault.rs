//! What the proxy does to which bytes of an exchange: plain values.

use std::time::Duration;

/// The operation that a request asks for, as the manual names it.
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

/// One fault, and the requests that it strikes.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub op: Op,
    /// The first request of the operation that is struck, from 1.
    pub nth: usize,
    /// How many in a row are struck; 0 is without end.
    pub times: usize,
    pub place: Place,
    pub harm: Harm,
}

/// A byte of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub section: Section,
    pub at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    RequestHead,
    RequestBody,
    ReplyHead,
    ReplyBody,
}

/// A byte of a section, whatever its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Byte(u64),
    Middle,
    Last,
    /// Behind the last byte.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// Both directions end with a FIN; what the client still sends is taken and goes nowhere.
    Cut,
    /// Both directions end with a RST.
    Reset,
    /// Nothing more is read or written in this direction.
    Stall,
    /// Some bytes are overwritten by zeros, which neither HTTP nor XML allows.
    Garbage,
    /// Some bytes come twice.
    Duplicate,
    /// The rest comes after a pause.
    Delay(Duration),
    /// The rest comes byte by byte, with such a pause before each.
    Drip(Duration),
}

impl At {
    /// The offset in a section of that length.
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
    /// The first request of the operation fares so.
    pub fn once(op: Op, section: Section, at: At, harm: Harm) -> Self {
        Self { op, nth: 1, times: 1, place: Place { section, at }, harm }
    }

    /// Every request of the operation fares so.
    pub fn always(self) -> Self {
        Self { times: 0, ..self }
    }

    /// Not the first but the n-th request fares so.
    pub fn nth(self, nth: usize) -> Self {
        Self { nth, ..self }
    }

    /// True if it strikes the n-th request of its operation.
    pub fn strikes(&self, op: Op, nth: usize) -> bool {
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

    pub fn has_reply_body(self) -> bool {
        matches!(self, Self::Initiate | Self::Complete | Self::ListParts)
    }
}
