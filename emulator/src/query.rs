//! Query strings as decoded pairs, in the order sent.

use crate::escape;

/// Decoded pairs; a name without `=` has an empty value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    /// Parses a query; `None` if a name or value is not UTF-8.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let decode = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((escape::decode(name)?, escape::decode(value)?))
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        pairs.map(decode).collect::<Option<Vec<_>>>().map(Self)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Like [`Query::get`], but treats an empty value as absent.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_names_and_empty_values_are_the_same() {
        let query = Query::parse("uploads&a=b%26c&d=&e=f+g").unwrap();
        assert_eq!(query.get("uploads"), Some(""));
        assert_eq!(query.get("a"), Some("b&c"));
        assert_eq!(query.value("d"), None);
        assert_eq!(query.get("e"), Some("f g"));
        assert!(!query.has("x"));
    }
}
