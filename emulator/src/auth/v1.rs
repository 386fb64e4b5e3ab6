//! Verification of V1 signatures, in the Authorization header and in the query.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use super::canonical::{Signable, v1_string};
use super::keys::{self, AccessKey};
use super::{Verifier, malformed, signature_mismatch, too_skewed};
use crate::clock;
use crate::error::OssError;

/// Verifies `Authorization: OSS id:signature`.
pub(super) fn verify_header<'a>(
    verifier: &Verifier<'a>,
    signable: &Signable<'_>,
    authorization: &str,
) -> Result<&'a AccessKey, OssError> {
    let fields = authorization.strip_prefix("OSS ").and_then(|rest| rest.trim().rsplit_once(':'));
    let Some((id, signature)) = fields.filter(|(id, sig)| !id.is_empty() && !sig.is_empty()) else {
        return Err(malformed(authorization));
    };
    let header = |name: &str| signable.headers.get(name).and_then(|value| value.to_str().ok());
    let date = header("x-oss-date").or_else(|| header("date")).unwrap_or_default();
    let signed = clock::parse_http_date(date)
        .or_else(|| clock::parse_v4_date(date))
        .ok_or_else(|| OssError::access_denied("OSS authentication requires a valid Date."))?;
    if (verifier.now - signed).abs() > super::MAX_SKEW_S {
        return Err(too_skewed(verifier.now, signed));
    }
    let token = header("x-oss-security-token").or_else(|| header("security-token"));
    let key = keys::find(verifier.keys, id, token)?;
    check(verifier, signable, key, date, signature)
}

/// Verifies a presigned URL with `Signature`.
pub(super) fn verify_query<'a>(
    verifier: &Verifier<'a>,
    signable: &Signable<'_>,
) -> Result<&'a AccessKey, OssError> {
    let param = |name: &str| {
        let found = signable.query.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let denied = || OssError::access_denied("A parameter of the signed URL is missing or invalid.");
    let (Some(id), Some(expires), Some(signature)) =
        (param("OSSAccessKeyId"), param("Expires"), param("Signature"))
    else {
        return Err(denied());
    };
    let until: i64 = expires.parse().map_err(|_| denied())?;
    if verifier.now > until {
        return Err(OssError::access_denied("Request has expired.")
            .with("Expires", clock::xml_date(until))
            .with("ServerTime", clock::xml_date(verifier.now)));
    }
    let key = keys::find(verifier.keys, id, param("security-token"))?;
    check(verifier, signable, key, expires, signature)
}

fn check<'a>(
    verifier: &Verifier<'_>,
    signable: &Signable<'_>,
    key: &'a AccessKey,
    date: &str,
    signature: &str,
) -> Result<&'a AccessKey, OssError> {
    let text = v1_string(signable, date, verifier.sub_resources);
    let mac = super::sign::sha1_mac(key.secret.as_bytes(), &text);
    match (mac, STANDARD.decode(signature)) {
        (Some(mac), Ok(provided)) if mac.clone().verify_slice(&provided).is_ok() => Ok(key),
        _ => Err(signature_mismatch(&key.id, signature, &text)),
    }
}
