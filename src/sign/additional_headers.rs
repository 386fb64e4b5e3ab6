//! Names of further headers that V4 signs on request.

use crate::error::{Error, Result};

/// Header names in lower case, sorted and without duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AdditionalHeaders(Vec<String>);

impl AdditionalHeaders {
    /// Parses names in any case and order.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `additional_headers`, if one is not the name of a header.
    pub(crate) fn parse<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut lower = Vec::new();
        for name in names {
            let name = name.as_ref();
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if name.is_empty() || !name.bytes().all(allowed) {
                let text = format!("{name:?} is not the name of an HTTP header");
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
    fn names_are_lower_case_sorted_and_unique() {
        let names = AdditionalHeaders::parse(["Range", "host", "RANGE"]).unwrap();
        assert_eq!(names.iter().collect::<Vec<_>>(), ["host", "range"]);
        assert_eq!(AdditionalHeaders::parse([""; 0]).unwrap(), AdditionalHeaders::default());
    }

    #[test]
    fn names_that_would_break_the_list_are_refused() {
        for bad in ["", "a;b", "a b", "a:", "a\n", "ä", "a,b"] {
            let error = AdditionalHeaders::parse(["host", bad]).unwrap_err();
            assert_eq!(error.argument(), Some("additional_headers"), "{bad:?}");
        }
    }
}
