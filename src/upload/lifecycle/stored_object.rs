//! Checks whether the object under a key is the one that an upload should have created.

use std::time::{Duration, Instant, SystemTime};

use super::object_attributes::ExpectedAttributes;
use super::upload_target::UploadTarget;
use crate::error::Result;
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey};
use crate::ops::{HeadObject, HeadObjectResult};
use crate::runtime::{now, safeguard};
use crate::service::{OperationContext, ServiceClient};
use crate::upload::part::ObjectChecksum;

/// The object that an upload should have created.
#[derive(Debug)]
pub(crate) struct ExpectedObject<'a> {
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    /// Headers of the requests (request payer).
    pub(crate) headers: &'a ObjectHeaders,
    pub(crate) attributes: ExpectedAttributes<'a>,
    pub(crate) checksum: ObjectChecksum,
    /// The ETags that the object may have, where a CRC-64 is not known.
    pub(crate) etags: Vec<ETag>,
    /// `Multipart` or `Normal`, as HeadObject names it; `None` if it may be either.
    pub(crate) object_type: Option<&'static str>,
    /// The earliest time at which the object can have been created.
    pub(crate) not_before: NotBefore,
}

/// The earliest time of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NotBefore {
    Unknown,
    /// On the service's clock.
    At(SystemTime),
    /// The time of this process when the first request was sent.
    Since(Instant),
}

/// The object under the key.
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
    pub(crate) fn of_upload(
        target: &'a UploadTarget,
        checksum: ObjectChecksum,
        etags: Vec<ETag>,
    ) -> Self {
        Self {
            bucket: &target.bucket,
            key: &target.key,
            headers: &target.headers,
            attributes: target.attributes(),
            checksum,
            etags,
            object_type: Some("Multipart"),
            not_before: target.initiated.map_or(NotBefore::Unknown, NotBefore::At),
        }
    }

    /// Compares the object under the key. Conclusive only after a fence.
    pub(crate) fn find(
        &self,
        service: &ServiceClient,
        context: &OperationContext<'_>,
    ) -> Result<StoredObject> {
        let request = HeadObject::new(self.bucket, self.key).with_headers(self.headers);
        match service.execute(&request, context) {
            Ok(found) if self.matches(&found.output) => {
                Ok(StoredObject::Ours(Box::new(found.output)))
            }
            Ok(_) => Ok(StoredObject::Other),
            Err(failed) if failed.error.is_delete_marker() => Ok(StoredObject::Other),
            Err(failed) if HeadObject::is_not_found(&failed.error) => Ok(StoredObject::Absent),
            Err(failed) => Err(failed.error),
        }
    }

    /// Returns true if everything that HeadObject shows is as expected. A checksum or the ETag is
    /// required: size and time alone do not distinguish an object from another one.
    fn matches(&self, found: &HeadObjectResult) -> bool {
        let same_etag = self.etags.iter().any(|etag| found.etag.is_md5(etag.unquoted()));
        let same_content = match (found.crc64, self.checksum.crc64) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => same_etag,
        };
        let same_attributes = self.attributes.mismatch(self.key, found).is_none();
        let differs = safeguard!(ObjectContent, !same_content)
            || safeguard!(ObjectAttributes, !same_attributes)
            || safeguard!(ObjectTime, !self.not_before.allows(found));
        let same_type = self.object_type.is_none_or(|expected| {
            found.object_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(expected))
        });
        found.size == self.checksum.size && (same_type || same_etag) && !differs
    }
}

/// Warns that nothing is known of the upload callback, whose outcome only the lost response had.
pub(crate) fn warn_of_callback(headers: &ObjectHeaders, service: &ServiceClient) {
    if headers.has_callback() {
        let text = "the object exists; the response of the upload callback was lost";
        service.logger().warn(|| text.to_owned());
    }
}

impl NotBefore {
    /// Call it as soon as the response to HeadObject is there, because its `Date` converts a time of
    /// this process to one of the service, and the request may have taken long. The times of the
    /// service are in whole seconds.
    fn allows(self, found: &HeadObjectResult) -> bool {
        let earliest = match self {
            Self::Unknown => return true,
            Self::At(time) => Some(time),
            Self::Since(started) => {
                let elapsed = whole_seconds(now().saturating_duration_since(started));
                let date = found.headers.date();
                date.and_then(|date| date.checked_sub(Duration::from_secs(elapsed)))
            }
        };
        match (found.last_modified, earliest) {
            (Some(modified), Some(earliest)) => modified >= earliest,
            _ => false,
        }
    }
}

/// Rounds up, because the times of the service are rounded down.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::runtime::simulated;
    use crate::wire::{Headers, Response};

    /// Whether an object of the expected size and type, with that CRC-64, is taken for ours.
    fn is_ours(
        expected_crc64: Option<u64>,
        found_crc64: Option<&str>,
        expected_etag: Option<&str>,
    ) -> bool {
        let (bucket, key) =
            (BucketName::parse("bucket").unwrap(), ObjectKey::parse("key").unwrap());
        let mut headers = Headers::default();
        let crc64 = found_crc64.map(|value| ("x-oss-hash-crc64ecma", value));
        let shown = [
            ("Content-Length", "10"),
            ("ETag", "\"E\""),
            ("Content-Type", "application/octet-stream"),
            ("x-oss-object-type", "Multipart"),
        ];
        for (name, value) in shown.into_iter().chain(crc64) {
            headers.set(name, value).unwrap();
        }
        let response = Response { status: 200, headers, body: Vec::new() };
        let found = HeadObject::new(&bucket, &key).parse(&response).unwrap();
        let headers = ObjectHeaders::new();
        let expected = ExpectedObject {
            bucket: &bucket,
            key: &key,
            headers: &headers,
            attributes: ExpectedAttributes::All(&headers),
            checksum: ObjectChecksum { size: 10, crc64: expected_crc64 },
            etags: expected_etag.iter().map(|etag| ETag::parse(etag).unwrap()).collect(),
            object_type: Some("Multipart"),
            not_before: NotBefore::Unknown,
        };
        expected.matches(&found)
    }

    #[test]
    fn the_time_that_has_passed_is_rounded_up_to_whole_seconds() {
        let seconds =
            [0, 1, 999, 1000, 1001, 5000].map(|ms| whole_seconds(Duration::from_millis(ms)));
        assert_eq!(seconds, [0, 1, 1, 1, 2, 5]);
    }

    #[test]
    fn the_time_that_head_object_takes_does_not_make_the_object_too_old() {
        let (bucket, key) =
            (BucketName::parse("bucket").unwrap(), ObjectKey::parse("key").unwrap());
        let started = Instant::now();
        let is_allowed = |last_modified: &str| {
            let mut headers = Headers::default();
            for (name, value) in [
                ("Content-Length", "10"),
                ("ETag", "\"E\""),
                ("Date", "Fri, 24 Feb 2012 06:07:48 GMT"),
                ("Last-Modified", last_modified),
            ] {
                headers.set(name, value).unwrap();
            }
            let response = Response { status: 200, headers, body: Vec::new() };
            let found = HeadObject::new(&bucket, &key).parse(&response).unwrap();
            NotBefore::Since(started).allows(&found)
        };
        // The response arrives after ten seconds.
        simulated::set(started.checked_add(Duration::from_secs(10)));
        let allowed =
            ["38", "37"].map(|second| is_allowed(&format!("Fri, 24 Feb 2012 06:07:{second} GMT")));
        simulated::set(None);
        assert_eq!(allowed, [true, false]);
    }

    #[test]
    fn an_object_without_a_crc64_is_ours_only_if_its_etag_is() {
        for etag in [None, Some("E"), Some("other")] {
            assert!(is_ours(Some(7), Some("7"), etag));
            assert!(!is_ours(Some(7), Some("8"), etag));
            for (expected, found) in [(Some(7), None), (None, None), (None, Some("7"))] {
                assert_eq!(is_ours(expected, found, etag), etag == Some("E"));
            }
        }
    }
}
