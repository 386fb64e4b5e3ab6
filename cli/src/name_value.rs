//! `NAME=VALUE` arguments: metadata, tags and headers.

/// A name, which is not empty, and a value, which may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameValue {
    pub name: String,
    pub value: String,
}

impl NameValue {
    /// # Errors
    ///
    /// The expected form, when there is no `=` or no name before it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("expected NAME=VALUE".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_ends_the_name() {
        let pair = NameValue::parse("a=b=c").unwrap();
        assert_eq!((pair.name.as_str(), pair.value.as_str()), ("a", "b=c"));
        assert_eq!(NameValue::parse("a=").unwrap().value, "");
        assert!(NameValue::parse("=b").is_err() && NameValue::parse("a").is_err());
    }
}
