//! `oss://BUCKET/KEY`.

use std::fmt;

use ossmpu::{BucketName, ObjectKey};

use crate::place::Place;

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUrl {
    pub bucket: BucketName,
    pub key: ObjectKey,
}

impl ObjectUrl {
    /// Takes `oss://BUCKET/KEY`.
    ///
    /// # Errors
    ///
    /// What such a URL looks like, or what is wrong with bucket or key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Place { bucket, rest } = Place::parse(text)?;
        if rest.is_empty() {
            return Err("the key is missing: this is written oss://BUCKET/KEY".to_owned());
        }
        let key = ObjectKey::parse(&rest).map_err(|error| error.to_string())?;
        Ok(Self { bucket, key })
    }

    /// The object that the place names or, if that ends with a slash, the one of that name in it.
    ///
    /// # Errors
    ///
    /// That no key can be made so.
    pub fn at(place: &Place, name: &str) -> Result<Self, ossmpu::Error> {
        let key = match place.rest.as_str() {
            folder if folder.is_empty() || folder.ends_with('/') => format!("{folder}{name}"),
            key => key.to_owned(),
        };
        Ok(Self { bucket: place.bucket.clone(), key: ObjectKey::parse(&key)? })
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
    fn a_folder_takes_the_name_and_a_key_does_not() {
        let at = |place| ObjectUrl::at(&Place::parse(place).unwrap(), "x.bin").unwrap().to_string();
        assert_eq!(at("oss://abc"), "oss://abc/x.bin");
        assert_eq!(at("oss://abc/d/"), "oss://abc/d/x.bin");
        assert_eq!(at("oss://abc/d/y"), "oss://abc/d/y");
        assert!(ObjectUrl::parse("oss://abc").is_err());
    }
}
