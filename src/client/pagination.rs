//! Iterators over lists, which fetch the next page when it is needed.

use std::vec::IntoIter;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ops::{ListMultipartUploads, ListParts, ListedPart, ListedUpload};
use crate::runtime::Cancel;

/// Iterates over the parts of an upload, across pages. Ends after the first error.
#[derive(Debug)]
pub struct PartsIter(Pages<ListParts, ListedPart>);

/// Iterates over the unfinished uploads of a bucket, across pages. Ends after the first error.
#[derive(Debug)]
pub struct UploadsIter(Pages<ListMultipartUploads, UploadsEntry>);

/// An entry of a list of uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadsEntry {
    /// An unfinished upload.
    Upload(ListedUpload),
    /// The common prefix of the keys that the delimiter groups.
    Prefix(String),
}

impl Client {
    /// Iterates over the parts that OSS has of an upload, by ascending number, from the marker of
    /// the request.
    ///
    /// Sends nothing before the first `next`. Each `next` that needs another page blocks for one
    /// ListParts. A triggered token ends the list with an error, also within a page.
    pub fn parts_iter(&self, request: ListParts, cancel: &Cancel) -> PartsIter {
        PartsIter(Pages::new(self, request, cancel))
    }

    /// Iterates over the unfinished uploads that match the request, by key, and with a delimiter
    /// over the common prefixes too; otherwise like [`Client::parts_iter`].
    pub fn uploads_iter(&self, request: ListMultipartUploads, cancel: &Cancel) -> UploadsIter {
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
            // The sort is stable: uploads of one key keep the order of the list.
            entries.sort_by(|one, other| one.key().cmp(other.key()));
            Ok((next, entries))
        })
    }
}

impl UploadsEntry {
    /// Returns the key of the upload, or the prefix.
    pub fn key(&self) -> &str {
        match self {
            Self::Upload(upload) => &upload.key,
            Self::Prefix(prefix) => prefix,
        }
    }

    /// Returns the upload; `None` for a prefix.
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

    /// Returns the next entry. `fetch` returns the request for the page after, and the entries of
    /// this one.
    fn next(
        &mut self,
        fetch: impl Fn(&Client, &Q, &Cancel) -> Result<(Option<Q>, Vec<T>)>,
    ) -> Option<Result<T>> {
        if let Err(error) = self.client.check_process().and_then(|()| self.cancel.check_process()) {
            return Some(Err(error));
        }
        if self.cancel.is_triggered() && (self.request.is_some() || self.entries.len() > 0) {
            (self.request, self.entries) = (None, Vec::new().into_iter());
            return Some(Err(Error::canceled()));
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
