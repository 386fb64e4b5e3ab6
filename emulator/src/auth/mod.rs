//! Authentication by V4 and V1 signatures, in the header or the query. The signature is read
//! first, which checks its form, and verified when the bucket is known. Verification checks, in
//! this order: key and token, scope, date, signature.

mod canonical;
mod keys;
mod sign;
mod v1;
mod v4;

pub(crate) use canonical::Signable;
pub use keys::AccessKey;
pub use sign::{Resource, Signer};
use v1::V1Claim;
use v4::V4Claim;

use crate::clock;
use crate::error::OssError;

/// Maximum difference between the request date and the server clock.
const MAX_SKEW_S: i64 = 900;

/// Parameters of signature verification.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verifier<'a> {
    pub(crate) keys: &'a [AccessKey],
    pub(crate) region: &'a str,
    pub(crate) product: &'a str,
    pub(crate) now: i64,
    /// Additional query parameters that V1 signs.
    pub(crate) sub_resources: &'a [String],
}

/// A signature as sent by the client.
#[derive(Debug)]
pub(crate) enum Claim {
    V4(V4Claim),
    V1(V1Claim),
}

impl Claim {
    /// Reads the signature of a request; `None` if the request is not signed.
    pub(crate) fn read(signable: &Signable<'_>) -> Result<Option<Self>, OssError> {
        let has = |name: &str| signable.query.iter().any(|(n, _)| n == name);
        let v4_url = has("x-oss-signature") || has("x-oss-signature-version");
        let v1_url = has("Signature") || has("OSSAccessKeyId");
        let Some(header) = signable.headers.get("authorization") else {
            return match (v4_url, v1_url) {
                (true, _) => V4Claim::of_query(signable).map(Self::V4).map(Some),
                (false, true) => V1Claim::of_query(signable).map(Self::V1).map(Some),
                (false, false) => Ok(None),
            };
        };
        let header = header.to_str().map_err(|_| malformed(""))?;
        if v4_url || v1_url {
            return Err(OssError::argument(
                "Authorization",
                "",
                "Only one auth mechanism is allowed: header or query.",
            ));
        }
        match header.split(' ').next() {
            Some("OSS4-HMAC-SHA256") => {
                V4Claim::of_header(signable, header).map(Self::V4).map(Some)
            }
            Some("OSS") => V1Claim::of_header(signable, header).map(Self::V1).map(Some),
            _ => Err(malformed(header).ec("0002-00000061")),
        }
    }
}

impl<'a> Verifier<'a> {
    /// Returns the key that signed the request.
    pub(crate) fn verify(
        &self,
        signable: &Signable<'_>,
        claim: &Claim,
    ) -> Result<&'a AccessKey, OssError> {
        match claim {
            Claim::V4(claim) => claim.verify(self, signable),
            Claim::V1(claim) => claim.verify(self, signable),
        }
    }
}

fn malformed(value: &str) -> OssError {
    let shown = value.split(' ').next().unwrap_or_default();
    OssError::argument("Authorization", shown, "Authorization header is invalid.")
}

fn no_valid_date() -> OssError {
    OssError::access_denied("OSS authentication requires a valid Date.")
}

fn expired(now: i64, until: i64) -> OssError {
    OssError::access_denied("Request has expired.")
        .with("Expires", clock::xml_date(until))
        .with("ServerTime", clock::xml_date(now))
}

fn too_skewed(now: i64, signed: i64) -> OssError {
    OssError::forbidden(
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    )
    .with("MaxAllowedSkewMilliseconds", "900000")
    .with("RequestTime", clock::xml_date(signed))
    .with("ServerTime", clock::xml_date(now))
}

fn signature_mismatch(id: &str, signature: &str, text: &[u8]) -> OssError {
    let bytes: Vec<String> = text.iter().map(|byte| format!("{byte:02X}")).collect();
    OssError::forbidden(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check \
         your key and signing method.",
    )
    .with("OSSAccessKeyId", id)
    .with("SignatureProvided", signature)
    .with("StringToSign", String::from_utf8_lossy(text))
    .with("StringToSignBytes", bytes.join(" "))
}

#[cfg(test)]
mod vectors;
