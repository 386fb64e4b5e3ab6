//! What a fault does. The fields can be combined, for example a delay with a wrong checksum.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Effects of a fault on one request. All fields are optional; an empty action does nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Action {
    /// Respond with this status and an error document instead of the real response.
    pub status: Option<u16>,
    /// `Code` of that document; defaults to the usual code for the status.
    pub code: Option<String>,
    /// `Message` of that document.
    pub message: Option<String>,
    /// Headers to set on the response, injected or real.
    pub headers: BTreeMap<String, String>,
    /// Headers to remove from the response.
    pub remove_headers: Vec<String>,
    /// Execute the request before responding with `status` or `raw_response`.
    pub after_commit: bool,
    /// Respond with exactly this.
    pub raw_response: Option<RawResponse>,
    /// Text replacements in the document of the response.
    pub replace: BTreeMap<String, String>,
    /// Milliseconds to wait before processing the request.
    pub delay_ms: u64,
    /// Milliseconds to wait between executing the request and sending the response.
    pub delay_response_ms: u64,
    /// Close the connection instead of responding, before or after the request takes effect.
    pub lose_response: Option<Commit>,
    /// Reset the connection instead of responding, before or after the request takes effect.
    pub reset: Option<Commit>,
    /// Send a wrong `x-oss-hash-crc64ecma`.
    pub bad_crc: bool,
    /// Send a wrong `ETag`, in header and document.
    pub bad_etag: bool,
    /// Close the connection after this many bytes of the request body.
    pub cut_request_at: Option<u64>,
    /// Reset the connection after this many bytes of the request body.
    pub reset_request_at: Option<u64>,
    /// Close the connection after this many bytes of the response, including its head.
    pub cut_response_at: Option<u64>,
    /// Stop reading or writing partway through.
    pub stall: Option<Stall>,
    /// Seconds to add to the server clock for this request.
    pub clock_skew_s: i64,
    /// Send the response in small chunks with delays.
    pub drip: Option<Drip>,
}

/// Whether the request takes effect before a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Commit {
    /// The request does not take effect.
    Before,
    /// The request takes effect.
    After,
}

/// A complete response. Common headers such as the request ID are still added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawResponse {
    /// HTTP status; defaults to 200.
    pub status: Option<u16>,
    /// Response headers.
    pub headers: BTreeMap<String, String>,
    /// Response body.
    pub body: String,
}

/// A pause partway through a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Which direction stalls.
    pub at: Direction,
    /// Offset in the request body, or in the response including its head.
    #[serde(default)]
    pub byte: u64,
    /// Duration; if absent, the connection is closed after ten minutes.
    #[serde(default)]
    pub ms: Option<u64>,
}

/// Direction of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The server stops reading the request.
    Request,
    /// The server stops writing the response.
    Response,
}

/// A response sent slowly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// Delay before each chunk, in milliseconds.
    pub delay_ms: u64,
    /// Bytes per chunk; defaults to 1.
    #[serde(default = "one")]
    pub bytes: usize,
}

fn one() -> usize {
    1
}

impl Action {
    /// Responds with an error document.
    pub fn status(status: u16, code: impl Into<String>) -> Self {
        Self { status: Some(status), code: Some(code.into()), ..Self::default() }
    }

    /// Responds with this status and body.
    pub fn raw(status: u16, body: impl Into<String>) -> Self {
        let raw = RawResponse { status: Some(status), headers: BTreeMap::new(), body: body.into() };
        Self { raw_response: Some(raw), ..Self::default() }
    }

    /// Closes the connection without a response, before or after the request takes effect.
    pub fn lose_response(when: Commit) -> Self {
        Self { lose_response: Some(when), ..Self::default() }
    }

    /// Executes the request immediately and delays the response.
    pub fn delay_response(ms: u64) -> Self {
        Self { delay_response_ms: ms, ..Self::default() }
    }

    /// Sets a header on the response.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Executes the request before responding with `status` or `raw_response`.
    #[must_use]
    pub fn after_commit(mut self) -> Self {
        self.after_commit = true;
        self
    }

    /// Returns whether the response is sent without reading the body or executing the request.
    pub(crate) fn replaces_effect(&self) -> bool {
        (self.status.is_some() || self.raw_response.is_some()) && !self.after_commit
    }

    /// Returns how to disconnect after reading the body, without executing the request.
    pub(crate) fn disconnect_before_commit(&self) -> Option<Disconnect> {
        match (self.lose_response, self.reset) {
            (_, Some(Commit::Before)) => Some(Disconnect::Reset),
            (Some(Commit::Before), _) => Some(Disconnect::Close),
            _ => None,
        }
    }

    /// Returns how to disconnect after executing the request.
    pub(crate) fn disconnect_after_commit(&self) -> Option<Disconnect> {
        match (self.lose_response, self.reset) {
            (_, Some(Commit::After)) => Some(Disconnect::Reset),
            (Some(Commit::After), _) => Some(Disconnect::Close),
            _ => None,
        }
    }
}

/// How a connection is terminated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disconnect {
    Close,
    Reset,
}

/// Returns the usual error code for a status.
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
