//! What is said of a URL that was signed.

use std::collections::BTreeMap;

use ossmpu::{PresignedUrl, rfc3339};
use serde::Serialize;

use crate::console::Line;

/// A presigned URL and what it is for.
#[derive(Debug, Serialize)]
pub struct PresignLine<'a> {
    method: &'a str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    expires: String,
}

impl<'a> PresignLine<'a> {
    pub fn new(presigned: &'a PresignedUrl) -> Self {
        let headers = presigned.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        Self {
            method: presigned.method,
            url: &presigned.url,
            headers: headers.collect(),
            expires: rfc3339(presigned.expires),
        }
    }

    /// How the URL is to be used.
    pub fn how(&self) -> String {
        let mut text = format!("for {} until {}", self.method, self.expires);
        for (name, value) in &self.headers {
            text += &format!(", with the header {name}: {value}");
        }
        text
    }
}

impl Line for PresignLine<'_> {
    fn text(&self) -> String {
        self.url.to_owned()
    }
}
