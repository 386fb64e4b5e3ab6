//! V1 signatures, in the header and in the query.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::AccessKey;
use super::canonical::{oss_headers, trim};
use crate::codec::date;
use crate::error::{Error, Result};
use crate::model::oss_header;
use crate::runtime::Secret;
use crate::wire::Request;

/// See [`super::Signer::sign`].
pub(super) fn sign(request: &mut Request, key: &AccessKey, time: SystemTime) -> Result<()> {
    let date = date::http_date(time);
    request.headers.set("Date", date.as_str())?;
    // Without a token this removes the header that an attempt with another key has set.
    let token = key.token().map(Secret::expose).unwrap_or_default();
    request.headers.set(oss_header::SECURITY_TOKEN, token)?;

    let signature = signature(key.secret(), &string_to_sign(request, &date))?;
    request.headers.set("Authorization", format!("OSS {}:{signature}", key.id()))
}

/// See [`super::Signer::presign`].
pub(super) fn presign(
    request: &mut Request,
    key: &AccessKey,
    time: SystemTime,
    expires: Duration,
) -> Result<()> {
    if expires < Duration::from_secs(1) {
        return Err(Error::invalid("expires", "a presigned URL is valid for at least 1 second"));
    }
    let end = time.checked_add(expires).and_then(|end| end.duration_since(UNIX_EPOCH).ok());
    let Some(end) = end else {
        return Err(Error::invalid("expires", "the time of expiry is out of range"));
    };
    let end = end.as_secs().to_string();
    if let Some(token) = key.token() {
        request.query.push(("security-token".to_owned(), token.expose().to_owned()));
    }
    let signature = signature(key.secret(), &string_to_sign(request, &end))?;
    request.query.push(("OSSAccessKeyId".to_owned(), key.id().to_owned()));
    request.query.push(("Expires".to_owned(), end));
    request.query.push(("Signature".to_owned(), signature));
    Ok(())
}

/// Returns the string to sign. `date` is the HTTP date or, for a URL, the expiry in Unix seconds.
pub(super) fn string_to_sign(request: &Request, date: &str) -> String {
    let value = |name| request.headers.get(name).map(trim).unwrap_or_default();
    format!(
        "{}\n{}\n{}\n{date}\n{}{}",
        request.method.as_str(),
        value("Content-MD5"),
        value("Content-Type"),
        oss_headers(&request.headers),
        resource(request),
    )
}

/// Returns the base64 HMAC.
pub(super) fn signature(secret: &Secret, string_to_sign: &str) -> Result<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes())
        .map_err(|_| Error::internal("an HMAC takes a key of any length"))?;
    mac.update(string_to_sign.as_bytes());
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

/// Returns bucket, key and the signed parameters, unescaped.
fn resource(request: &Request) -> String {
    let mut text = match (&request.bucket, &request.key) {
        (None, _) => "/".to_owned(),
        (Some(bucket), None) => format!("/{bucket}/"),
        (Some(bucket), Some(key)) => format!("/{bucket}/{key}"),
    };
    let mut signed: Vec<_> = request.query.iter().collect();
    signed.retain(|(name, _)| {
        name.starts_with(oss_header::PREFIX) || SUB_RESOURCES.contains(&name.as_str())
    });
    signed.sort_unstable();
    let mut separator = '?';
    for (name, value) in signed {
        text.push(separator);
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
        separator = '&';
    }
    text
}

/// The list of the OSS Go SDK v2, and `resourceGroup`, which that SDK declares elsewhere.
const SUB_RESOURCES: [&str; 31] = [
    "acl",
    "append",
    "bucketInfo",
    "callback",
    "callback-var",
    "cloudboxes",
    "continuation-token",
    "delete",
    "location",
    "objectMeta",
    "partNumber",
    "position",
    "regionList",
    "resourceGroup",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "stat",
    "symlink",
    "tagging",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
];
