//! Headers that V4 signs although it need not.

use crate::error::{Error, Result};

/// Names of headers that the caller wants signed as well: in lower case, sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AdditionalHeaders(Vec<String>);

impl AdditionalHeaders {
    /// Takes names in any case and order.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `additional_headers`, if one is no name of a header.
    pub(crate) fn parse<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut lower = Vec::new();
        for name in names {
            let name = name.as_ref();
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if name.is_empty() || !name.bytes().all(allowed) {
                let text = format!("{name:?} is no name of an HTTP header");
                return Err(Error::invalid("additional_headers", text));
            }
            lower.push(name.to_ascii_lowercase());
        }
        lower.sort_unstable();
        lower.dedup();
        Ok(Self(lower))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_in_lower_case_and_once() {
        let names = AdditionalHeaders::parse(["Range", "host", "RANGE"]).unwrap();
        assert_eq!(names.iter().collect::<Vec<_>>(), ["host", "range"]);
        assert_eq!(AdditionalHeaders::parse([""; 0]).unwrap(), AdditionalHeaders::default());
    }

    #[test]
    fn what_would_break_the_list_is_refused() {
        for bad in ["", "a;b", "a b", "a:", "a\n", "ä", "a,b"] {
            let error = AdditionalHeaders::parse(["host", bad]).unwrap_err();
            assert_eq!(error.argument(), Some("additional_headers"), "{bad:?}");
        }
    }
}
