//! Verification of V4 signatures, in the Authorization header and in the query.

use hmac::Mac;
use hyper::HeaderMap;

use super::canonical::{Signable, v4_request, v4_string};
use super::keys::{self, AccessKey};
use super::{Verifier, expired, signature_mismatch, too_skewed};
use crate::clock;
use crate::error::OssError;

const SEVEN_DAYS_S: i64 = 604_800;

/// A V4 signature as sent.
#[derive(Debug)]
pub(crate) struct V4Claim {
    id: String,
    scope: String,
    /// The date line of the string to sign.
    date: String,
    /// The date in Unix seconds, if it is valid.
    signed: Option<i64>,
    /// How many seconds a URL is valid.
    validity: Option<i64>,
    additional: Vec<String>,
    signature: String,
    token: Option<String>,
}

impl V4Claim {
    /// Reads `Authorization: OSS4-HMAC-SHA256 …`.
    pub(super) fn of_header(
        signable: &Signable<'_>,
        authorization: &str,
    ) -> Result<Self, OssError> {
        let claim = parse_header(signable.headers, authorization)?;
        claim.check_form(signable.headers)?;
        let payload = text(signable.headers, "x-oss-content-sha256").unwrap_or_default();
        if payload != "UNSIGNED-PAYLOAD" {
            return Err(OssError::argument(
                "x-oss-content-sha256",
                payload,
                "The header x-oss-content-sha256 must be UNSIGNED-PAYLOAD.",
            ));
        }
        Ok(claim)
    }

    /// Reads the signature of a presigned URL.
    pub(super) fn of_query(signable: &Signable<'_>) -> Result<Self, OssError> {
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
        let date = param("x-oss-date").unwrap_or_default();
        let claim = Self {
            id,
            scope,
            date: date.to_owned(),
            signed: clock::parse_v4_date(date),
            validity: Some(validity(param("x-oss-expires"))?),
            additional: names(param("x-oss-additional-headers").unwrap_or_default()),
            signature: required("x-oss-signature")?.to_owned(),
            token: param("x-oss-security-token").map(str::to_owned),
        };
        claim.check_form(signable.headers)?;
        Ok(claim)
    }

    /// Returns the key that signed the request.
    pub(super) fn verify<'a>(
        &self,
        verifier: &Verifier<'a>,
        signable: &Signable<'_>,
    ) -> Result<&'a AccessKey, OssError> {
        let key = keys::find(verifier.keys, &self.id, self.token.as_deref())?;
        check_scope(verifier, &self.scope)?;
        self.check_date(verifier.now)?;
        let request = |resource: &String| v4_request(signable, resource, &self.additional);
        let text = |request: &[u8]| v4_string(&self.date, &self.scope, request);
        if signable.resources().iter().any(|resource| self.matches(key, &text(&request(resource))))
        {
            return Ok(key);
        }
        let request = request(&signable.resource());
        Err(signature_mismatch(&key.id, &self.signature, text(&request).as_bytes())
            .with("CanonicalRequest", String::from_utf8_lossy(&request)))
    }

    /// Checks what needs neither key nor clock.
    fn check_form(&self, headers: &HeaderMap) -> Result<(), OssError> {
        let mut items = self.scope.split('/');
        let day = items.next().unwrap_or_default();
        if items.next_back() != Some("aliyun_v4_request") {
            return Err(super::malformed(&self.scope).ec("0002-00000213"));
        }
        if day.len() != 8 || !day.bytes().all(|b| b.is_ascii_digit()) {
            return Err(super::malformed(&self.scope));
        }
        match self.additional.iter().find(|name| headers.get(name.as_str()).is_none()) {
            None => Ok(()),
            Some(name) => Err(OssError::argument(
                "AdditionalHeaders",
                name,
                "A header named in AdditionalHeaders is missing.",
            )),
        }
    }

    fn check_date(&self, now: i64) -> Result<(), OssError> {
        let signed = self.signed.ok_or_else(super::no_valid_date)?;
        if clock::v4_date(signed).get(..8) != self.scope.get(..8) {
            return Err(OssError::argument(
                "Authorization",
                &self.scope,
                "The date of the credential scope differs from that of the request.",
            ));
        }
        let skew = if self.validity.is_some() { signed - now } else { (signed - now).abs() };
        if skew > super::MAX_SKEW_S {
            return Err(too_skewed(now, signed));
        }
        match self.validity.map(|seconds| signed + seconds) {
            Some(until) if now > until => Err(expired(now, until)),
            _ => Ok(()),
        }
    }

    fn matches(&self, key: &AccessKey, text: &str) -> bool {
        let mac = super::sign::v4_key(&key.secret, &self.scope)
            .and_then(|secret| super::sign::sha256_mac(&secret, text.as_bytes()));
        let provided = Some(&self.signature)
            .filter(|signature| !signature.bytes().any(|b| b.is_ascii_uppercase()))
            .and_then(|signature| hex::decode(signature).ok());
        match (mac, provided) {
            (Some(mac), Some(provided)) => mac.verify_slice(&provided).is_ok(),
            _ => false,
        }
    }
}

/// Parses `x-oss-expires`, 1 to 604800 seconds.
fn validity(sent: Option<&str>) -> Result<i64, OssError> {
    let seconds = sent.and_then(|text| text.parse::<i64>().ok());
    seconds.filter(|seconds| (1..=SEVEN_DAYS_S).contains(seconds)).ok_or_else(|| {
        OssError::bad_request(
            "AuthorizationArgumentError",
            "The parameter x-oss-expires must be 1 to 604800 seconds.",
        )
        .with("ArgumentName", "x-oss-expires")
        .with("ArgumentValue", sent.unwrap_or_default())
        .ec(if sent.is_some() { "0002-00000232" } else { "0002-00000215" })
    })
}

fn parse_header(headers: &HeaderMap, authorization: &str) -> Result<V4Claim, OssError> {
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
    let (date, signed) = header_date(headers);
    Ok(V4Claim {
        id,
        scope,
        date,
        signed,
        validity: None,
        additional: names(additional),
        signature: signature.ok_or_else(malformed)?.to_owned(),
        token: text(headers, "x-oss-security-token").map(str::to_owned),
    })
}

/// Returns the signed date: `x-oss-date`, without it `Date`, which is an HTTP date.
fn header_date(headers: &HeaderMap) -> (String, Option<i64>) {
    if let Some(date) = text(headers, "x-oss-date") {
        return (date.to_owned(), clock::parse_v4_date(date));
    }
    let date = text(headers, "date").unwrap_or_default();
    (date.to_owned(), clock::parse_http_date(date).or_else(|| clock::parse_v4_date(date)))
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
    let [_, region, product, _] = items.as_slice() else {
        return Err(super::malformed(scope).ec("0002-00000213"));
    };
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
