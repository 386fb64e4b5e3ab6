//! V4 signatures, in the header and in the query.

use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::canonical::{SignedHeaders, canonical_query, canonical_request, canonical_uri};
use super::{AccessKey, AdditionalHeaders};
use crate::codec::date;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::oss_header;
use crate::runtime::Secret;
use crate::wire::Request;

/// The date, region and product for which a signature is valid.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// `20250115T103000Z`.
    pub(super) stamp: String,
    pub(super) region: &'a str,
    pub(super) product: &'a str,
}

impl<'a> Scope<'a> {
    pub(super) fn new(region: &'a str, product: &'a str, time: SystemTime) -> Result<Self> {
        if region.is_empty() {
            return Err(Error::invalid("region", "a V4 signature needs the region of the bucket"));
        }
        Ok(Self { stamp: date::stamp(time), region, product })
    }

    fn date(&self) -> &str {
        self.stamp.split('T').next().unwrap_or_default()
    }

    fn text(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date(), self.region, self.product)
    }
}

/// See [`super::Signer::sign`].
pub(super) fn sign(
    scope: &Scope<'_>,
    additional_headers: &AdditionalHeaders,
    request: &mut Request,
    key: &AccessKey,
    implied: &[(&str, &str)],
    time: SystemTime,
) -> Result<()> {
    let headers = &mut request.headers;
    headers.set(oss_header::DATE, scope.stamp.as_str())?;
    headers.set("Date", date::http_date(time))?;
    headers.set(oss_header::CONTENT_SHA256, UNSIGNED_PAYLOAD)?;
    // Without a token this removes the header that an attempt with another key has set.
    let token = key.token().map(Secret::expose).unwrap_or_default();
    headers.set(oss_header::SECURITY_TOKEN, token)?;

    let signed = SignedHeaders::of(&request.headers, implied, additional_headers);
    let signature = signature_of(request, &signed, key, scope)?;
    let authorization = authorization(key, scope, &signed.additional(), &signature);
    request.headers.set("Authorization", authorization)
}

/// See [`super::Signer::presign`].
pub(super) fn presign(
    scope: &Scope<'_>,
    additional_headers: &AdditionalHeaders,
    request: &mut Request,
    key: &AccessKey,
    implied: &[(&str, &str)],
    expires: Duration,
) -> Result<()> {
    if expires < Duration::from_secs(1) || expires > limits::PRESIGN_EXPIRES_MAX {
        return Err(Error::invalid("expires", "a V4 URL is valid for 1 second to 7 days"));
    }
    let signed = SignedHeaders::of(&request.headers, implied, additional_headers);
    let additional = signed.additional();
    let mut add = |name: &str, value: String| request.query.push((name.to_owned(), value));
    add(VERSION_PARAMETER, ALGORITHM.to_owned());
    add(CREDENTIAL_PARAMETER, format!("{}/{}", key.id(), scope.text()));
    add(oss_header::DATE, scope.stamp.clone());
    add(EXPIRES_PARAMETER, expires.as_secs().to_string());
    if let Some(token) = key.token() {
        add(oss_header::SECURITY_TOKEN, token.expose().to_owned());
    }
    if !additional.is_empty() {
        add(ADDITIONAL_HEADERS_PARAMETER, additional);
    }

    let signature = signature_of(request, &signed, key, scope)?;
    request.query.push((SIGNATURE_PARAMETER.to_owned(), signature));
    Ok(())
}

fn signature_of(
    request: &Request,
    headers: &SignedHeaders<'_>,
    key: &AccessKey,
    scope: &Scope<'_>,
) -> Result<String> {
    let uri = canonical_uri(request.bucket.as_ref(), request.key.as_ref());
    let query = canonical_query(&request.query);
    let text = canonical_request(request.method, &uri, &query, headers, UNSIGNED_PAYLOAD);
    signature(&*signing_key(key.secret(), scope)?, &string_to_sign(scope, &text))
}

/// Returns the string to sign.
pub(super) fn string_to_sign(scope: &Scope<'_>, canonical_request: &str) -> String {
    let hash = hex(&Sha256::digest(canonical_request));
    format!("{}\n{}\n{}\n{hash}", ALGORITHM, scope.stamp, scope.text())
}

/// Derives the signing key, which is valid for one day, region and product.
pub(super) fn signing_key(secret: &Secret, scope: &Scope<'_>) -> Result<Key> {
    let mut first =
        Zeroizing::new(Vec::with_capacity(KEY_PREFIX.len().saturating_add(secret.expose().len())));
    first.extend_from_slice(KEY_PREFIX.as_bytes());
    first.extend_from_slice(secret.expose().as_bytes());
    let mut key = derive(&first, scope.date())?;
    for name in [scope.region, scope.product, TERMINATOR] {
        key = derive(&*key, name)?;
    }
    Ok(key)
}

/// Returns the signature in hex.
pub(super) fn signature(key: &[u8], string_to_sign: &str) -> Result<String> {
    let mut mac = mac(key)?;
    mac.update(string_to_sign.as_bytes());
    Ok(hex(&mac.finalize().into_bytes()))
}

fn authorization(
    key: &AccessKey,
    scope: &Scope<'_>,
    additional_headers: &str,
    signature: &str,
) -> String {
    let (id, scope) = (key.id(), scope.text());
    let additional = match additional_headers {
        "" => String::new(),
        names => format!(",AdditionalHeaders={names}"),
    };
    format!("{ALGORITHM} Credential={id}/{scope}{additional},Signature={signature}")
}

/// A derived key, wiped from memory when it is dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

fn derive(key: &[u8], text: &str) -> Result<Key> {
    let mut mac = mac(key)?;
    mac.update(text.as_bytes());
    let mut output = mac.finalize().into_bytes();
    let mut derived = Key::default();
    derived.copy_from_slice(&output);
    output.as_mut_slice().zeroize();
    Ok(derived)
}

fn mac(key: &[u8]) -> Result<Hmac<Sha256>> {
    Hmac::new_from_slice(key).map_err(|_| Error::internal("an HMAC takes a key of any length"))
}

fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

/// The signature does not cover the body, which has its own checksums.
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

const ALGORITHM: &str = "OSS4-HMAC-SHA256";
/// The last element of a scope.
const TERMINATOR: &str = "aliyun_v4_request";
/// Precedes the secret in the first key.
const KEY_PREFIX: &str = "aliyun_v4";
const VERSION_PARAMETER: &str = "x-oss-signature-version";
const CREDENTIAL_PARAMETER: &str = "x-oss-credential";
const EXPIRES_PARAMETER: &str = "x-oss-expires";
const ADDITIONAL_HEADERS_PARAMETER: &str = "x-oss-additional-headers";
const SIGNATURE_PARAMETER: &str = "x-oss-signature";
