//! Compares the attributes of an object with those that an upload has asked for.

use crate::error::{Error, ErrorKind};
use crate::model::{CONTENT_HEADERS, ObjectHeaders, ObjectKey};
use crate::ops::HeadObjectResult;

/// The attributes that an object must have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ExpectedAttributes<'a> {
    /// All that was sent with the request that made the object.
    All(&'a ObjectHeaders),
    /// Those that this caller has set: another program has initiated the upload, perhaps with more.
    Set(&'a ObjectHeaders),
}

impl<'a> ExpectedAttributes<'a> {
    /// Returns the first attribute in which the object differs.
    pub(crate) fn mismatch(self, key: &ObjectKey, found: &HeadObjectResult) -> Option<String> {
        let mut shown = self.shown(key).into_iter();
        let differs = |(name, value): &(String, String)| found.headers.value(name) != Some(value);
        if let Some((name, _)) = shown.find(differs) {
            return Some(name);
        }
        let expected = self.headers().metadata_pairs();
        let differs = expected.iter().find(|pair| !found.metadata.contains(pair));
        let other = found.metadata.iter().find(|pair| !expected.contains(pair));
        let other = other.filter(|_| matches!(self, Self::All(_)));
        differs.or(other).map(|(name, _)| format!("x-oss-meta-{name}"))
    }

    /// True if HeadObject shows none of them.
    pub(crate) fn are_not_shown(self, key: &ObjectKey) -> bool {
        self.shown(key).is_empty() && self.headers().metadata_pairs().is_empty()
    }

    /// The header fields that HeadObject shows.
    fn shown(self, key: &ObjectKey) -> Vec<(String, String)> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut fields = match self {
            Self::All(headers) => headers.creation_fields(key).unwrap_or_default(),
            Self::Set(headers) => headers.set_fields().map(owned).collect(),
        };
        fields.retain(|(name, _)| {
            let name = &*name.to_ascii_lowercase();
            CONTENT_HEADERS.contains(&name) || STORAGE_HEADERS.contains(&name)
        });
        fields
    }

    fn headers(self) -> &'a ObjectHeaders {
        match self {
            Self::All(headers) | Self::Set(headers) => headers,
        }
    }
}

/// An error that names the attribute in which the object differs from the options.
pub(crate) fn attribute_mismatch(name: &str) -> Error {
    let text = format!("the object does not have the {name} that was requested");
    Error::new(ErrorKind::Integrity, text).with_argument(name)
}

/// What HeadObject shows of how the object is stored. Tags and ACL are not shown.
const STORAGE_HEADERS: [&str; 4] = [
    "x-oss-storage-class",
    "x-oss-server-side-encryption",
    "x-oss-server-side-data-encryption",
    "x-oss-server-side-encryption-key-id",
];
