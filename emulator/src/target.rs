//! Parses the bucket and key of a request from its host and path.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::error::OssError;
use crate::escape;

/// Where the bucket name is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// The first path segment, regardless of the host.
    Path,
    /// The first label of the host; path-style requests are rejected.
    Virtual,
    /// The host if it contains a bucket name, otherwise the path.
    #[default]
    Both,
}

/// Maps host names to buckets, for custom domains.
pub(crate) type BoundHosts = BTreeMap<String, String>;

/// The resource of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    /// Whether the bucket name was in the path.
    pub(crate) is_path_style: bool,
}

impl Target {
    /// Parses the escaped `path` and the Host header, with or without a port.
    pub(crate) fn parse(
        path: &str,
        host: &str,
        addressing: Addressing,
        bound: &BoundHosts,
    ) -> Result<Self, OssError> {
        let Some(path) = escape::decode(path) else {
            return Err(OssError::bad_request(
                "InvalidObjectName",
                "The specified object name is not valid.",
            ));
        };
        let path = path.strip_prefix('/').unwrap_or(&path);
        let name = host_name(host);
        let by_host = match addressing {
            Addressing::Path => None,
            Addressing::Virtual | Addressing::Both => {
                bound.get(name).cloned().or_else(|| bucket_label(name))
            }
        };
        if let Some(bucket) = by_host {
            let key = Some(path.to_owned()).filter(|key| !key.is_empty());
            return Ok(Self { bucket: Some(bucket), key, is_path_style: false });
        }
        if path.is_empty() {
            return Ok(Self::default());
        }
        if addressing == Addressing::Virtual {
            return Err(OssError::forbidden(
                "SecondLevelDomainForbidden",
                "The bucket you are attempting to access must be addressed using OSS third level \
                 domain.",
            ));
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let key = Some(key.to_owned()).filter(|key| !key.is_empty());
        Ok(Self { bucket: Some(bucket.to_owned()), key, is_path_style: true })
    }
}

/// 3 to 63 bytes of `a-z 0-9 -`, with a letter or digit at both ends.
pub(crate) fn is_bucket_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=63).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// 1 to 1023 bytes, not starting with a slash or backslash.
pub(crate) fn is_object_name(key: &str) -> bool {
    (1..=1023).contains(&key.len()) && !key.starts_with(['/', '\\'])
}

fn host_name(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

/// Returns the bucket of a virtual-hosted name; `None` for an IP address or an endpoint.
fn bucket_label(name: &str) -> Option<String> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() || is_endpoint(name) {
        return None;
    }
    name.split_once('.').map(|(bucket, _)| bucket.to_owned())
}

/// Returns whether the name is an endpoint: `oss.localhost`, `oss-cn-hangzhou.aliyuncs.com`,
/// `cn-hangzhou.oss.aliyuncs.com`.
fn is_endpoint(name: &str) -> bool {
    let public = |name: &str| {
        name.strip_suffix(".aliyuncs.com").is_some_and(|rest| {
            (rest.starts_with("oss-") && !rest.contains('.'))
                || rest.strip_suffix(".oss").is_some_and(|region| !region.contains('.'))
        })
    };
    matches!(name, "oss.localhost" | "localhost") || !name.contains('.') || public(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str, host: &str, addressing: Addressing) -> (String, String) {
        let target = Target::parse(path, host, addressing, &BoundHosts::new()).unwrap();
        (target.bucket.unwrap_or_default(), target.key.unwrap_or_default())
    }

    #[test]
    fn addresses_and_endpoints_are_path_style() {
        for host in ["127.0.0.1:90", "[::1]:90", "localhost:90", "oss-cn-hangzhou.aliyuncs.com"] {
            let found = parse("/bucket%2Fa%20b/c+d", host, Addressing::Both);
            assert_eq!(found, ("bucket".into(), "a b/c d".into()), "{host}");
        }
        assert_eq!(
            parse("/", "oss.localhost:90", Addressing::Both),
            (String::new(), String::new())
        );
    }

    #[test]
    fn other_hosts_name_the_bucket_in_their_first_label() {
        for host in ["bucket.oss.localhost:9", "bucket.oss-cn-hangzhou.aliyuncs.com"] {
            assert_eq!(parse("/a/b", host, Addressing::Both), ("bucket".into(), "a/b".into()));
        }
        assert_eq!(parse("/", "bucket.x.y", Addressing::Both), ("bucket".into(), String::new()));
        assert_eq!(parse("/b/k", "bucket.x.y", Addressing::Path), ("b".into(), "k".into()));
    }

    #[test]
    fn virtual_addressing_rejects_path_style() {
        let error = Target::parse("/b/k", "127.0.0.1", Addressing::Virtual, &BoundHosts::new())
            .unwrap_err();
        assert_eq!(error.code, "SecondLevelDomainForbidden");
    }

    #[test]
    fn a_bound_host_names_its_bucket() {
        let bound = BoundHosts::from([("files.example.com".to_owned(), "mine".to_owned())]);
        let target = Target::parse("/k", "files.example.com:80", Addressing::Both, &bound).unwrap();
        assert_eq!(target.bucket.as_deref(), Some("mine"));
    }

    #[test]
    fn bucket_and_object_names_are_validated() {
        assert!(is_bucket_name("abc-9"));
        for name in ["ab", "-abc", "abc-", "Abc", "a.c", &"a".repeat(64)] {
            assert!(!is_bucket_name(name), "{name}");
        }
        assert!(is_object_name("a"));
        for key in ["", "/a", "\\a", &"a".repeat(1024)] {
            assert!(!is_object_name(key), "{key}");
        }
    }
}
