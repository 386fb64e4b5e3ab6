//! The entity tag of a part or an object.

use crate::codec::md5::Digest;
use crate::error::{Error, Result};

/// An ETag, with its quotes. Opaque, except that the ETag of a part is its MD5 in hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// Parses an ETag with or without its quotes.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `etag`, if there is nothing between the quotes, or a quote or
    /// control character.
    pub fn parse(text: &str) -> Result<Self> {
        let inner = text.trim().trim_matches('"');
        if inner.is_empty() || inner.contains(|c: char| c == '"' || c.is_control()) {
            return Err(Error::invalid("etag", "an ETag is text between double quotes"));
        }
        Ok(Self(format!("\"{inner}\"")))
    }

    /// The ETag of an unencrypted object that a PutObject has created.
    pub(crate) fn of_md5(md5: Digest) -> Self {
        Self(format!("\"{}\"", md5.to_hex_upper()))
    }

    /// Returns the ETag with quotes, as in headers and XML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the ETag without quotes.
    pub fn unquoted(&self) -> &str {
        self.0.trim_matches('"')
    }

    /// Returns the MD5 that it stands for; `None` if it cannot be one.
    pub(crate) fn as_md5(&self) -> Option<Digest> {
        let hex = self.unquoted();
        let digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(hex, 16).ok().filter(|_| digits && hex.len() == 32);
        number.map(|number| Digest::from_bytes(number.to_be_bytes()))
    }

    /// Returns true if it is the MD5 `hex`, in either case.
    pub(crate) fn is_md5(&self, hex: &str) -> bool {
        self.unquoted().eq_ignore_ascii_case(hex)
    }
}

text_conversions!(ETag);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_optional_in_the_input_and_kept_in_the_output() {
        assert_eq!(ETag::parse("\"AB\"").unwrap().as_str(), "\"AB\"");
        assert_eq!(ETag::parse("AB").unwrap(), ETag::parse("\"AB\"").unwrap());
        assert!(ETag::parse("\"ab\"").unwrap().is_md5("AB"));
    }

    #[test]
    fn only_32_hex_digits_are_an_md5() {
        let digest = crate::codec::md5::md5(b"a");
        for text in [digest.to_hex_upper(), digest.to_hex_upper().to_lowercase()] {
            assert_eq!(ETag::parse(&text).unwrap().as_md5(), Some(digest));
        }
        for other in ["AB", "+CC175B9C0F1B6A831C399E269772661", "opaque", "AB-2"] {
            assert_eq!(ETag::parse(other).unwrap().as_md5(), None);
        }
    }

    #[test]
    fn an_empty_etag_is_refused() {
        for bad in ["", "\"\"", "a\"b", "a\nb"] {
            assert!(ETag::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_the_printed_etag_gives_the_same(text in "[ \"a-f0-9-]{0,12}|.*") {
            if let Ok(etag) = ETag::parse(&text) {
                proptest::prop_assert_eq!(ETag::parse(etag.as_str()).unwrap(), etag);
            }
        }
    }
}
