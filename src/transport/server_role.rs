//! What a connection is opened to, which decides what to check if that fails.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerRole {
    Oss,
    Proxy,
}

impl ServerRole {
    /// The setting that the host and the port of the server come from.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Oss => "the endpoint",
            Self::Proxy => "the URL of the proxy",
        }
    }

    /// What to check if the server does not have the host name or the address.
    pub(super) fn name_remedy(self) -> &'static str {
        match self {
            Self::Oss => "check the endpoint, the bucket and the DNS settings",
            Self::Proxy => "check the URL of the proxy and the DNS settings",
        }
    }

    /// What to check if the server does not respond.
    pub(super) fn no_connection_remedy(self) -> &'static str {
        match self {
            Self::Oss => "check the network, the endpoint, and whether a proxy is needed",
            Self::Proxy => {
                "check the network, the URL of the proxy, and that it can connect to the endpoint"
            }
        }
    }
}
