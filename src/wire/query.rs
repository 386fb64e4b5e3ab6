//! Encodes the query string of a request.

use crate::codec::percent;

/// Escapes names and values and joins them in order. A name with an empty value gets no `=`.
pub(crate) fn encode(query: &[(String, String)]) -> String {
    join(&escape(query))
}

/// Like [`encode`], but sorted by the escaped name, as signatures need it.
pub(crate) fn encode_sorted(query: &[(String, String)]) -> String {
    let mut escaped = escape(query);
    escaped.sort_unstable();
    join(&escaped)
}

fn escape(query: &[(String, String)]) -> Vec<(String, String)> {
    query.iter().map(|(name, value)| (percent::escape(name), percent::escape(value))).collect()
}

fn join(escaped: &[(String, String)]) -> String {
    let length = escaped.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut text = String::with_capacity(length);
    for (name, value) in escaped {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect()
    }

    #[test]
    fn a_name_without_a_value_has_no_equals_sign() {
        assert_eq!(
            encode(&query(&[("uploads", ""), ("prefix", "a/b c")])),
            "uploads&prefix=a%2Fb%20c"
        );
        assert_eq!(encode(&[]), "");
    }

    #[test]
    fn the_sorted_form_is_sorted_by_escaped_names() {
        let unsorted = query(&[("param1", "1"), ("|p", ""), ("+p", "2"), ("+p", "1")]);
        assert_eq!(encode_sorted(&unsorted), "%2Bp=1&%2Bp=2&%7Cp&param1=1");
    }
}
