//! The one text that client and server make of a request, so that both can sign it.

use std::borrow::Cow;

use super::AdditionalHeaders;
use crate::codec::percent;
use crate::model::{BucketName, ObjectKey, oss_header};
use crate::wire::{self, Headers, Method};

/// The headers that a V4 signature covers, in the order in which it does.
#[derive(Debug)]
pub(super) struct SignedHeaders<'a> {
    lines: Vec<Line<'a>>,
    /// Names that are signed only because they were asked for.
    additional: Vec<&'a str>,
}

/// Name in lower case, and value.
type Line<'a> = (Cow<'a, str>, &'a str);

impl<'a> SignedHeaders<'a> {
    /// Picks them: what is always signed, and of the additional ones those that will be sent.
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

    /// The additional names as requests give them; empty if there are none.
    pub(super) fn additional(&self) -> String {
        self.additional.join(";")
    }
}

/// Bucket and key as V4 signs them, whatever the addressing.
pub(super) fn canonical_uri(bucket: Option<&BucketName>, key: Option<&ObjectKey>) -> String {
    match (bucket, key) {
        (None, _) => "/".to_owned(),
        (Some(bucket), None) => format!("/{bucket}/"),
        (Some(bucket), Some(key)) => format!("/{bucket}/{}", percent::escape_path(key.as_str())),
    }
}

/// The query as V4 signs it.
pub(super) fn canonical_query(parameters: &[(String, String)]) -> String {
    wire::encode_query_sorted(parameters)
}

/// The text whose hash V4 signs.
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

/// The service's own headers, each on a line of its own, sorted: all that V1 signs of them.
pub(super) fn service_headers(headers: &Headers) -> String {
    let mut lines = lines(headers, is_service);
    lines.sort_unstable();
    let mut text = String::new();
    push_lines(&mut text, &lines);
    text
}

/// A header's value without the white space around it that HTTP does not preserve.
pub(super) fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

fn lines(headers: &Headers, wanted: impl Fn(&str) -> bool) -> Vec<Line<'_>> {
    let wanted = headers.iter().filter(|(name, _)| wanted(name));
    wanted.map(|(name, value)| (lower_case(name), trim(value))).collect()
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

fn is_always_signed(name: &str) -> bool {
    let plain = ["content-type", "content-md5"];
    is_service(name) || plain.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_service(name: &str) -> bool {
    let prefix = oss_header::PREFIX;
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Enough for the canonical request of a part.
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
    fn service_headers_and_two_of_http_are_signed_in_lower_case_and_trimmed() {
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
    fn a_name_cut_inside_a_character_is_no_service_header() {
        assert!(!is_service("x-oss\u{20ac}"));
        assert!(!is_service("x-os"));
        assert!(is_service("X-OSS-"));
    }
}
