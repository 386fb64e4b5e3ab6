//! Parses content headers, metadata, storage class, encryption, tags and ACL of
//! InitiateMultipartUpload and PutObject.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::OssError;
use crate::escape;
use crate::operation_request::OperationRequest;
use crate::store::{Attributes, HeaderText};

const CONTENT_HEADERS: &[&str] =
    &["cache-control", "content-disposition", "content-encoding", "content-language", "expires"];
const STORAGE_CLASSES: &[&str] = &["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"];
const ACLS: &[&str] = &["default", "private", "public-read", "public-read-write"];
const META_LIMIT: usize = 8 * 1024;

pub(super) const ENCRYPTION: &str = "x-oss-server-side-encryption";
const DATA_ENCRYPTION: &str = "x-oss-server-side-data-encryption";
const ENCRYPTION_KEY: &str = "x-oss-server-side-encryption-key-id";

/// Parses and validates everything except the ACL.
pub(super) fn parse(request: &OperationRequest) -> Result<Attributes, OssError> {
    let headers = CONTENT_HEADERS
        .iter()
        .filter_map(|name| request.header_text(name).map(|value| ((*name).to_owned(), value)))
        .collect();
    Ok(Attributes {
        content_type: request
            .header_text("content-type")
            .filter(|value| !value.as_bytes().is_empty()),
        headers,
        meta: metadata(request)?,
        storage_class: storage_class(request)?,
        encryption: encryption(request)?,
        tags: request.header("x-oss-tagging").map_or(Ok(Vec::new()), |text| tags(&text))?,
        acl: None,
    })
}

/// Parses `x-oss-object-acl`.
pub(super) fn acl(request: &OperationRequest) -> Result<Option<String>, OssError> {
    match request.header("x-oss-object-acl") {
        Some(acl) if !ACLS.contains(&acl.as_str()) => {
            Err(OssError::argument("x-oss-object-acl", &acl, "The object ACL is not valid."))
        }
        acl => Ok(acl),
    }
}

fn metadata(request: &OperationRequest) -> Result<BTreeMap<String, HeaderText>, OssError> {
    let mut meta = BTreeMap::new();
    let mut size = 0;
    for header in request.headers.keys() {
        let Some(name) = header.as_str().strip_prefix("x-oss-meta-") else { continue };
        let Some(value) = request.header_text(header.as_str()) else { continue };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(OssError::argument(
                header.as_str(),
                &value.to_text(),
                "A metadata name may contain only letters, digits and hyphens.",
            ));
        }
        size += name.len() + value.as_bytes().len();
        meta.insert(name.to_owned(), value);
    }
    if size > META_LIMIT {
        return Err(OssError::argument(
            "x-oss-meta",
            &size.to_string(),
            "The metadata exceeds 8 KB in total.",
        ));
    }
    Ok(meta)
}

/// Parses the storage class; the default is that of the bucket.
fn storage_class(request: &OperationRequest) -> Result<Option<String>, OssError> {
    match request.header("x-oss-storage-class") {
        Some(class) if !STORAGE_CLASSES.contains(&class.as_str()) => Err(OssError::argument(
            "x-oss-storage-class",
            &class,
            "The storage class is not valid.",
        )),
        Some(class) => Ok(Some(class)),
        None => Ok(request.store().bucket(&request.bucket).map(|bucket| bucket.storage_class)),
    }
}

fn encryption(request: &OperationRequest) -> Result<BTreeMap<String, String>, OssError> {
    let mut found = BTreeMap::new();
    for name in [ENCRYPTION, DATA_ENCRYPTION, ENCRYPTION_KEY] {
        if let Some(value) = request.header(name) {
            found.insert(name.to_owned(), value);
        }
    }
    let algorithm = found.get(ENCRYPTION).map(String::as_str);
    if let Some(unknown) = algorithm.filter(|name| !["AES256", "KMS", "SM4"].contains(name)) {
        return Err(bad_algorithm(unknown));
    }
    if let Some(unknown) = found.get(DATA_ENCRYPTION).filter(|name| *name != "SM4") {
        return Err(bad_algorithm(unknown));
    }
    for name in [DATA_ENCRYPTION, ENCRYPTION_KEY] {
        if let Some(value) = found.get(name).filter(|_| algorithm != Some("KMS")) {
            return Err(OssError::argument(name, value, "This header requires KMS encryption."));
        }
    }
    Ok(found)
}

fn bad_algorithm(name: &str) -> OssError {
    OssError::bad_request(
        "InvalidEncryptionAlgorithmError",
        "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS.",
    )
    .with("Algorithm", name)
}

fn tags(text: &str) -> Result<Vec<(String, String)>, OssError> {
    let invalid = |message| OssError::argument("x-oss-tagging", text, message);
    let mut tags = Vec::new();
    let mut names = BTreeSet::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (escape::decode(key), escape::decode(value)) else {
            return Err(invalid("A tag is not UTF-8."));
        };
        if key.is_empty() || key.len() > 128 || value.len() > 256 {
            return Err(invalid("A tag key must have 1 to 128 bytes, a tag value at most 256."));
        }
        if !names.insert(key.clone()) {
            return Err(invalid("Tag keys must be unique."));
        }
        tags.push((key, value));
    }
    if tags.len() > 10 { Err(invalid("An object can have at most 10 tags.")) } else { Ok(tags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_limited_and_unique() {
        assert_eq!(tags("a=b&c&d%20=+").unwrap().len(), 3);
        assert!(tags("a=1&a=2").is_err());
        assert!(tags(&format!("{}=1", "k".repeat(129))).is_err());
        assert!(tags(&format!("k={}", "v".repeat(257))).is_err());
        let eleven: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        assert!(tags(&eleven.join("&")).is_err());
    }
}
