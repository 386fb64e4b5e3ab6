//! The V4 signing key, the two MACs, and the signer of the client commands.

use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, DATE, HeaderName, HeaderValue};
use sha1::Sha1;
use sha2::Sha256;

use super::canonical::{Signable, signed_by_default, v4_request, v4_string};
use super::keys::AccessKey;
use crate::clock;

/// HMAC-SHA256. Never `None`: HMAC accepts keys of any length.
pub(crate) fn sha256_mac(key: &[u8], text: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac)
}

/// HMAC-SHA1, for V1.
pub(crate) fn sha1_mac(key: &[u8], text: &[u8]) -> Option<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac)
}

/// Derives the V4 signing key of a scope `date/region/product/aliyun_v4_request`.
pub(crate) fn v4_key(secret: &str, scope: &str) -> Option<Vec<u8>> {
    let mut key = format!("aliyun_v4{secret}").into_bytes();
    for step in scope.split('/') {
        key = sha256_mac(&key, step.as_bytes())?.finalize().into_bytes().to_vec();
    }
    Some(key)
}

/// Signs requests with one access key.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The access key, with its token if temporary.
    pub key: AccessKey,
    /// Region ID, e.g. `cn-hangzhou`.
    pub region: String,
}

/// The resource of a signed request: the service, a bucket, or an object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resource<'a> {
    /// Bucket name.
    pub bucket: Option<&'a str>,
    /// Object key, unescaped.
    pub key: Option<&'a str>,
}

impl Signer {
    /// Adds the date, payload hash, token and V4 Authorization headers.
    ///
    /// `query` holds decoded pairs; an empty value means a bare name. `additional` names extra
    /// headers to sign. `unix` is the signing time in Unix seconds.
    pub fn sign(
        &self,
        method: &str,
        resource: Resource<'_>,
        query: &[(String, String)],
        additional: &[&str],
        unix: i64,
        headers: &mut HeaderMap,
    ) {
        let date = clock::v4_date(unix);
        set(headers, DATE, &clock::http_date(unix));
        set(headers, HeaderName::from_static("x-oss-date"), &date);
        set(headers, HeaderName::from_static("x-oss-content-sha256"), "UNSIGNED-PAYLOAD");
        if let Some(token) = &self.key.token {
            set(headers, HeaderName::from_static("x-oss-security-token"), token);
        }
        let mut extra: Vec<String> =
            additional.iter().map(|name| name.to_ascii_lowercase()).collect();
        extra.retain(|name| {
            !signed_by_default(name) && headers.get(name.as_str()).is_some_and(|v| !v.is_empty())
        });
        extra.sort();
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/oss/aliyun_v4_request", self.region);
        let signable = Signable {
            method,
            bucket: resource.bucket,
            key: resource.key,
            is_path_style: false,
            query,
            headers,
        };
        let request = v4_request(&signable, &signable.resource(), &extra);
        let text = v4_string(&date, &scope, &request);
        let signature = v4_key(&self.key.secret, &scope)
            .and_then(|key| sha256_mac(&key, text.as_bytes()))
            .map(|mac| hex::encode(mac.finalize().into_bytes()))
            .unwrap_or_default();
        let listed = if extra.is_empty() {
            String::new()
        } else {
            format!(",AdditionalHeaders={}", extra.join(";"))
        };
        let authorization = format!(
            "OSS4-HMAC-SHA256 Credential={}/{scope}{listed},Signature={signature}",
            self.key.id
        );
        set(headers, AUTHORIZATION, &authorization);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
