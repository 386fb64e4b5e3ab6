//! Percent-encoding with the two character sets of OSS, and decoding.

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

/// Encodes every byte except `A-Z a-z 0-9 - . _ ~`, for query names and values.
pub fn escape(text: &str) -> String {
    utf8_percent_encode(text, ALL_RESERVED).to_string()
}

/// Encodes bytes that need not be UTF-8, like [`escape`].
pub fn escape_bytes(bytes: &[u8]) -> String {
    percent_encode(bytes, ALL_RESERVED).to_string()
}

/// Encodes like [`escape`] but keeps `/`, for object keys in a path.
pub fn escape_path(text: &str) -> String {
    utf8_percent_encode(text, ALL_RESERVED_BUT_SLASH).to_string()
}

/// Decodes `%XX`, and `+` as a space. `None` if the result is not UTF-8.
pub fn unescape(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Decodes `%XX` and nothing else. `None` for another use of `%`, or if the result is not UTF-8.
pub fn unescape_strictly(text: &str) -> Option<String> {
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let is_valid = text.split('%').skip(1).all(is_escape);
    let decoded = percent_decode_str(text).decode_utf8().ok().filter(|_| is_valid);
    decoded.map(std::borrow::Cow::into_owned)
}

/// Decodes `%XX`, the inverse of [`escape_bytes`].
pub fn unescape_bytes(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

const ALL_RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ALL_RESERVED_BUT_SLASH: &AsciiSet = &ALL_RESERVED.remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_are_not_encoded() {
        assert_eq!(escape("AZaz09-._~"), "AZaz09-._~");
    }

    #[test]
    fn only_escape_path_keeps_slashes() {
        assert_eq!(escape("a/b c+d"), "a%2Fb%20c%2Bd");
        assert_eq!(escape_path("a/b c+d"), "a/b%20c%2Bd");
    }

    #[test]
    fn strict_decoding_keeps_a_plus_and_refuses_a_bare_percent() {
        assert_eq!(unescape_strictly("a+b%20c%2B").as_deref(), Some("a+b c+"));
        for bad in ["%", "a%2", "%zz", "50% of", "%ff", "%+1"] {
            assert_eq!(unescape_strictly(bad), None, "{bad}");
        }
    }

    #[test]
    fn plus_and_percent_20_decode_to_a_space() {
        assert_eq!(unescape("a+b%20c%2B").as_deref(), Some("a b c+"));
        assert_eq!(unescape("%ff"), None);
    }

    proptest::proptest! {
        #[test]
        fn unescape_reverses_escape(text in ".*") {
            proptest::prop_assert_eq!(unescape(&escape(&text)), Some(text.clone()));
            proptest::prop_assert_eq!(unescape(&escape_path(&text)), Some(text.clone()));
            proptest::prop_assert_eq!(unescape_strictly(&escape_path(&text)), Some(text));
        }

        #[test]
        fn unescape_bytes_reverses_escape_bytes(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(unescape_bytes(&escape_bytes(&bytes)), bytes);
        }
    }
}
