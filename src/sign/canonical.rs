//! The canonical form of a request, which client and server both compute.

use std::borrow::Cow;

use super::AdditionalHeaders;
use crate::codec::percent;
use crate::model::{BucketName, ObjectKey, oss_header};
use crate::wire::{self, Headers, Method};

/// The headers that a V4 signature covers, sorted by name.
#[derive(Debug)]
pub(super) struct SignedHeaders<'a> {
    lines: Vec<Line<'a>>,
    /// Names that are signed only because the caller named them.
    additional: Vec<&'a str>,
}

/// A name in lower case, and the value.
type Line<'a> = (Cow<'a, str>, &'a str);

impl<'a> SignedHeaders<'a> {
    /// Selects the headers that are always signed, and the additional ones that will be sent.
    pub(super) fn of(
        headers: &'a Headers,
        implied: &[(&'a str, &'a str)],
        additional: &'a AdditionalHeaders,
    ) -> Self {
        let mut lines = lines(headers, is_always_signed);
        let mut names = Vec::new();
        for name in additional.iter().filter(|name| !is_always_signed(name)) {
            let implied = || implied.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let value = headers.get(name).or_else(|| implied().map(|(_, value)| *value));
            let value = value.map(trim).unwrap_or_default();
            if !value.is_empty() {
                names.push(name);
                lines.push((Cow::Borrowed(name), value));
            }
        }
        lines.sort_unstable();
        Self { lines, additional: names }
    }

    /// Returns the additional names in the form that requests use; empty if there are none.
    pub(super) fn additional(&self) -> String {
        self.additional.join(";")
    }
}

/// Returns bucket and key as V4 signs them; the addressing style makes no difference.
pub(super) fn canonical_uri(bucket: Option<&BucketName>, key: Option<&ObjectKey>) -> String {
    match (bucket, key) {
        (None, _) => "/".to_owned(),
        (Some(bucket), None) => format!("/{bucket}/"),
        (Some(bucket), Some(key)) => format!("/{bucket}/{}", percent::escape_path(key.as_str())),
    }
}

/// Returns the query as V4 signs it.
pub(super) fn canonical_query(parameters: &[(String, String)]) -> String {
    wire::encode_query_sorted(parameters)
}

/// Returns the canonical request, whose hash V4 signs.
pub(super) fn canonical_request(
    method: Method,
    canonical_uri: &str,
    canonical_query: &str,
    headers: &SignedHeaders<'_>,
    payload: &str,
) -> String {
    let mut text = String::with_capacity(TYPICAL_LENGTH);
    for item in [method.as_str(), canonical_uri, canonical_query] {
        text.push_str(item);
        text.push('\n');
    }
    push_lines(&mut text, &headers.lines);
    text.push('\n');
    text.push_str(&headers.additional());
    text.push('\n');
    text.push_str(payload);
    text
}

/// Returns the `x-oss-` headers, one per line and sorted, as V1 signs them.
pub(super) fn oss_headers(headers: &Headers) -> String {
    let mut lines = lines(headers, is_oss_header);
    lines.sort_unstable();
    let mut text = String::new();
    push_lines(&mut text, &lines);
    text
}

/// Trims the white space around a header value, which HTTP does not preserve.
pub(super) fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

fn lines(headers: &Headers, included: impl Fn(&str) -> bool) -> Vec<Line<'_>> {
    let selected = headers.iter().filter(|(name, _)| included(name));
    selected.map(|(name, value)| (lower_case(name), trim(value))).collect()
}

fn push_lines(text: &mut String, lines: &[Line<'_>]) {
    for (name, value) in lines {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

/// Returns true for the headers that V4 signs without being told to, and V1 too.
pub(super) fn is_always_signed(name: &str) -> bool {
    let plain = ["content-type", "content-md5"];
    is_oss_header(name) || plain.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_oss_header(name: &str) -> bool {
    let prefix = oss_header::PREFIX;
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Enough for the canonical request of UploadPart.
const TYPICAL_LENGTH: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::default();
        for (name, value) in pairs {
            headers.set(name, *value).unwrap();
        }
        headers
    }

    fn text(headers: &SignedHeaders<'_>) -> String {
        canonical_request(Method::Get, "/", "", headers, "-")
    }

    #[test]
    fn oss_headers_content_type_and_content_md5_are_always_signed() {
        let headers = headers(&[
            ("X-Oss-Meta-B", " 2\t"),
            ("x-oss-meta-a", "1"),
            ("Content-Type", "a/b"),
            ("content-MD5", "c"),
            ("Cache-Control", "no-cache"),
            ("x-osso", "no"),
        ]);
        let none = AdditionalHeaders::default();
        let signed = SignedHeaders::of(&headers, &[("host", "h")], &none);
        assert_eq!(
            text(&signed),
            "GET\n/\n\ncontent-md5:c\ncontent-type:a/b\nx-oss-meta-a:1\nx-oss-meta-b:2\n\n\n-"
        );
    }

    #[test]
    fn additional_headers_are_dropped_unless_they_will_be_sent_and_need_signing() {
        let headers = headers(&[("Range", "bytes=0-1"), ("x-oss-a", "1"), ("blank", " ")]);
        let names = ["Host", "range", "X-Oss-A", "blank", "absent", "content-type", "x-oss-b"];
        let names = AdditionalHeaders::parse(names).unwrap();
        let implied = [("HOST", "h"), ("range", "not this one")];
        let signed = SignedHeaders::of(&headers, &implied, &names);
        assert_eq!(text(&signed), "GET\n/\n\nhost:h\nrange:bytes=0-1\nx-oss-a:1\n\nhost;range\n-");
    }

    #[test]
    fn a_prefix_that_ends_inside_a_character_is_not_an_oss_header() {
        assert!(!is_oss_header("x-oss\u{20ac}"));
        assert!(!is_oss_header("x-os"));
        assert!(is_oss_header("X-OSS-"));
    }
}
