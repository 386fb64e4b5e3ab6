//! `NAME=VALUE`, for metadata, tags and headers.

/// A name and its value, which may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameValue {
    pub name: String,
    pub value: String,
}

impl NameValue {
    /// # Errors
    ///
    /// That there is no `=`, or no name before it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("this is written NAME=VALUE".to_owned()),
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
