//! Values of stored headers, which need not be UTF-8.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A header value: text in the records of the store, or a list of bytes if it is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum HeaderText {
    Text(String),
    Bytes(Vec<u8>),
}

impl HeaderText {
    /// Returns the text; invalid UTF-8 is replaced.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for HeaderText {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(bytes.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_a_record() {
        for bytes in [&b"plain"[..], "\u{43a}".as_bytes(), b"\xff\xfe", b""] {
            let record = serde_json::to_string(&HeaderText::from(bytes)).unwrap();
            let read: HeaderText = serde_json::from_str(&record).unwrap();
            assert_eq!(read.as_bytes(), bytes);
        }
    }
}
