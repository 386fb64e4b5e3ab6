//! Verification of V4 signatures, in the Authorization header and in the query.

use hmac::Mac;
use hyper::HeaderMap;

use super::canonical::{Signable, v4_request, v4_string};
use super::keys::{self, AccessKey};
use super::{Verifier, signature_mismatch, too_skewed};
use crate::clock;
use crate::error::OssError;

const SEVEN_DAYS_S: i64 = 604_800;

/// A parsed V4 signature.
#[derive(Debug)]
struct Claim {
    id: String,
    scope: String,
    date: String,
    additional: Vec<String>,
    signature: String,
    token: Option<String>,
}

/// Verifies `Authorization: OSS4-HMAC-SHA256 …`.
pub(super) fn verify_header<'a>(
    verifier: &Verifier<'a>,
    signable: &Signable<'_>,
    authorization: &str,
) -> Result<&'a AccessKey, OssError> {
    let claim = parse_header(signable.headers, authorization)?;
    check_scope(verifier, &claim.scope)?;
    check_additional(&claim, signable.headers)?;
    if text(signable.headers, "x-oss-content-sha256") != Some("UNSIGNED-PAYLOAD") {
        let sent = text(signable.headers, "x-oss-content-sha256").unwrap_or_default();
        return Err(OssError::argument(
            "x-oss-content-sha256",
            sent,
            "The header x-oss-content-sha256 must be UNSIGNED-PAYLOAD.",
        ));
    }
    if text(signable.headers, "x-oss-date").is_some() {
        check_day(&claim)?;
    }
    let signed = clock::parse_v4_date(&claim.date)
        .ok_or_else(|| OssError::access_denied("OSS authentication requires a valid Date."))?;
    if (verifier.now - signed).abs() > super::MAX_SKEW_S {
        return Err(too_skewed(verifier.now, signed));
    }
    check_signature(verifier, signable, &claim)
}

/// Verifies a presigned URL with `x-oss-signature`.
pub(super) fn verify_query<'a>(
    verifier: &Verifier<'a>,
    signable: &Signable<'_>,
) -> Result<&'a AccessKey, OssError> {
    let param = |name: &str| {
        let found = signable.query.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let required = |name: &'static str| {
        param(name).ok_or_else(|| OssError::argument(name, "", "The parameter is missing."))
    };
    let version = required("x-oss-signature-version")?;
    if version != "OSS4-HMAC-SHA256" {
        return Err(OssError::argument(
            "x-oss-signature-version",
            version,
            "The signature version is unknown.",
        ));
    }
    let (id, scope) = split_credential(required("x-oss-credential")?)?;
    let claim = Claim {
        id,
        scope,
        date: param("x-oss-date").unwrap_or_default().to_owned(),
        additional: names(param("x-oss-additional-headers").unwrap_or_default()),
        signature: required("x-oss-signature")?.to_owned(),
        token: param("x-oss-security-token").map(str::to_owned),
    };
    check_scope(verifier, &claim.scope)?;
    check_additional(&claim, signable.headers)?;
    if !claim.date.is_empty() {
        check_day(&claim)?;
    }
    let expires = required("x-oss-expires")?;
    let seconds = expires.parse::<i64>().ok().filter(|s| (1..=SEVEN_DAYS_S).contains(s));
    let seconds = seconds.ok_or_else(|| {
        OssError::argument("x-oss-expires", expires, "The expiry must be 1 to 604800 seconds.")
    })?;
    let signed = clock::parse_v4_date(&claim.date)
        .ok_or_else(|| OssError::access_denied("OSS authentication requires a valid Date."))?;
    if signed - verifier.now > super::MAX_SKEW_S {
        return Err(too_skewed(verifier.now, signed));
    }
    if verifier.now > signed + seconds {
        return Err(OssError::access_denied("Request has expired.")
            .with("Expires", clock::xml_date(signed + seconds))
            .with("ServerTime", clock::xml_date(verifier.now)));
    }
    check_signature(verifier, signable, &claim)
}

fn parse_header(headers: &HeaderMap, authorization: &str) -> Result<Claim, OssError> {
    let malformed = || super::malformed(authorization);
    let fields = authorization.split_once(' ').map(|(_, rest)| rest).unwrap_or_default();
    let (mut credential, mut additional, mut signature) = (None, "", None);
    for field in fields.split(',') {
        match field.trim().split_once('=') {
            Some(("Credential", value)) => credential = Some(value),
            Some(("AdditionalHeaders", value)) => additional = value,
            Some(("Signature", value)) => signature = Some(value),
            _ => return Err(malformed()),
        }
    }
    let (id, scope) = split_credential(credential.ok_or_else(malformed)?)?;
    Ok(Claim {
        id,
        scope,
        date: text(headers, "x-oss-date").unwrap_or_default().to_owned(),
        additional: names(additional),
        signature: signature.ok_or_else(malformed)?.to_owned(),
        token: text(headers, "x-oss-security-token").map(str::to_owned),
    })
}

/// Splits off the scope, the last four items; the access key ID can contain slashes.
fn split_credential(credential: &str) -> Result<(String, String), OssError> {
    let items: Vec<&str> = credential.rsplitn(5, '/').collect();
    let [request, product, region, day, id] = items.as_slice() else {
        return Err(super::malformed(credential).ec("0002-00000213"));
    };
    let forbidden = |c: char| c.is_ascii_whitespace() || c.is_control();
    if id.is_empty() || id.chars().any(forbidden) {
        return Err(super::malformed(credential).ec("0002-00000206"));
    }
    Ok(((*id).to_owned(), format!("{day}/{region}/{product}/{request}")))
}

fn check_scope(verifier: &Verifier<'_>, scope: &str) -> Result<(), OssError> {
    let items: Vec<&str> = scope.split('/').collect();
    let [day, region, product, request] = items.as_slice() else {
        return Err(super::malformed(scope).ec("0002-00000213"));
    };
    if *request != "aliyun_v4_request" {
        return Err(super::malformed(scope).ec("0002-00000213"));
    }
    if day.len() != 8 || !day.bytes().all(|b| b.is_ascii_digit()) {
        return Err(super::malformed(scope));
    }
    if *region != verifier.region {
        let is_region_id = region.contains('-') && !region.starts_with("oss-");
        let ec = if is_region_id { "0002-00000228" } else { "0002-00000226" };
        return Err(OssError::argument(
            "Authorization",
            region,
            &format!("Invalid signing region in Authorization header: {region}"),
        )
        .ec(ec));
    }
    if *product != verifier.product {
        return Err(OssError::argument(
            "Authorization",
            product,
            "Invalid signing product in Authorization header.",
        ));
    }
    Ok(())
}

fn check_day(claim: &Claim) -> Result<(), OssError> {
    if clock::parse_v4_date(&claim.date).is_some() && claim.date.get(..8) != claim.scope.get(..8) {
        return Err(OssError::argument(
            "Authorization",
            &claim.scope,
            "The date of the credential scope differs from that of x-oss-date.",
        ));
    }
    Ok(())
}

fn check_additional(claim: &Claim, headers: &HeaderMap) -> Result<(), OssError> {
    match claim.additional.iter().find(|name| headers.get(name.as_str()).is_none()) {
        None => Ok(()),
        Some(name) => Err(OssError::argument(
            "AdditionalHeaders",
            name,
            "A header named in AdditionalHeaders is missing.",
        )),
    }
}

fn check_signature<'a>(
    verifier: &Verifier<'a>,
    signable: &Signable<'_>,
    claim: &Claim,
) -> Result<&'a AccessKey, OssError> {
    let key = keys::find(verifier.keys, &claim.id, claim.token.as_deref())?;
    let request = v4_request(signable, &claim.additional);
    let text = v4_string(&claim.date, &claim.scope, &request);
    let mac = super::sign::v4_key(&key.secret, &claim.scope)
        .and_then(|secret| super::sign::sha256_mac(&secret, text.as_bytes()));
    let provided = Some(&claim.signature)
        .filter(|signature| !signature.bytes().any(|b| b.is_ascii_uppercase()))
        .and_then(|signature| hex::decode(signature).ok());
    match (mac, provided) {
        (Some(mac), Some(provided)) if mac.clone().verify_slice(&provided).is_ok() => Ok(key),
        _ => Err(signature_mismatch(&key.id, &claim.signature, text.as_bytes())
            .with("CanonicalRequest", String::from_utf8_lossy(&request))),
    }
}

fn names(list: &str) -> Vec<String> {
    let mut names: Vec<String> = list
        .split(';')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
