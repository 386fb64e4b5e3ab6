//! Where requests go: an endpoint, and the host and path that an object has there.

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
    host: String,
}

/// The place of one object or bucket: what a transport connects to and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) https: bool,
    /// Host name or address, with the port if it is not the scheme's own.
    pub(crate) host: String,
    /// Escaped, beginning with a slash.
    pub(crate) path: String,
}
