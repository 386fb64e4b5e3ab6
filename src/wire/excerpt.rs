//! Excerpts of response bodies for error messages.

use crate::limits;

/// Returns the start of a body as one line of text.
pub(super) fn excerpt(body: &[u8]) -> String {
    let start = body.get(..limits::RESPONSE_EXCERPT_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(start);
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
