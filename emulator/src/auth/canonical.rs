//! Strings to sign, shared by the signer and the verifier.

use hyper::HeaderMap;
use sha2::{Digest, Sha256};

use crate::escape;

/// The parts of a request that are signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    /// Whether the path, not the host, has the bucket name.
    pub(crate) is_path_style: bool,
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
}

impl Signable<'_> {
    /// Returns `/`, `/bucket/` or `/bucket/key`, unescaped.
    pub(super) fn resource(&self) -> String {
        match self.bucket {
            None => "/".to_owned(),
            Some(bucket) => format!("/{bucket}/{}", self.key.unwrap_or_default()),
        }
    }

    /// Returns the resources that the client may have signed: in path style a bucket can be without
    /// its slash.
    pub(super) fn resources(&self) -> Vec<String> {
        let mut resources = vec![self.resource()];
        if let (true, Some(bucket), None) = (self.is_path_style, self.bucket, self.key) {
            resources.push(format!("/{bucket}"));
        }
        resources
    }

    /// Returns `name:value\n` for each header in `wanted`, sorted; repeated values are joined.
    fn header_lines(&self, wanted: impl Fn(&str) -> bool) -> Vec<u8> {
        let mut names: Vec<&str> =
            self.headers.keys().map(hyper::http::HeaderName::as_str).collect();
        names.retain(|name| wanted(name));
        names.sort_unstable();
        let mut lines = Vec::new();
        for name in names {
            lines.extend_from_slice(name.as_bytes());
            lines.push(b':');
            let values: Vec<&[u8]> = self
                .headers
                .get_all(name)
                .iter()
                .map(|value| value.as_bytes().trim_ascii())
                .collect();
            lines.extend_from_slice(&values.join(&b','));
            lines.push(b'\n');
        }
        lines
    }
}

/// Returns whether V4 always signs this header.
pub(crate) fn signed_by_default(name: &str) -> bool {
    name.starts_with("x-oss-") || matches!(name, "content-type" | "content-md5")
}

/// Returns the V4 canonical request. `additional` is sorted and lower-case.
pub(crate) fn v4_request(
    signable: &Signable<'_>,
    resource: &str,
    additional: &[String],
) -> Vec<u8> {
    let mut pairs: Vec<(String, String)> = signable
        .query
        .iter()
        .filter(|(name, _)| name != "x-oss-signature")
        .map(|(name, value)| (escape::query(name), escape::query(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") })
        .collect();
    let wanted =
        |name: &str| signed_by_default(name) || additional.iter().any(|extra| extra == name);
    let mut request =
        format!("{}\n{}\n{}\n", signable.method, escape::path(resource), pairs.join("&"))
            .into_bytes();
    request.extend(signable.header_lines(wanted));
    request.extend(format!("\n{}\nUNSIGNED-PAYLOAD", additional.join(";")).bytes());
    request
}

/// Returns the V4 string to sign.
pub(crate) fn v4_string(date: &str, scope: &str, request: &[u8]) -> String {
    format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(request)))
}

/// Returns the V1 string to sign; `date` is the HTTP date or the decimal expiry.
pub(crate) fn v1_string(
    signable: &Signable<'_>,
    resource: &str,
    date: &str,
    extra: &[String],
) -> Vec<u8> {
    let header = |name: &str| {
        signable.headers.get(name).map(|value| value.as_bytes().trim_ascii()).unwrap_or_default()
    };
    let mut text = signable.method.as_bytes().to_vec();
    for line in [header("content-md5"), header("content-type"), date.as_bytes()] {
        text.push(b'\n');
        text.extend_from_slice(line);
    }
    text.push(b'\n');
    text.extend(signable.header_lines(|name| name.starts_with("x-oss-")));
    text.extend(resource.bytes());
    let is_signed = |name: &str| {
        SUB_RESOURCES.contains(&name)
            || name.starts_with("x-oss-")
            || extra.iter().any(|declared| declared == name)
    };
    let mut pairs: Vec<&(String, String)> =
        signable.query.iter().filter(|(name, _)| is_signed(name)).collect();
    pairs.sort();
    for (index, (name, value)) in pairs.into_iter().enumerate() {
        text.push(if index == 0 { b'?' } else { b'&' });
        text.extend(name.bytes());
        if !value.is_empty() {
            text.push(b'=');
            text.extend(value.bytes());
        }
    }
    text
}

/// Query parameters that V1 signs.
const SUB_RESOURCES: &[&str] = &[
    "acl",
    "append",
    "asyncFetch",
    "bucketInfo",
    "callback",
    "callback-var",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "img",
    "inventory",
    "inventoryId",
    "lifecycle",
    "live",
    "location",
    "logging",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "qos",
    "qosInfo",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfId",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "withHashContext",
    "worm",
    "wormExtend",
    "wormId",
];
