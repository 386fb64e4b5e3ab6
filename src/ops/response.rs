//! What the answers of all operations have in common.

use std::str::FromStr;
use std::time::SystemTime;

use crate::codec::{date, percent};
use crate::error::{Error, Result};
use crate::model::{ETag, PartNumber};
use crate::wire::{Element, Headers, Response, ServiceError};

/// All headers of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseHeaders(Headers);

impl ResponseHeaders {
    /// The value of a header, by its name in either case.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    /// All headers, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter()
    }
}

/// An answer with what is needed to read it and to say what is wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Reply<'a> {
    response: &'a Response,
}

impl<'a> Reply<'a> {
    pub(super) fn new(response: &'a Response) -> Self {
        Self { response }
    }

    pub(super) fn headers(self) -> ResponseHeaders {
        ResponseHeaders(self.response.headers.clone())
    }

    /// The value of a header; nothing if there is none.
    pub(super) fn header(self, name: &str) -> &'a str {
        self.response.headers.get(name).unwrap_or_default()
    }

    pub(super) fn etag_header(self) -> Result<ETag> {
        self.etag(self.header("etag"))
    }

    pub(super) fn etag(self, text: &str) -> Result<ETag> {
        ETag::parse(text).map_err(|_| self.refuse("ETag", text))
    }

    /// Reads a document whose root has that name. An error document is an error of the service,
    /// even with status 200.
    pub(super) fn document(self, root: &str) -> Result<Document<'a>> {
        let element = Element::parse(&self.response.body)
            .map_err(|error| self.response.protocol_error(error.to_string()))?;
        if element.name() == "Error" {
            return Err(ServiceError::read(self.response).into_error());
        }
        if element.name() != root {
            let text = format!("the reply is a {} instead of a {root}", element.name());
            return Err(self.response.protocol_error(text));
        }
        let encoded = element.text_of("EncodingType").trim().eq_ignore_ascii_case("url");
        Ok(Document { reply: self, root: element, encoded })
    }

    /// An error of kind `Protocol` that names the element or header.
    pub(super) fn refuse(self, name: &str, text: &str) -> Error {
        let text = if text.trim().is_empty() {
            format!("the reply has no {name}")
        } else {
            let shown: String = text.chars().take(SHOWN_MAX).collect();
            format!("the reply has a bad {name}: {shown:?}")
        };
        self.response.protocol_error(text)
    }
}

/// The XML of an answer.
pub(super) struct Document<'a> {
    reply: Reply<'a>,
    pub(super) root: Element,
    encoded: bool,
}

impl Document<'_> {
    /// A name such as a key, decoded if the reply says that names are encoded.
    pub(super) fn name(&self, parent: &Element, child: &str) -> Result<String> {
        self.decode(child, parent.text_of(child))
    }

    /// The same for the text of an element of that name.
    pub(super) fn decode(&self, name: &str, text: &str) -> Result<String> {
        if !self.encoded {
            return Ok(text.to_owned());
        }
        percent::unescape(text).ok_or_else(|| self.reply.refuse(name, text))
    }

    /// Text that is never encoded.
    pub(super) fn text(&self, name: &str) -> String {
        self.root.text_of(name).trim().to_owned()
    }

    /// A number; an empty or missing one is not known.
    pub(super) fn number<N: FromStr>(&self, parent: &Element, child: &str) -> Result<Option<N>> {
        let text = parent.text_of(child).trim();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.reply.refuse(child, text))
    }

    pub(super) fn part_number(&self, parent: &Element) -> Result<PartNumber> {
        let number = self.number::<i64>(parent, "PartNumber")?.unwrap_or(0);
        PartNumber::try_from(number)
            .map_err(|_| self.reply.refuse("PartNumber", &number.to_string()))
    }

    pub(super) fn etag(&self, parent: &Element) -> Result<ETag> {
        self.reply.etag(parent.text_of("ETag"))
    }

    /// Whether there are more pages; nothing means no.
    pub(super) fn is_truncated(&self) -> Result<bool> {
        let text = self.text("IsTruncated");
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            _ => Err(self.reply.refuse("IsTruncated", &text)),
        }
    }
}

/// A time of a document; one that cannot be read is not known.
pub(super) fn time(parent: &Element, child: &str) -> Option<SystemTime> {
    date::parse_rfc3339(parent.text_of(child).trim())
}

/// A text that is empty where OSS returned none.
pub(super) fn non_empty(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}

const SHOWN_MAX: usize = 64;
