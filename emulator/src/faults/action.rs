//! What a fault does. The fields combine: a delayed, cut and lying response is one action.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The deviations of one answer. All fields are optional; an empty action does nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Action {
    /// Answer with this status and an error document instead of the real response.
    pub status: Option<u16>,
    /// The `Code` of that document; by default one that fits the status.
    pub code: Option<String>,
    /// The `Message` of that document.
    pub message: Option<String>,
    /// Headers to set on the response, replacement or real.
    pub headers: BTreeMap<String, String>,
    /// Headers to take off the response.
    pub remove_headers: Vec<String>,
    /// `status` and `raw_response` come after the request has taken effect, not instead of it.
    pub after_commit: bool,
    /// Answer with exactly this.
    pub raw_response: Option<RawResponse>,
    /// Texts to replace in the real response's document.
    pub replace: BTreeMap<String, String>,
    /// Wait before the request is looked at.
    pub delay_ms: u64,
    /// Wait after the effect, before the response.
    pub delay_response_ms: u64,
    /// Close the connection instead of replying, before or after the effect.
    pub lose_response: Option<Commit>,
    /// Reset the connection instead of replying, before or after the effect.
    pub reset: Option<Commit>,
    /// A wrong `x-oss-hash-crc64ecma`.
    pub bad_crc: bool,
    /// A wrong `ETag`, in header and document.
    pub bad_etag: bool,
    /// Close the connection after so many bytes of the request's body.
    pub cut_request_at: Option<u64>,
    /// Reset the connection after so many bytes of the request's body.
    pub reset_request_at: Option<u64>,
    /// Close the connection after so many bytes of the response, its head included.
    pub cut_response_at: Option<u64>,
    /// Stop reading or writing in the middle.
    pub stall: Option<Stall>,
    /// For this request the server's clock is off by so many seconds.
    pub clock_skew_s: i64,
    /// Send the response a byte at a time.
    pub drip: Option<Drip>,
}

/// Before or after the request has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Commit {
    /// Nothing has happened.
    Before,
    /// It has happened.
    After,
}

/// A whole response, sent as it is apart from `Content-Length` and the request ID.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawResponse {
    /// HTTP status, 200 by default.
    pub status: Option<u16>,
    /// All headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// A pause in the middle of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Which direction stops.
    pub at: Direction,
    /// After so many bytes of the request's body, or of the response with its head.
    #[serde(default)]
    pub byte: u64,
    /// How long; for good if absent (then the connection is closed after ten minutes).
    #[serde(default)]
    pub ms: Option<u64>,
}

/// A direction of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The server no longer reads.
    Request,
    /// The server no longer writes.
    Response,
}

/// A slow response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// The pause before each byte.
    pub delay_ms: u64,
    /// Bytes sent at once, 1 by default.
    #[serde(default = "one")]
    pub bytes: usize,
}

fn one() -> usize {
    1
}

impl Action {
    /// An answer with an error document.
    pub fn status(status: u16, code: impl Into<String>) -> Self {
        Self { status: Some(status), code: Some(code.into()), ..Self::default() }
    }

    /// An answer made up by the test.
    pub fn raw(status: u16, body: impl Into<String>) -> Self {
        let raw = RawResponse { status: Some(status), headers: BTreeMap::new(), body: body.into() };
        Self { raw_response: Some(raw), ..Self::default() }
    }

    /// No answer: the connection is closed before or after the effect.
    pub fn lose_response(when: Commit) -> Self {
        Self { lose_response: Some(when), ..Self::default() }
    }

    /// The request takes effect at once, its response comes late.
    pub fn delay_response(ms: u64) -> Self {
        Self { delay_response_ms: ms, ..Self::default() }
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// `status` and `raw_response` only after the request has taken effect.
    #[must_use]
    pub fn after_commit(mut self) -> Self {
        self.after_commit = true;
        self
    }

    /// The response replaces the effect altogether, and no body is waited for.
    pub(crate) fn replaces_effect(&self) -> bool {
        (self.status.is_some() || self.raw_response.is_some()) && !self.after_commit
    }

    /// The connection ends before the effect, once the body has been read.
    pub(crate) fn disconnect_before_commit(&self) -> Option<Disconnect> {
        match (self.lose_response, self.reset) {
            (_, Some(Commit::Before)) => Some(Disconnect::Reset),
            (Some(Commit::Before), _) => Some(Disconnect::Close),
            _ => None,
        }
    }

    /// The connection ends after the effect.
    pub(crate) fn disconnect_after_commit(&self) -> Option<Disconnect> {
        match (self.lose_response, self.reset) {
            (_, Some(Commit::After)) => Some(Disconnect::Reset),
            (Some(Commit::After), _) => Some(Disconnect::Close),
            _ => None,
        }
    }
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disconnect {
    Close,
    Reset,
}

/// The usual code of a status.
pub(crate) fn usual_code(status: u16) -> &'static str {
    match status {
        203 => "CallbackFailed",
        400 => "InvalidArgument",
        403 => "AccessDenied",
        404 => "NoSuchKey",
        408 => "RequestTimeout",
        409 => "FileAlreadyExists",
        412 => "PreconditionFailed",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    }
}
