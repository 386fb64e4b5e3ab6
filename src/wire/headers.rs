//! Header fields in the order in which they were set; names are case-insensitive.

use crate::error::{Error, Result};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Sets a field and replaces an earlier one of that name. An empty value removes the field.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the header, if HTTP does not allow the name or value.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> Result<()> {
        let value = value.into();
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Error::invalid(name, "this is not the name of an HTTP header"));
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(Error::invalid(name, "the value has a control character"));
        }
        self.remove(name);
        if !value.is_empty() {
            self.0.push((name.to_owned(), value));
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Adds a received field without checks; earlier ones of that name stay.
    pub(crate) fn append_received(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_insensitive_and_unique() {
        let mut headers = Headers::default();
        headers.set("Content-Type", "a/b").unwrap();
        headers.set("content-type", "c/d").unwrap();
        assert_eq!(headers.get("CONTENT-TYPE"), Some("c/d"));
        assert_eq!(headers.iter().count(), 1);
        headers.set("Content-Type", "").unwrap();
        assert_eq!(headers.get("content-type"), None);
    }

    #[test]
    fn names_and_values_that_would_split_a_request_are_refused() {
        let mut headers = Headers::default();
        for (name, value) in [("", "a"), ("a b", "a"), ("a:", "a"), ("a", "b\r\nc: d"), ("a", "\0")]
        {
            assert!(headers.set(name, value).is_err(), "{name:?}: {value:?}");
        }
    }
}
