//! Formats requests and responses for the log. No other code logs them.
//!
//! Only the values of listed headers and parameters are shown; all others are redacted, so that new
//! secrets are redacted by default.

use std::fmt::Write;

use crate::model::Target;
use crate::wire::{Headers, Method, Response};

pub(super) fn request(
    method: Method,
    target: &Target,
    query: &[(String, String)],
    headers: &Headers,
    length: u64,
) -> String {
    let mut line = format!("> {} {target}", method.as_str());
    for (index, (name, value)) in query.iter().enumerate() {
        line.push(if index == 0 { '?' } else { '&' });
        line.push_str(&printable(name));
        if !value.is_empty() {
            line.push('=');
            line.push_str(&shown_value(name, value, SHOWN_QUERY));
        }
    }
    let _ = write!(line, " [{length} bytes]");
    push_headers(&mut line, headers);
    line
}

pub(super) fn response(response: &Response) -> String {
    let mut line = format!("< {} [{} bytes]", response.status, response.body.len());
    push_headers(&mut line, &response.headers);
    line
}

fn push_headers(line: &mut String, headers: &Headers) {
    for (name, value) in headers.iter() {
        let _ = write!(line, " {}: {};", printable(name), shown_value(name, value, SHOWN_HEADERS));
    }
}

fn shown_value(name: &str, value: &str, list: &[&str]) -> String {
    if list.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        printable(value)
    } else {
        "***".to_owned()
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

const SHOWN_QUERY: &[&str] = &[
    "delimiter",
    "encoding-type",
    "key-marker",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "partNumber",
    "prefix",
    "sequential",
    "upload-id-marker",
    "uploadId",
    "uploads",
    "versionId",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-signature-version",
];

const SHOWN_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "content-md5",
    "content-range",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "location",
    "retry-after",
    "server",
    "transfer-encoding",
    "x-oss-complete-all",
    "x-oss-content-sha256",
    "x-oss-copy-source",
    "x-oss-copy-source-range",
    "x-oss-date",
    "x-oss-ec",
    "x-oss-forbid-overwrite",
    "x-oss-hash-crc64ecma",
    "x-oss-object-acl",
    "x-oss-object-type",
    "x-oss-qos-delay-time",
    "x-oss-request-id",
    "x-oss-request-payer",
    "x-oss-server-time",
    "x-oss-storage-class",
    "x-oss-traffic-limit",
    "x-oss-version-id",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_not_listed_are_redacted() {
        let target = Target { https: true, host: "h".to_owned(), path: "/k".to_owned() };
        let query =
            [("uploadId", "ABC"), ("x-oss-signature", "53cret"), ("security-token", "53cret")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut headers = Headers::default();
        headers.set("Authorization", "OSS4 53cret").unwrap();
        headers.set("x-oss-security-token", "53cret").unwrap();
        headers.set("x-oss-callback-var", "53cret").unwrap();
        headers.set("Content-Type", "a/b").unwrap();
        let line = request(Method::Put, &target, &query, &headers, 7);
        assert!(!line.contains("53cret"), "{line}");
        assert!(line.starts_with("> PUT https://h/k?uploadId=ABC&x-oss-signature=***"), "{line}");
        assert!(line.contains("[7 bytes]") && line.contains("Content-Type: a/b"), "{line}");
    }
}
