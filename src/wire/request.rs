//! A request that does not have a host yet: method, bucket, key, query, headers and body.

use super::{Body, Headers};
use crate::error::Result;
use crate::model::{BucketName, ObjectKey};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Put,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// Query names and values are not escaped. A parameter with an empty value is sent without `=`.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) bucket: Option<BucketName>,
    pub(crate) key: Option<ObjectKey>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
}

impl Request {
    pub(crate) fn new(method: Method, bucket: &BucketName, key: Option<&ObjectKey>) -> Self {
        Self {
            method,
            bucket: Some(bucket.clone()),
            key: key.cloned(),
            query: Vec::new(),
            headers: Headers::default(),
            body: Body::Empty,
        }
    }

    pub(crate) fn with_query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Result<Self> {
        self.headers.set(name, value)?;
        Ok(self)
    }

    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}
