//! The entity tag of a part or an object.

use std::fmt;

use crate::error::{Error, Result};

/// An ETag as OSS sent it, quotes included. Opaque, but for a part it is the MD5 in hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// Takes an ETag with or without its quotes.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `etag`, if there is nothing or something that no header
    /// can carry between the quotes.
    pub fn parse(text: &str) -> Result<Self> {
        let inner = text.trim().trim_matches('"');
        if inner.is_empty() || inner.contains(|c: char| c == '"' || c.is_control()) {
            return Err(Error::invalid("etag", "an ETag is text between double quotes"));
        }
        Ok(Self(format!("\"{inner}\"")))
    }

    /// With quotes, as it stands in headers and XML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without quotes.
    pub fn unquoted(&self) -> &str {
        self.0.trim_matches('"')
    }

    /// True if it is that MD5 in hex, in either case.
    pub(crate) fn is_md5(&self, hex: &str) -> bool {
        self.unquoted().eq_ignore_ascii_case(hex)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_optional_on_the_way_in_and_there_on_the_way_out() {
        assert_eq!(ETag::parse("\"AB\"").unwrap().as_str(), "\"AB\"");
        assert_eq!(ETag::parse("AB").unwrap(), ETag::parse("\"AB\"").unwrap());
        assert!(ETag::parse("\"ab\"").unwrap().is_md5("AB"));
    }

    #[test]
    fn nothing_is_no_etag() {
        for bad in ["", "\"\"", "a\"b", "a\nb"] {
            assert!(ETag::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_is_parsed_to_the_same(text in "[ \"a-f0-9-]{0,12}|.*") {
            if let Ok(etag) = ETag::parse(&text) {
                proptest::prop_assert_eq!(ETag::parse(etag.as_str()).unwrap(), etag);
            }
        }
    }
}
