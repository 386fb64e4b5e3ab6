//! Tells whether the object under a key is the one that an upload should have made.

use std::time::{Duration, SystemTime};

use super::upload_target::UploadTarget;
use crate::codec::date::parse_http_date;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ObjectHeaders, ObjectKey};
use crate::ops::{HeadObject, HeadObjectResult};
use crate::runtime::safeguard;
use crate::service::{CallContext, ServiceClient};
use crate::upload::part::Whole;

/// What an upload should have made.
#[derive(Debug)]
pub(crate) struct ExpectedObject<'a> {
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    /// For the requests, not for the object: who pays.
    pub(crate) headers: &'a ObjectHeaders,
    /// What the object was to be made with.
    pub(crate) attributes: &'a ObjectHeaders,
    pub(crate) whole: Whole,
    /// `Multipart` or `Normal`, as HeadObject names it.
    pub(crate) object_type: &'static str,
    /// When the object was made at the earliest.
    pub(crate) not_before: NotBefore,
}

/// A time on the service's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NotBefore {
    Unknown,
    At(SystemTime),
    /// That long before HeadObject.
    Ago(Duration),
}

/// What is under the key.
#[derive(Debug)]
pub(crate) enum StoredObject {
    /// The expected object.
    Ours(Box<HeadObjectResult>),
    /// No object, and no trace of one that was deleted.
    Absent,
    /// Another object, or a delete marker: the expected one may have been there.
    Other,
}

impl<'a> ExpectedObject<'a> {
    pub(crate) fn of_upload(target: &'a UploadTarget, whole: Whole) -> Self {
        Self {
            bucket: &target.bucket,
            key: &target.key,
            headers: &target.headers,
            attributes: &target.attributes,
            whole,
            object_type: "Multipart",
            not_before: target.initiated.map_or(NotBefore::Unknown, NotBefore::At),
        }
    }

    /// Asks OSS for the object. Proves something only when no earlier request can change it any
    /// more.
    pub(crate) fn find(
        &self,
        service: &ServiceClient,
        context: &CallContext<'_>,
    ) -> Result<StoredObject> {
        let request = HeadObject::new(self.bucket, self.key).with_headers(self.headers);
        match service.call(&request, context) {
            Ok(found) if self.is(&found.output) => Ok(StoredObject::Ours(Box::new(found.output))),
            Ok(_) => Ok(StoredObject::Other),
            Err(failed) if failed.error.is_delete_marker() => Ok(StoredObject::Other),
            Err(failed) if HeadObject::is_not_found(&failed.error) => Ok(StoredObject::Absent),
            Err(failed) => Err(failed.error),
        }
    }

    /// True if everything that HeadObject shows is as expected. A checksum has to be there: size
    /// and time alone do not tell an object from an older one.
    fn is(&self, found: &HeadObjectResult) -> bool {
        let same_crc64 = found.crc64.is_some() && found.crc64 == self.whole.crc64;
        let same_attributes = mismatch(self.attributes, self.key, found).is_none();
        let differs = safeguard!(ObjectCrc64, !same_crc64)
            || safeguard!(ObjectAttributes, !same_attributes)
            || safeguard!(ObjectTime, !self.not_before.allows(found));
        found.size == self.whole.size
            && found
                .object_type
                .as_deref()
                .is_some_and(|kind| kind.eq_ignore_ascii_case(self.object_type))
            && !differs
    }
}

impl NotBefore {
    /// All times are the service's and in whole seconds.
    fn allows(self, found: &HeadObjectResult) -> bool {
        let earliest = match self {
            Self::Unknown => return true,
            Self::At(time) => Some(time),
            Self::Ago(time) => found
                .headers
                .value("date")
                .and_then(parse_http_date)
                .and_then(|now| now.checked_sub(Duration::from_secs(whole_seconds(time)))),
        };
        match (found.last_modified, earliest) {
            (Some(modified), Some(earliest)) => modified >= earliest,
            _ => false,
        }
    }
}

/// The first attribute in which an object is not as it should have been made.
pub(crate) fn mismatch(
    attributes: &ObjectHeaders,
    key: &ObjectKey,
    found: &HeadObjectResult,
) -> Option<String> {
    let fields = attributes.creation_fields(key).unwrap_or_default();
    let is_shown = |name: &str| SHOWN.contains(&name);
    let shown = fields.iter().find(|(name, value)| {
        is_shown(&name.to_ascii_lowercase()) && found.headers.value(name) != Some(value)
    });
    if let Some((name, _)) = shown {
        return Some(name.clone());
    }
    let expected = attributes.metadata_pairs();
    let has = |pairs: &[(String, String)], pair: &(String, String)| pairs.contains(pair);
    let differs = expected.iter().find(|pair| !has(&found.metadata, pair));
    let other = found.metadata.iter().find(|pair| !has(expected, pair));
    differs.or(other).map(|(name, _)| format!("x-oss-meta-{name}"))
}

/// An error that names the attribute in which an object is not as asked for.
pub(crate) fn attribute_mismatch(name: &str) -> Error {
    let text = format!("the object does not have the {name} that was requested");
    Error::new(ErrorKind::Integrity, text).with_argument(name)
}

/// What HeadObject shows of what an object was made with. Tags and ACL are not shown.
const SHOWN: [&str; 9] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "expires",
    "x-oss-storage-class",
    "x-oss-server-side-encryption",
    "x-oss-server-side-data-encryption",
    "x-oss-server-side-encryption-key-id",
];

/// Rounded up, because the times of the service are rounded down.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
