//! Verification of V1 signatures, in the Authorization header and in the query.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use super::canonical::{Signable, v1_string};
use super::keys::{self, AccessKey};
use super::{Verifier, expired, malformed, no_valid_date, signature_mismatch, too_skewed};
use crate::clock;
use crate::error::OssError;

/// A V1 signature as sent.
#[derive(Debug)]
pub(crate) struct V1Claim {
    id: String,
    signature: String,
    /// The date line of the string to sign: the date, or the expiry of a URL.
    date: String,
    is_url: bool,
    token: Option<String>,
}

impl V1Claim {
    /// Reads `Authorization: OSS id:signature`.
    pub(super) fn of_header(
        signable: &Signable<'_>,
        authorization: &str,
    ) -> Result<Self, OssError> {
        let fields = authorization.strip_prefix("OSS ").map(str::trim);
        let fields = fields.and_then(|fields| fields.rsplit_once(':'));
        let fields = fields.filter(|(id, signature)| !id.is_empty() && !signature.is_empty());
        let (id, signature) = fields.ok_or_else(|| malformed(authorization))?;
        let header = |name: &str| signable.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Self {
            id: id.to_owned(),
            signature: signature.to_owned(),
            date: header("x-oss-date").or_else(|| header("date")).unwrap_or_default().to_owned(),
            is_url: false,
            token: header("x-oss-security-token")
                .or_else(|| header("security-token"))
                .map(str::to_owned),
        })
    }

    /// Reads the signature of a presigned URL.
    pub(super) fn of_query(signable: &Signable<'_>) -> Result<Self, OssError> {
        let param = |name: &str| {
            let found = signable.query.iter().find(|(n, _)| n == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let required = |name: &str| {
            param(name).ok_or_else(|| {
                OssError::access_denied("A parameter of the signed URL is missing or invalid.")
            })
        };
        Ok(Self {
            id: required("OSSAccessKeyId")?,
            signature: required("Signature")?,
            date: required("Expires")?,
            is_url: true,
            token: param("security-token"),
        })
    }

    /// Returns the key that signed the request.
    pub(super) fn verify<'a>(
        &self,
        verifier: &Verifier<'a>,
        signable: &Signable<'_>,
    ) -> Result<&'a AccessKey, OssError> {
        let key = keys::find(verifier.keys, &self.id, self.token.as_deref())?;
        if self.is_url {
            self.check_expiry(verifier.now)?;
        } else {
            self.check_date(verifier.now)?;
        }
        let text =
            |resource: &String| v1_string(signable, resource, &self.date, verifier.sub_resources);
        if signable.resources().iter().any(|resource| self.matches(key, &text(resource))) {
            return Ok(key);
        }
        Err(signature_mismatch(&key.id, &self.signature, &text(&signable.resource())))
    }

    fn check_date(&self, now: i64) -> Result<(), OssError> {
        let signed = clock::parse_http_date(&self.date)
            .or_else(|| clock::parse_v4_date(&self.date))
            .ok_or_else(no_valid_date)?;
        if (now - signed).abs() > super::MAX_SKEW_S {
            return Err(too_skewed(now, signed));
        }
        Ok(())
    }

    fn check_expiry(&self, now: i64) -> Result<(), OssError> {
        let until = self.date.parse::<i64>().map_err(|_| {
            OssError::access_denied("A parameter of the signed URL is missing or invalid.")
        })?;
        if now > until { Err(expired(now, until)) } else { Ok(()) }
    }

    fn matches(&self, key: &AccessKey, text: &[u8]) -> bool {
        match (super::sign::sha1_mac(key.secret.as_bytes(), text), STANDARD.decode(&self.signature))
        {
            (Some(mac), Ok(provided)) => mac.verify_slice(&provided).is_ok(),
            _ => false,
        }
    }
}
