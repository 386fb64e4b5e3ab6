//! The base of a delta upload: `oss://BUCKET/KEY[?versionId=ID]`.

use ossmpu::CopySource;

/// Parses the base.
///
/// # Errors
///
/// The expected form, or the reason why the bucket name or the key is invalid.
pub fn parse(text: &str) -> Result<CopySource, String> {
    let path = text.strip_prefix("oss://").filter(|path| !path.starts_with('/'));
    let path = path.ok_or("expected oss://BUCKET/KEY or oss://BUCKET/KEY?versionId=ID")?;
    CopySource::parse(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_percent_encoded_and_may_have_a_version() {
        let source = parse("oss://my-bucket/a%3Fb?versionId=V").unwrap();
        assert_eq!(source, CopySource::parse("my-bucket/a%3Fb?versionId=V").unwrap());
        for bad in
            ["my-bucket/k", "oss:///k", "oss://my-bucket", "oss://my-bucket/k?v=1", "s3://b/k"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
