//! The object that the parts of a delta upload are compared with.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{ETag, ObjectHeaders};
use crate::ops::{CopySource, HeadObjectResult};
use crate::service::{ExpectedFailure, OperationContext, ServiceClient};

/// The base as it was at the start of the call.
#[derive(Debug)]
pub(crate) struct DeltaBase {
    /// With the condition that it still has the ETag of the start.
    pub(crate) source: CopySource,
    pub(crate) size: u64,
    pub(crate) etag: ETag,
}

impl DeltaBase {
    /// Looks the object up with HeadObject.
    ///
    /// # Errors
    ///
    /// The reason why no part can be copied from it.
    pub(crate) fn find(
        base: &CopySource,
        service: &ServiceClient,
        headers: &ObjectHeaders,
        context: &OperationContext<'_>,
    ) -> Result<Self> {
        let context = OperationContext { expected_failure: ExpectedFailure::Any, ..*context };
        let found = service.execute(&base.head().with_headers(headers), &context)?.output;
        if let Some(reason) = why_not_copied(&found) {
            return Err(Error::new(ErrorKind::Unsupported, reason));
        }
        Ok(Self { source: base.pinned(&found.etag), size: found.size, etag: found.etag })
    }

    /// Returns true if it has all bytes of the range.
    pub(crate) fn has(&self, offset: u64, length: u64) -> bool {
        length > 0 && offset.checked_add(length).is_some_and(|end| end <= self.size)
    }
}

/// Returns why OSS would not copy ranges of the object, as far as its headers show it.
fn why_not_copied(found: &HeadObjectResult) -> Option<&'static str> {
    let is = |value: &Option<String>, expected: &str| {
        value.as_ref().is_some_and(|value| value.eq_ignore_ascii_case(expected))
    };
    if is(&found.object_type, "Appendable") {
        return Some("the base is an appendable object");
    }
    if is(&found.object_type, "Symlink") {
        return Some("the base is a symbolic link");
    }
    let is_archived = ARCHIVE_CLASSES.iter().any(|class| is(&found.storage_class, class));
    let restore = found.headers.value("x-oss-restore").unwrap_or_default();
    let is_restored = restore.contains("ongoing-request=\"false\"");
    (is_archived && !is_restored).then_some("the base is archived and not restored")
}

const ARCHIVE_CLASSES: [&str; 3] = ["Archive", "ColdArchive", "DeepColdArchive"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BucketName, ObjectKey};
    use crate::ops::{HeadObject, Operation};
    use crate::wire::{Headers, Response};

    fn reason(shown: &[(&str, &str)]) -> Option<&'static str> {
        let mut headers = Headers::default();
        for (name, value) in [("Content-Length", "10"), ("ETag", "\"E\"")].iter().chain(shown) {
            headers.set(name, *value).unwrap();
        }
        let (bucket, key) = (BucketName::parse("bucket").unwrap(), ObjectKey::parse("k").unwrap());
        let response = Response { status: 200, headers, body: Vec::new() };
        why_not_copied(&HeadObject::new(&bucket, &key).parse(&response).unwrap())
    }

    #[test]
    fn a_restored_object_can_be_copied_and_an_archived_one_cannot() {
        assert_eq!(reason(&[("x-oss-storage-class", "IA")]), None);
        for class in ARCHIVE_CLASSES {
            let class = ("x-oss-storage-class", class);
            assert!(reason(&[class]).is_some());
            assert!(reason(&[class, ("x-oss-restore", "ongoing-request=\"true\"")]).is_some());
            let restored =
                "ongoing-request=\"false\", expiry-date=\"Sun, 16 Apr 2017 08:12:33 GMT\"";
            assert_eq!(reason(&[class, ("x-oss-restore", restored)]), None);
        }
    }

    #[test]
    fn only_a_range_with_bytes_that_the_base_has_can_be_copied() {
        let (bucket, key) = (BucketName::parse("bucket").unwrap(), ObjectKey::parse("k").unwrap());
        let etag = ETag::parse("E").unwrap();
        let base = DeltaBase { source: CopySource::new(&bucket, &key), size: 10, etag };
        for (offset, length) in [(0, 1), (0, 10), (9, 1)] {
            assert!(base.has(offset, length), "{offset} {length}");
        }
        for (offset, length) in [(0, 0), (0, 11), (9, 2), (10, 0), (10, 1), (u64::MAX, 1)] {
            assert!(!base.has(offset, length), "{offset} {length}");
        }
    }

    #[test]
    fn appendable_objects_and_links_are_not_copied() {
        assert_eq!(reason(&[("x-oss-object-type", "Multipart")]), None);
        for kind in ["Appendable", "Symlink"] {
            assert!(reason(&[("x-oss-object-type", kind)]).is_some());
        }
    }
}
