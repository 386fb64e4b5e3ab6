//! The value of the copy-source header.

use super::{BucketName, ObjectKey};
use crate::codec::percent;

/// Returns `/bucket/key`, percent-encoded, with `?versionId=` for a given version.
pub(crate) fn copy_source(bucket: &BucketName, key: &ObjectKey, version: Option<&str>) -> String {
    let source = format!("/{bucket}/{}", percent::escape_path(key.as_str()));
    match version {
        Some(version) => format!("{source}?versionId={}", percent::escape(version)),
        None => source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_sources_match_the_vectors() {
        let text = include_str!("../../tests/vectors/addressing.json");
        let file: serde_json::Value = serde_json::from_str(text).unwrap();
        let vectors = file["copy_source_header"].as_array().unwrap();
        assert_eq!(vectors.len(), 3);
        for vector in vectors {
            let bucket = BucketName::parse(vector["source_bucket"].as_str().unwrap()).unwrap();
            let key = ObjectKey::parse(vector["source_key"].as_str().unwrap()).unwrap();
            let value = copy_source(&bucket, &key, vector["source_version_id"].as_str());
            assert_eq!(value, vector["header_value"].as_str().unwrap(), "{vector}");
        }
    }
}
