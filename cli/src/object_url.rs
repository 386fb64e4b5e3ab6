//! `oss://BUCKET/KEY` URLs.

use std::fmt;

use ossmpu::{BucketName, ObjectKey};

use crate::bucket_url::BucketUrl;

/// The bucket and key of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUrl {
    pub bucket: BucketName,
    pub key: ObjectKey,
}

impl ObjectUrl {
    /// Parses `oss://BUCKET/KEY`.
    ///
    /// # Errors
    ///
    /// The expected form, or the reason why the bucket name or the key is invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let BucketUrl { bucket, path } = BucketUrl::parse(text)?;
        if path.is_empty() {
            return Err("the key is missing: expected oss://BUCKET/KEY".to_owned());
        }
        let key = ObjectKey::parse(&path).map_err(|error| error.to_string())?;
        Ok(Self { bucket, key })
    }

    /// Resolves a target: appends `name` if the URL is a bucket or ends with a slash, and
    /// otherwise uses its path as the key.
    ///
    /// # Errors
    ///
    /// `Invalid`, when the resulting key is invalid.
    pub fn resolve(target: &BucketUrl, name: &str) -> Result<Self, ossmpu::Error> {
        let key = match target.path.as_str() {
            prefix if prefix.is_empty() || prefix.ends_with('/') => format!("{prefix}{name}"),
            key => key.to_owned(),
        };
        Ok(Self { bucket: target.bucket.clone(), key: ObjectKey::parse(&key)? })
    }
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oss://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_appended_to_a_prefix_but_not_to_a_key() {
        let resolve = |target| {
            let target = BucketUrl::parse(target).unwrap();
            ObjectUrl::resolve(&target, "x.bin").unwrap().to_string()
        };
        assert_eq!(resolve("oss://abc"), "oss://abc/x.bin");
        assert_eq!(resolve("oss://abc/d/"), "oss://abc/d/x.bin");
        assert_eq!(resolve("oss://abc/d/y"), "oss://abc/d/y");
        assert!(ObjectUrl::parse("oss://abc").is_err());
    }
}
