//! The object that a part is copied from.

use super::HeadObject;
use crate::model::{BucketName, ObjectKey, copy_source};

/// An object, or a version of one, as the source of a copy. It is in the region of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    bucket: BucketName,
    key: ObjectKey,
    version_id: Option<String>,
}

impl CopySource {
    /// The present version of that object.
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self { bucket: bucket.clone(), key: key.clone(), version_id: None }
    }

    /// Another version, `null` among them.
    #[must_use]
    pub fn with_version(mut self, version_id: &str) -> Self {
        self.version_id = Some(version_id.to_owned());
        self
    }

    /// Asks what the source is.
    pub(crate) fn head(&self) -> HeadObject {
        let request = HeadObject::new(&self.bucket, &self.key);
        match &self.version_id {
            Some(version_id) => request.with_version(version_id),
            None => request,
        }
    }

    /// As the header has it.
    pub(super) fn text(&self) -> String {
        copy_source(&self.bucket, &self.key, self.version_id.as_deref())
    }
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
}
