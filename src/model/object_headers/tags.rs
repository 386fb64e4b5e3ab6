//! The tags of an object.

use std::fmt;

use crate::codec::percent;
use crate::error::{Error, Result};
use crate::limits;

/// Tags with unique names, within the limits of OSS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tags(Vec<(String, String)>);

impl Tags {
    /// Parses the value of the header: `a=1&b=2`, percent-encoded. A tag without `=` has an empty
    /// value.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut tags = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (percent::unescape(name), percent::unescape(value))
            else {
                return refuse("a tag must be percent-encoded UTF-8");
            };
            if tags.0.iter().any(|(known, _)| *known == name) {
                return refuse("a tag name must be unique");
            }
            tags.set(&name, &value)?;
        }
        Ok(tags)
    }

    /// Sets a tag, and replaces one of that name.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if name.is_empty() || name.len() > limits::TAG_NAME_MAX {
            return refuse("a tag name has 1 to 128 bytes");
        }
        if value.len() > limits::TAG_VALUE_MAX {
            return refuse("a tag value has at most 256 bytes");
        }
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == name) {
            value.clone_into(known);
            return Ok(());
        }
        if self.0.len() >= limits::TAGS_MAX {
            return refuse("an object has at most 10 tags");
        }
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{}={}", percent::escape(name), percent::escape(value))?;
        }
        Ok(())
    }
}

fn refuse<T>(why: &str) -> Result<T> {
    Err(Error::invalid("x-oss-tagging", why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_map;

    #[test]
    fn the_header_is_parsed_and_printed() {
        assert_eq!(Tags::parse("a=1&b&c+d=%2B").unwrap().to_string(), "a=1&b=&c%20d=%2B");
        assert!(Tags::parse("").unwrap().is_empty());
    }

    #[test]
    fn tags_outside_the_limits_of_the_manual_are_refused() {
        let many: Vec<_> = (0..11).map(|n| format!("k{n}=v")).collect();
        let long_name = "k".repeat(129);
        let long_value = format!("k={}", "v".repeat(257));
        for bad in ["a=1&a=2", "=v", "a=%ff", &many.join("&"), &long_name, &long_value] {
            assert_eq!(Tags::parse(bad).unwrap_err().argument(), Some("x-oss-tagging"), "{bad}");
        }
        let mut tags = Tags::parse("a=1").unwrap();
        tags.set("a", "2").unwrap();
        assert_eq!(tags.to_string(), "a=2");
    }

    proptest::proptest! {
        #[test]
        fn parsing_the_printed_tags_gives_the_same(pairs in btree_map(".{1,20}", ".{0,20}", 0..10)) {
            let mut tags = Tags::default();
            for (name, value) in &pairs {
                tags.set(name, value).unwrap();
            }
            proptest::prop_assert_eq!(Tags::parse(&tags.to_string()).unwrap(), tags);
        }
    }
}
