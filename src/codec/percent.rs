//! The two escape sets that OSS distinguishes, and their inverse.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Escapes every byte outside `A-Z a-z 0-9 - . _ ~`: query names and values.
pub fn escape(text: &str) -> String {
    utf8_percent_encode(text, EVERYTHING).to_string()
}

/// Escapes like [`escape`] but keeps `/`: object keys in a path.
pub fn escape_path(text: &str) -> String {
    utf8_percent_encode(text, ALL_BUT_SLASH).to_string()
}

/// Undoes either escape as a query component: `%XX`, and `+` is a space. `None` if it is not UTF-8.
pub fn unescape(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

const EVERYTHING: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ALL_BUT_SLASH: &AsciiSet = &EVERYTHING.remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unreserved_set_stays_as_it_is() {
        assert_eq!(escape("AZaz09-._~"), "AZaz09-._~");
    }

    #[test]
    fn only_the_path_form_keeps_slashes() {
        assert_eq!(escape("a/b c+d"), "a%2Fb%20c%2Bd");
        assert_eq!(escape_path("a/b c+d"), "a/b%20c%2Bd");
    }

    #[test]
    fn plus_and_percent_twenty_both_mean_a_space() {
        assert_eq!(unescape("a+b%20c%2B").as_deref(), Some("a b c+"));
        assert_eq!(unescape("%ff"), None);
    }

    proptest::proptest! {
        #[test]
        fn unescape_undoes_escape(text in ".*") {
            proptest::prop_assert_eq!(unescape(&escape(&text)), Some(text.clone()));
            proptest::prop_assert_eq!(unescape(&escape_path(&text)), Some(text));
        }
    }
}
