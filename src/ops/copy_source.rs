//! The source object of a copy.

use std::time::SystemTime;

use super::{GetObjectTagging, HeadObject};
use crate::codec::{date, percent};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ETag, ObjectKey, copy_source, oss_header};

/// An object, or a version of it, as the source of a copy. It must be in the region of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    bucket: BucketName,
    key: ObjectKey,
    version_id: Option<String>,
    if_match: Option<ETag>,
    if_none_match: Option<ETag>,
    if_modified_since: Option<SystemTime>,
    if_unmodified_since: Option<SystemTime>,
}

impl CopySource {
    pub(crate) fn is_object(&self, bucket: &BucketName, key: &ObjectKey) -> bool {
        (&self.bucket, &self.key) == (bucket, key)
    }

    /// Selects the current version of that object.
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            version_id: None,
            if_match: None,
            if_none_match: None,
            if_modified_since: None,
            if_unmodified_since: None,
        }
    }

    /// Parses `bucket/key` or `bucket/key?versionId=ID`, as the header `x-oss-copy-source` has it;
    /// the slash before the bucket may be missing.
    ///
    /// In key and ID `%XX` is a byte of the UTF-8. `%` and `?` must be written like that, all else
    /// may be.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `source`, `bucket` or `key`.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Error::invalid("source", why);
        let path = text.strip_prefix('/').unwrap_or(text);
        let (path, version_id) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let (bucket, key) = path.split_once('/').ok_or_else(|| refuse(COPY_SOURCE_FORM))?;
        let decoded = |text: &str| {
            let text = percent::unescape_strictly(text);
            text.ok_or_else(|| refuse("% is followed by two hex digits of UTF-8; write % as %25"))
        };
        let source = Self::new(&BucketName::parse(bucket)?, &ObjectKey::parse(&decoded(key)?)?);
        let Some(query) = version_id else { return Ok(source) };
        match query.strip_prefix("versionId=").map(decoded).transpose()? {
            Some(id) if !id.is_empty() => Ok(source.with_version(&id)),
            _ => Err(refuse(COPY_SOURCE_FORM)),
        }
    }

    /// Selects a version; `null` is a valid version ID.
    #[must_use]
    pub fn with_version(mut self, version_id: &str) -> Self {
        self.version_id = Some(version_id.to_owned());
        self
    }

    /// Copies only if the source has this ETag.
    #[must_use]
    pub fn if_match(mut self, etag: &ETag) -> Self {
        self.if_match = Some(etag.clone());
        self
    }

    /// Copies only if the source has a different ETag.
    #[must_use]
    pub fn if_none_match(mut self, etag: &ETag) -> Self {
        self.if_none_match = Some(etag.clone());
        self
    }

    /// Copies only if the source was modified after this time.
    #[must_use]
    pub fn if_modified_since(mut self, time: SystemTime) -> Self {
        self.if_modified_since = Some(time);
        self
    }

    /// Copies only if the source was not modified after this time.
    #[must_use]
    pub fn if_unmodified_since(mut self, time: SystemTime) -> Self {
        self.if_unmodified_since = Some(time);
        self
    }

    /// Returns the same version with this ETag as its only condition.
    #[must_use]
    pub(crate) fn pinned(&self, etag: &ETag) -> Self {
        let Self { bucket, key, version_id, .. } = self.clone();
        Self { version_id, ..Self::new(&bucket, &key) }.if_match(etag)
    }

    /// Creates a HeadObject for the source with the same conditions.
    pub(crate) fn head(&self) -> HeadObject {
        let mut request = HeadObject::new(&self.bucket, &self.key);
        if let Some(version_id) = &self.version_id {
            request = request.with_version(version_id);
        }
        if let Some(etag) = &self.if_match {
            request = request.if_match(etag);
        }
        if let Some(etag) = &self.if_none_match {
            request = request.if_none_match(etag);
        }
        if let Some(time) = self.if_modified_since {
            request = request.if_modified_since(time);
        }
        if let Some(time) = self.if_unmodified_since {
            request = request.if_unmodified_since(time);
        }
        request
    }

    /// Creates a GetObjectTagging for the source.
    pub(crate) fn tagging(&self) -> GetObjectTagging {
        GetObjectTagging::new(&self.bucket, &self.key, self.version_id.as_deref())
    }

    /// Formats the header value.
    pub(super) fn text(&self) -> String {
        copy_source(&self.bucket, &self.key, self.version_id.as_deref())
    }

    /// Returns the conditions as headers.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'static str, String)> {
        let etag = |etag: &Option<ETag>| etag.as_ref().map(|etag| etag.as_str().to_owned());
        let time = |time: Option<SystemTime>| time.map(date::http_date);
        [
            (oss_header::COPY_SOURCE_IF_MATCH, etag(&self.if_match)),
            (oss_header::COPY_SOURCE_IF_NONE_MATCH, etag(&self.if_none_match)),
            (oss_header::COPY_SOURCE_IF_MODIFIED_SINCE, time(self.if_modified_since)),
            (oss_header::COPY_SOURCE_IF_UNMODIFIED_SINCE, time(self.if_unmodified_since)),
        ]
        .into_iter()
        .filter_map(|(header, value)| Some((header, value?)))
    }
}

const COPY_SOURCE_FORM: &str =
    "expected BUCKET/KEY or BUCKET/KEY?versionId=ID; in KEY and ID write ? as %3F and % as %25";

/// Converts a failed condition (412) of a copy to an error of kind `Changed`.
pub(crate) fn copy_source_changed(error: Error) -> Error {
    if error.http_status() != Some(412) {
        return error;
    }
    error.with_kind(ErrorKind::Changed).with_text("the copy source has changed during the upload")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_keeps_its_slashes_and_the_version_does_not() {
        let bucket = BucketName::parse("src-bucket").unwrap();
        let source = CopySource::new(&bucket, &ObjectKey::parse("src dir/a?b").unwrap());
        assert_eq!(source.text(), "/src-bucket/src%20dir/a%3Fb");
        let source = source.with_version("CAEQ+/=");
        assert_eq!(source.text(), "/src-bucket/src%20dir/a%3Fb?versionId=CAEQ%2B%2F%3D");
    }

    #[test]
    fn a_text_that_is_no_source_is_refused() {
        let source = CopySource::parse("src-bucket/a b+c/d%3F").unwrap();
        assert_eq!(source.text(), "/src-bucket/a%20b%2Bc/d%3F");
        for bad in [
            "",
            "src-bucket",
            "src-bucket/",
            "/",
            "//k",
            "src-bucket/k?",
            "src-bucket/k?versionId=",
            "src-bucket/k?version=1",
            "src-bucket/50%",
            "src-bucket/%ff",
            "src_bucket/k",
        ] {
            assert!(CopySource::parse(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_the_text_gives_the_same_source(key in "[^/].{0,30}", id in ".{1,9}") {
            if let Ok(key) = ObjectKey::parse(&key) {
                let source = CopySource::new(&BucketName::parse("src-bucket").unwrap(), &key);
                for source in [source.clone(), source.with_version(&id)] {
                    proptest::prop_assert_eq!(CopySource::parse(&source.text()).unwrap(), source);
                }
            }
        }
    }

    #[test]
    fn a_pinned_source_keeps_its_version_and_no_other_condition() {
        let bucket = BucketName::parse("src-bucket").unwrap();
        let etag = |text| ETag::parse(text).unwrap();
        let source = CopySource::new(&bucket, &ObjectKey::parse("k").unwrap()).with_version("V");
        let pinned = source.clone().if_none_match(&etag("AB")).pinned(&etag("CD"));
        assert_eq!(pinned, source.if_match(&etag("CD")));
        assert_eq!(pinned.conditions().count(), 1);
    }
}
