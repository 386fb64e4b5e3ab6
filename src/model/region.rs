//! The region of a bucket.

use std::fmt;

use crate::error::{Error, Result};

/// A region ID such as `cn-hangzhou`, without the `oss-` of a host name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Checks that the text is a region ID.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `region`.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |rule: String| Err(Error::invalid("region", rule));
        if text.is_empty() || !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return refuse("a region ID has only a-z, 0-9 and hyphens".to_owned());
        }
        if let Some(id) = text.strip_prefix("oss-") {
            return refuse(format!("a region ID has no prefix oss-: use {id}"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_not_a_region() {
        assert!(Region::parse("cn-hangzhou").is_ok());
        for bad in ["", "oss-cn-hangzhou", "CN", "cn.hangzhou"] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }
}
