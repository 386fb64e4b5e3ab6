//! Where requests go: an endpoint, and the host and path that an object has there.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{BucketName, ObjectKey, Region};
use crate::codec::percent;
use crate::error::{Error, Result};

/// How a bucket is named in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// In the host name: `bucket.oss-cn-hangzhou.aliyuncs.com`.
    #[default]
    VirtualHost,
    /// In the path; always so when the endpoint is an IP address.
    Path,
    /// Not at all: the endpoint is a custom domain bound to the bucket.
    Cname,
}

/// Which of a region's endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndpointKind {
    /// `oss-{region}.aliyuncs.com`.
    #[default]
    Public,
    /// `oss-{region}-internal.aliyuncs.com`, inside the vendor's network.
    Internal,
    /// `oss-accelerate.aliyuncs.com`.
    Accelerate,
    /// `{region}.oss.aliyuncs.com`, IPv4 and IPv6.
    DualStack,
}

/// A base URL: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    https: bool,
    /// As it was given, with the port if there was one.
    host: String,
    /// What `host` is without its port.
    host_kind: HostKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostKind {
    Name,
    Address,
}

/// The place of one object or bucket: what a transport connects to and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) https: bool,
    /// Host name or address, with the port if the endpoint was given with one.
    pub(crate) host: String,
    /// Escaped, beginning with a slash.
    pub(crate) path: String,
}

impl Endpoint {
    /// Takes a URL, or a host with or without a port, which then means https.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `endpoint` and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        let (https, rest) = match text.split_once("://") {
            None => (true, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err(refuse("the scheme of an endpoint is https or http")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at(end);
        if tail.contains(['?', '#']) {
            return Err(refuse("an endpoint has no query and no fragment"));
        }
        if !matches!(tail, "" | "/") {
            return Err(refuse("an endpoint has no path: bucket and key are given on their own"));
        }
        if host.contains('@') {
            return Err(refuse("an endpoint has no user name and no password"));
        }
        Ok(Self { https, host: host.to_owned(), host_kind: check_host(host)? })
    }

    /// The endpoint that the vendor has for a region; https.
    pub fn from_region(region: &Region, kind: EndpointKind) -> Self {
        let host = match kind {
            EndpointKind::Public => format!("oss-{region}.aliyuncs.com"),
            EndpointKind::Internal => format!("oss-{region}-internal.aliyuncs.com"),
            EndpointKind::Accelerate => "oss-accelerate.aliyuncs.com".to_owned(),
            EndpointKind::DualStack => format!("{region}.oss.aliyuncs.com"),
        };
        Self { https: true, host, host_kind: HostKind::Name }
    }

    /// True if requests go over TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host as it was given, with the port if there was one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The ID of the cloud box whose data or control endpoint this is. It takes the place of the
    /// region in V4 signatures.
    pub(crate) fn cloud_box(&self) -> Option<&str> {
        let name = self.host.split_once(':').map_or(self.host.as_str(), |(name, _)| name);
        let (id, rest) = name.split_once('.')?;
        let (region, domain) = rest.split_once('.')?;
        let is_box = id.starts_with("cb-") && !region.is_empty() && CLOUD_BOXES.contains(&domain);
        is_box.then_some(id)
    }

    /// Where a bucket or an object is at this endpoint; without a bucket, the service itself.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `endpoint`, if the bucket would stand in the host twice.
    pub(crate) fn target(
        &self,
        addressing: Addressing,
        bucket: Option<&BucketName>,
        key: Option<&ObjectKey>,
    ) -> Result<Target> {
        self.place(addressing, bucket.map(BucketName::as_str), key.map(ObjectKey::as_str))
    }

    fn place(
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
                self.refuse_twice(bucket)?;
                (format!("{bucket}.{}", self.host), format!("/{path}"))
            }
            (Addressing::Path, Some(bucket)) => (self.host.clone(), format!("/{bucket}/{path}")),
            (Addressing::Cname, Some(_)) => (self.host.clone(), format!("/{path}")),
        };
        Ok(Target { https: self.https, host, path })
    }

    /// A bucket may be called like the first label of the vendor's own endpoints; that is no
    /// mistake, because nothing would be left of the endpoint without it.
    fn refuse_twice(&self, bucket: &str) -> Result<()> {
        let rest = self.host.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.'));
        match rest {
            None | Some("aliyuncs.com" | "oss.aliyuncs.com") => Ok(()),
            Some(rest) => Err(refuse(format!(
                "the host already begins with the bucket name: give {rest} as the endpoint, or \
                 choose CNAME addressing if {} is a domain of your own bound to the bucket",
                self.host
            ))),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)
    }
}

fn refuse(rule: impl Into<String>) -> Error {
    Error::invalid("endpoint", rule)
}

/// Checks a host with an optional port.
fn check_host(host: &str) -> Result<HostKind> {
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return Err(refuse("an IPv6 address stands between [ and ]"));
        };
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(refuse("this is no IPv6 address"));
        }
        return match port.strip_prefix(':') {
            None if port.is_empty() => Ok(HostKind::Address),
            None => Err(refuse("after the ] of an IPv6 address there is only a port")),
            Some(port) => check_port(port).map(|()| HostKind::Address),
        };
    }
    match host.split_once(':') {
        None => check_name(host),
        Some((_, port)) if port.contains(':') => {
            Err(refuse("an IPv6 address stands between [ and ]"))
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
            "an endpoint is a host such as oss-cn-hangzhou.aliyuncs.com or its URL",
        ));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err(refuse("a host name has only letters, digits, hyphens and dots"));
    }
    if name.len() > HOST_NAME_MAX || name.split('.').any(|label| !LABEL.contains(&label.len())) {
        return Err(refuse("between the dots of a host name are 1 to 63 characters, 253 in all"));
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if !last.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(HostKind::Name);
    }
    match name.parse::<Ipv4Addr>() {
        Ok(_) => Ok(HostKind::Address),
        Err(_) => Err(refuse("this is no IPv4 address")),
    }
}

const CLOUD_BOXES: [&str; 2] = ["oss-cloudbox.aliyuncs.com", "oss-cloudbox-control.aliyuncs.com"];
/// RFC 1035, 2.3.4.
const HOST_NAME_MAX: usize = 253;
const LABEL: std::ops::RangeInclusive<usize> = 1..=63;

#[cfg(test)]
mod tests;
