//! Output for a presigned request.

use std::collections::BTreeMap;

use ossmpu::{PresignedUrl, rfc3339};
use serde::Serialize;

use crate::console::Output;

/// A presigned URL, with the method and headers of its request.
#[derive(Debug, Serialize)]
pub struct PresignedRequest<'a> {
    method: &'a str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    expires: String,
}

impl<'a> PresignedRequest<'a> {
    pub fn new(presigned: &'a PresignedUrl) -> Self {
        let headers = presigned.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        Self {
            method: presigned.method,
            url: &presigned.url,
            headers: headers.collect(),
            expires: rfc3339(presigned.expires),
        }
    }

    /// Describes how to use the URL.
    pub fn usage(&self) -> String {
        let mut text = format!("for {} until {}", self.method, self.expires);
        for (name, value) in &self.headers {
            text += &format!(", with the header {name}: {value}");
        }
        text
    }
}

impl Output for PresignedRequest<'_> {
    fn to_fields(&self) -> Vec<String> {
        vec![self.url.to_owned()]
    }
}
