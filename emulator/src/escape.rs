//! Percent-encoding for signatures, and decoding of paths and queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// Escapes all but the unreserved characters.
pub(crate) fn query(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

/// Like [`query`], but keeps slashes.
pub(crate) fn path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Decodes text; a plus sign is a space in both paths and queries. `None` if it is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let spaced: Vec<u8> = text.bytes().map(|b| if b == b'+' { b' ' } else { b }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_keep_only_the_unreserved_characters() {
        assert_eq!(query("a/b +~é"), "a%2Fb%20%2B~%C3%A9");
        assert_eq!(path("a/b +~é"), "a/b%20%2B~%C3%A9");
    }

    #[test]
    fn decoding_reads_plus_as_a_space() {
        assert_eq!(decode("a+b%2Bc%20").as_deref(), Some("a b+c "));
        assert_eq!(decode("%FF"), None);
    }
}
