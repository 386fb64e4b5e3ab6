//! The region of a bucket.

use crate::error::{Error, Result};

/// A region ID such as `cn-hangzhou`, without the prefix `oss-` that host names have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Region(String);

impl Region {
    /// Parses a region ID: `a-z`, `0-9` and hyphens.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `region`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |rule: String| Err(Error::invalid("region", rule));
        if text.is_empty() || !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return refuse("a region ID has only a-z, 0-9 and hyphens".to_owned());
        }
        if let Some(id) = text.strip_prefix("oss-") {
            return refuse(format!("a region ID has no prefix oss-: use {id}"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the ID.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(Region);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_id_has_no_prefix_and_no_dots() {
        assert!(Region::parse("cn-hangzhou").is_ok());
        for bad in ["", "oss-cn-hangzhou", "CN", "cn.hangzhou"] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }
}
