//! `oss://BUCKET` and what keys there begin with.

use std::fmt;

use ossmpu::BucketName;

use crate::failure::Failure;

/// A bucket, and what may follow it in a URL: a key, or what keys begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub bucket: BucketName,
    /// Not escaped; empty for the bucket itself.
    pub rest: String,
}

impl Place {
    /// Takes `oss://BUCKET` or `oss://BUCKET/REST`. Nothing in it is escaped: a `%` is a `%`.
    ///
    /// # Errors
    ///
    /// What such a URL looks like, or what is wrong with the bucket's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("oss://").ok_or("this is written oss://BUCKET/KEY")?;
        let (bucket, rest) = path.split_once('/').unwrap_or((path, ""));
        let bucket = BucketName::parse(bucket).map_err(|error| error.to_string())?;
        Ok(Self { bucket, rest: rest.to_owned() })
    }

    /// The place with what its keys begin with, which may be said here or there.
    ///
    /// # Errors
    ///
    /// `Usage`, when it is said twice.
    pub fn with_prefix(&self, prefix: Option<&str>) -> Result<Self, Failure> {
        let mut place = self.clone();
        match prefix {
            None => {}
            Some(prefix) if place.rest.is_empty() => prefix.clone_into(&mut place.rest),
            Some(_) => {
                let text = format!("{self} has a prefix already: leave --prefix out");
                return Err(Failure::Usage(text));
            }
        }
        Ok(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oss://{}/{}", self.bucket, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slash_ends_the_bucket() {
        let parts = |text| Place::parse(text).map(|p| (p.bucket.to_string(), p.rest));
        assert_eq!(parts("oss://abc"), Ok(("abc".to_owned(), String::new())));
        assert_eq!(parts("oss://abc/"), Ok(("abc".to_owned(), String::new())));
        assert_eq!(parts("oss://abc/a%20 b/c"), Ok(("abc".to_owned(), "a%20 b/c".to_owned())));
        for bad in ["", "abc", "abc/d", "s3://abc/d", "oss://", "oss:///d", "oss://A_B/d"] {
            assert!(Place::parse(bad).is_err(), "{bad}");
        }
    }
}
