//! `oss://BUCKET` URLs, with an optional key or prefix.

use std::fmt;

use ossmpu::BucketName;

use crate::failure::Failure;

/// A bucket and an optional path in it: a key, or a prefix of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketUrl {
    pub bucket: BucketName,
    /// Not percent-encoded; empty for the bucket itself.
    pub path: String,
}

impl BucketUrl {
    /// Parses `oss://BUCKET` or `oss://BUCKET/PATH`. The path is taken literally: a `%` is a `%`.
    ///
    /// # Errors
    ///
    /// The expected form, or the reason why the bucket name is invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("oss://").ok_or("expected oss://BUCKET/KEY")?;
        let (bucket, path) = path.split_once('/').unwrap_or((path, ""));
        let bucket = BucketName::parse(bucket).map_err(|error| error.to_string())?;
        Ok(Self { bucket, path: path.to_owned() })
    }

    /// Applies `--prefix`, which is equivalent to a prefix in the URL.
    ///
    /// # Errors
    ///
    /// `Usage`, when both the URL and `--prefix` have one.
    pub fn with_prefix(&self, prefix: Option<&str>) -> Result<Self, Failure> {
        let mut url = self.clone();
        match prefix {
            None => {}
            Some(prefix) if url.path.is_empty() => prefix.clone_into(&mut url.path),
            Some(_) => {
                let text = format!("{self} already has a prefix: omit --prefix");
                return Err(Failure::Usage(text));
            }
        }
        Ok(url)
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oss://{}/{}", self.bucket, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slash_ends_the_bucket() {
        let split = |text| BucketUrl::parse(text).map(|url| (url.bucket.to_string(), url.path));
        assert_eq!(split("oss://abc"), Ok(("abc".to_owned(), String::new())));
        assert_eq!(split("oss://abc/"), Ok(("abc".to_owned(), String::new())));
        assert_eq!(split("oss://abc/a%20 b/c"), Ok(("abc".to_owned(), "a%20 b/c".to_owned())));
        for bad in ["", "abc", "abc/d", "s3://abc/d", "oss://", "oss:///d", "oss://A_B/d"] {
            assert!(BucketUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
