//! Endpoints, and the host and path of an object at an endpoint.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{BucketName, ObjectKey, Region};
use crate::codec::percent;
use crate::error::{Error, Result};

/// Where a request names its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// In the host name: `bucket.oss-cn-hangzhou.aliyuncs.com`.
    #[default]
    VirtualHost,
    /// In the path: `oss-cn-hangzhou.aliyuncs.com/bucket`. An endpoint that is an IP address always
    /// uses it.
    Path,
    /// Nowhere: the endpoint is a custom domain that is bound to the bucket.
    Cname,
}

/// Which endpoint of a region is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndpointKind {
    /// `oss-{region}.aliyuncs.com`.
    #[default]
    Public,
    /// `oss-{region}-internal.aliyuncs.com`, reachable from Alibaba Cloud's network only.
    Internal,
    /// `oss-accelerate.aliyuncs.com`.
    Accelerate,
    /// `{region}.oss.aliyuncs.com`, IPv4 and IPv6.
    DualStack,
}

/// A base URL: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    https: bool,
    /// The host as given, with its port if it has one.
    host: String,
    /// Whether `host` is a name or an IP address.
    host_kind: HostKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostKind {
    Name,
    Address,
}

/// The scheme, host and path of a request for one object or bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) https: bool,
    /// Host name or IP address, with the port if the endpoint has one.
    pub(crate) host: String,
    /// Percent-encoded; begins with a slash.
    pub(crate) path: String,
}

impl Endpoint {
    /// Parses a URL, or a host with or without a port, which means https.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `endpoint` and the rule that it breaks.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(refuse(
                "there is a space, a line end or another control character in the endpoint; the \
                 line end of a file or a shell command may be part of it",
            ));
        }
        let (https, rest) = match text.split_once("://") {
            None => (true, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err(refuse("the scheme of an endpoint must be https or http")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at(end);
        if tail.contains(['?', '#']) {
            return Err(refuse("an endpoint has no query and no fragment"));
        }
        if !matches!(tail, "" | "/") {
            return Err(refuse("an endpoint has no path; give bucket and key separately"));
        }
        if host.contains('@') {
            return Err(refuse("an endpoint has no user name and no password"));
        }
        Ok(Self { https, host: host.to_owned(), host_kind: check_host(host)? })
    }

    /// Returns Alibaba Cloud's endpoint of a region; https.
    pub(crate) fn from_region(region: &Region, kind: EndpointKind) -> Self {
        let host = match kind {
            EndpointKind::Public => format!("oss-{region}.aliyuncs.com"),
            EndpointKind::Internal => format!("oss-{region}-internal.aliyuncs.com"),
            EndpointKind::Accelerate => "oss-accelerate.aliyuncs.com".to_owned(),
            EndpointKind::DualStack => format!("{region}.oss.aliyuncs.com"),
        };
        Self { https: true, host, host_kind: HostKind::Name }
    }

    /// Returns true if requests use TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    /// Returns the host as given, with its port if it has one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the ID of the cloud box if this is its data or control endpoint. V4 signatures use
    /// it in place of the region.
    pub(crate) fn cloud_box(&self) -> Option<&str> {
        let name = self.host.split_once(':').map_or(self.host.as_str(), |(name, _)| name);
        let (id, rest) = name.split_once('.')?;
        let (region, domain) = rest.split_once('.')?;
        let is_box = id.starts_with("cb-") && !region.is_empty() && CLOUD_BOXES.contains(&domain);
        is_box.then_some(id)
    }

    /// Returns the target of a request for an object, a bucket, or without either the service.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `endpoint`, if the host would name the bucket twice.
    pub(crate) fn target(
        &self,
        addressing: Addressing,
        bucket: Option<&BucketName>,
        key: Option<&ObjectKey>,
    ) -> Result<Target> {
        self.target_of(addressing, bucket.map(BucketName::as_str), key.map(ObjectKey::as_str))
    }

    fn target_of(
        &self,
        addressing: Addressing,
        bucket: Option<&str>,
        key: Option<&str>,
    ) -> Result<Target> {
        let addressing = match self.host_kind {
            HostKind::Address => Addressing::Path,
            HostKind::Name => addressing,
        };
        let path = percent::escape_path(key.unwrap_or_default());
        let (host, path) = match (addressing, bucket) {
            (_, None) => (self.host.clone(), "/".to_owned()),
            (Addressing::VirtualHost, Some(bucket)) => {
                self.refuse_bucket_in_host(bucket)?;
                (format!("{bucket}.{}", self.host), format!("/{path}"))
            }
            (Addressing::Path, Some(bucket)) => (self.host.clone(), format!("/{bucket}/{path}")),
            (Addressing::Cname, Some(_)) => (self.host.clone(), format!("/{path}")),
        };
        Ok(Target { https: self.https, host, path })
    }

    /// Refuses an endpoint that already begins with the bucket.
    ///
    /// A bucket may have the same name as the first label of Alibaba Cloud's own endpoints: without
    /// that label, the rest would not be an endpoint.
    fn refuse_bucket_in_host(&self, bucket: &str) -> Result<()> {
        let rest = self.host.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.'));
        match rest {
            None | Some("aliyuncs.com" | "oss.aliyuncs.com") => Ok(()),
            Some(rest) => Err(refuse(format!(
                "the host already begins with the bucket name: use {rest} as the endpoint, or \
                 CNAME addressing if {} is a custom domain bound to the bucket",
                self.host
            ))),
        }
    }
}

/// The URL without a query.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", scheme(self.https), self.host, self.path)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", scheme(self.https), self.host)
    }
}

fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
}

fn refuse(rule: impl Into<String>) -> Error {
    Error::invalid("endpoint", rule)
}

/// Checks a host with an optional port.
fn check_host(host: &str) -> Result<HostKind> {
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return Err(refuse("an IPv6 address must be enclosed in [ and ]"));
        };
        if address.contains('%') {
            return Err(refuse(
                "an IPv6 address with a zone, such as %eth0, is not supported; use an address \
                 without one",
            ));
        }
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(refuse("not a valid IPv6 address"));
        }
        return match port.strip_prefix(':') {
            None if port.is_empty() => Ok(HostKind::Address),
            None => Err(refuse("only a port may follow the ] of an IPv6 address")),
            Some(port) => check_port(port).map(|()| HostKind::Address),
        };
    }
    match host.split_once(':') {
        None => check_name(host),
        Some((_, port)) if port.contains(':') => {
            Err(refuse("an IPv6 address must be enclosed in [ and ]"))
        }
        Some((name, port)) => check_port(port).and_then(|()| check_name(name)),
    }
}

fn check_port(port: &str) -> Result<()> {
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if digits => Ok(()),
        _ => Err(refuse("a port is a number from 1 to 65535")),
    }
}

/// Checks a host name or IPv4 address.
fn check_name(name: &str) -> Result<HostKind> {
    if name.is_empty() {
        return Err(refuse(
            "an endpoint is a host, such as oss-cn-hangzhou.aliyuncs.com, or its URL",
        ));
    }
    if let Some(rest) = name.strip_suffix('.').filter(|rest| !rest.is_empty()) {
        return Err(refuse(format!("a host name here has no dot at its end: use {rest}")));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err(refuse("a host name has only letters, digits, hyphens and dots"));
    }
    if name.len() > HOST_NAME_MAX || name.split('.').any(|label| !LABEL.contains(&label.len())) {
        return Err(refuse(
            "a label of a host name has 1 to 63 characters, the whole name at most 253",
        ));
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if !last.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(HostKind::Name);
    }
    match name.parse::<Ipv4Addr>() {
        Ok(_) => Ok(HostKind::Address),
        Err(_) => Err(refuse("not a valid IPv4 address")),
    }
}

const CLOUD_BOXES: [&str; 2] = ["oss-cloudbox.aliyuncs.com", "oss-cloudbox-control.aliyuncs.com"];
/// RFC 1035, 2.3.4.
const HOST_NAME_MAX: usize = 253;
const LABEL: std::ops::RangeInclusive<usize> = 1..=63;

#[cfg(test)]
mod tests;
