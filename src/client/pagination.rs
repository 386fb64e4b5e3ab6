//! Lists that fetch their pages as they are read.

use std::vec::IntoIter;

use crate::client::Client;
use crate::error::Result;
use crate::ops::{ListMultipartUploads, ListParts, ListedPart, ListedUpload};
use crate::runtime::Cancel;

/// The parts of an upload, page after page. Ends after the first error.
#[derive(Debug)]
pub struct PartsIter(Pages<ListParts, ListedPart>);

/// The unfinished uploads of a bucket, page after page. Ends after the first error.
#[derive(Debug)]
pub struct UploadsIter(Pages<ListMultipartUploads, UploadsEntry>);

/// One entry of a list of uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadsEntry {
    /// An unfinished upload.
    Upload(ListedUpload),
    /// What the keys of some uploads begin with, which the delimiter has put together.
    Prefix(String),
}

impl Client {
    /// All parts of an upload, from where the request begins. Nothing is sent before the first
    /// `next`, which blocks, as does each that needs another page.
    pub fn parts(&self, request: ListParts, cancel: &Cancel) -> PartsIter {
        PartsIter(Pages::new(self, request, cancel))
    }

    /// All unfinished uploads that the request asks for, and with a delimiter the common prefixes
    /// among them, by key; otherwise as [`Client::parts`].
    pub fn uploads(&self, request: ListMultipartUploads, cancel: &Cancel) -> UploadsIter {
        UploadsIter(Pages::new(self, request, cancel))
    }
}

impl Iterator for PartsIter {
    type Item = Result<ListedPart>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(|client, request, cancel| {
            let page = client.list_parts(request, cancel)?;
            Ok((request.next_page(&page)?, page.parts))
        })
    }
}

impl Iterator for UploadsIter {
    type Item = Result<UploadsEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(|client, request, cancel| {
            let page = client.list_multipart_uploads(request, cancel)?;
            let next = request.next_page(&page)?;
            let uploads = page.uploads.into_iter().map(UploadsEntry::Upload);
            let prefixes = page.common_prefixes.into_iter().map(UploadsEntry::Prefix);
            let mut entries: Vec<_> = uploads.chain(prefixes).collect();
            // Uploads of the same key stay in the order that they were listed in.
            entries.sort_by(|one, other| one.key().cmp(other.key()));
            Ok((next, entries))
        })
    }
}

impl UploadsEntry {
    /// The key of the upload, or the prefix.
    pub fn key(&self) -> &str {
        match self {
            Self::Upload(upload) => &upload.key,
            Self::Prefix(prefix) => prefix,
        }
    }

    /// The upload, unless it is a prefix.
    pub fn into_upload(self) -> Option<ListedUpload> {
        match self {
            Self::Upload(upload) => Some(upload),
            Self::Prefix(_) => None,
        }
    }
}

#[derive(Debug)]
struct Pages<Q, T> {
    client: Client,
    cancel: Cancel,
    /// The request for the next page; `None` after the last.
    request: Option<Q>,
    entries: IntoIter<T>,
}

impl<Q, T> Pages<Q, T> {
    fn new(client: &Client, request: Q, cancel: &Cancel) -> Self {
        Self {
            client: client.clone(),
            cancel: cancel.clone(),
            request: Some(request),
            entries: Vec::new().into_iter(),
        }
    }

    /// The next entry; `fetch` gives the request for the page after, and the entries of this one.
    fn next(
        &mut self,
        fetch: impl Fn(&Client, &Q, &Cancel) -> Result<(Option<Q>, Vec<T>)>,
    ) -> Option<Result<T>> {
        if let Err(error) = self.client.check_process() {
            return Some(Err(error));
        }
        loop {
            if let Some(entry) = self.entries.next() {
                return Some(Ok(entry));
            }
            let request = self.request.take()?;
            match fetch(&self.client, &request, &self.cancel) {
                Ok((next, entries)) => {
                    self.request = next;
                    self.entries = entries.into_iter();
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
