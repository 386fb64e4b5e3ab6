//! Header fields in the order they were set, found without regard to case.

use crate::error::{Error, Result};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Sets a field, in place of any of that name. An empty value is not sent, so it is not set.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the header, if a name or value cannot stand in an HTTP message.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> Result<()> {
        let value = value.into();
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Error::invalid(name, "this is no name of an HTTP header"));
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

    /// Adds a field as it was received, next to any of that name.
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
    fn a_name_is_found_in_any_case_and_set_once() {
        let mut headers = Headers::default();
        headers.set("Content-Type", "a/b").unwrap();
        headers.set("content-type", "c/d").unwrap();
        assert_eq!(headers.get("CONTENT-TYPE"), Some("c/d"));
        assert_eq!(headers.iter().count(), 1);
        headers.set("Content-Type", "").unwrap();
        assert_eq!(headers.get("content-type"), None);
    }

    #[test]
    fn what_would_split_a_request_is_refused() {
        let mut headers = Headers::default();
        for (name, value) in [("", "a"), ("a b", "a"), ("a:", "a"), ("a", "b\r\nc: d"), ("a", "\0")]
        {
            assert!(headers.set(name, value).is_err(), "{name:?}: {value:?}");
        }
    }
}
