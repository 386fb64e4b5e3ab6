//! `NO_PROXY`: the hosts that are reached without the proxy, in the forms of curl and Go.

use std::net::IpAddr;

/// The entries of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NoProxy(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Any,
    /// A domain and its subdomains, in lower case.
    Domain {
        name: String,
        port: Option<u16>,
    },
    Address {
        address: IpAddr,
        port: Option<u16>,
    },
    Network {
        address: IpAddr,
        prefix: u32,
    },
}

impl NoProxy {
    /// Parses a list whose entries are separated by commas or white space:
    ///
    /// - `*`: every host
    /// - `example.com`, `.example.com` or `*.example.com`: the domain and its subdomains
    /// - `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: an address
    /// - `192.0.2.0/24`, `2001:db8::/32`: a network
    ///
    /// Each but the network may end with a port. Other entries match no host.
    pub(super) fn parse(list: &str) -> Self {
        let separated = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(separated.filter(|entry| !entry.is_empty()).filter_map(Entry::parse).collect())
    }

    pub(super) fn matches(&self, host: &str, port: u16) -> bool {
        let host = normalize(host);
        let address = parse_address(&host);
        self.0.iter().any(|entry| entry.matches(&host, address, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text == "*" {
            return Some(Self::Any);
        }
        if let Some((address, prefix)) = text.split_once('/') {
            return Self::network(address, prefix);
        }
        if let Some(address) = parse_address(&text) {
            return Some(Self::Address { address, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text.as_str(), None),
        };
        if let Some(address) = parse_address(host) {
            return Some(Self::Address { address, port });
        }
        let name = host.strip_prefix('*').unwrap_or(host);
        let name = normalize(name.strip_prefix('.').unwrap_or(name));
        (!name.is_empty()).then_some(Self::Domain { name, port })
    }

    fn network(address: &str, prefix: &str) -> Option<Self> {
        let address = parse_address(address)?;
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= bits(address).1)?;
        Some(Self::Network { address, prefix })
    }

    fn matches(&self, host: &str, host_address: Option<IpAddr>, host_port: u16) -> bool {
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == host_port);
        match self {
            Self::Any => true,
            Self::Domain { name, port } => {
                let before = host.strip_suffix(name).filter(|_| host_address.is_none());
                before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) && is_port(port)
            }
            Self::Address { address, port } => host_address == Some(*address) && is_port(port),
            Self::Network { address, prefix } => {
                host_address.is_some_and(|host| share_prefix(*address, host, *prefix))
            }
        }
    }
}

/// A host in lower case, without the dot of a fully qualified name.
fn normalize(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Parses an address with or without brackets. A zone is ignored, and an IPv4 address that is
/// mapped to IPv6 is the IPv4 address.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').map_or(Some(text), |rest| rest.strip_suffix(']'))?;
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn share_prefix(network: IpAddr, host: IpAddr, prefix: u32) -> bool {
    let ((network, width), (host, host_width)) = (bits(network), bits(host));
    let ignored = width - prefix;
    width == host_width && (network ^ host).checked_shr(ignored).unwrap_or(0) == 0
}

/// The bits of an address and their number.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), u32::BITS),
        IpAddr::V6(address) => (address.to_bits(), u128::BITS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_matches_the_hosts_that_curl_and_go_match() {
        let bucket = "bucket.oss-cn-hangzhou.aliyuncs.com";
        for (list, host, port, expected) in [
            ("", bucket, 443, false),
            (" , ,", bucket, 443, false),
            ("*", bucket, 443, true),
            ("*", "::1", 443, true),
            // The host of the endpoint, which the bucket stands in front of.
            ("oss-cn-hangzhou.aliyuncs.com", bucket, 443, true),
            ("oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou.aliyuncs.com", 443, true),
            ("OSS-cn-Hangzhou.ALIYUNCS.com", bucket, 443, true),
            ("oss-cn-hangzhou.aliyuncs.com.", bucket, 443, true),
            ("aliyuncs.com", "bucket.oss-cn-hangzhou.aliyuncs.com.", 443, true),
            (".aliyuncs.com", bucket, 443, true),
            (".aliyuncs.com", "aliyuncs.com", 443, true),
            ("*.aliyuncs.com", bucket, 443, true),
            ("yuncs.com", bucket, 443, false),
            (bucket, "oss-cn-hangzhou.aliyuncs.com", 443, false),
            ("a.test , aliyuncs.com", bucket, 443, true),
            ("a.test aliyuncs.com", bucket, 443, true),
            ("a.test,\taliyuncs.com\n", bucket, 443, true),
            ("aliyuncs.com:443", bucket, 443, true),
            ("aliyuncs.com:443", bucket, 80, false),
            (".aliyuncs.com:80", bucket, 80, true),
            ("aliyuncs.com:http", bucket, 80, false),
            ("127.0.0.1", "127.0.0.1", 9, true),
            ("127.0.0.1:9", "127.0.0.1", 9, true),
            ("127.0.0.1:8", "127.0.0.1", 9, false),
            ("127.0.0.1", "127.0.0.11", 9, false),
            ("0.0.1", "127.0.0.1", 9, false),
            ("::ffff:127.0.0.1", "127.0.0.1", 9, true),
            ("127.0.0.0/8", "127.77.0.1", 9, true),
            ("127.0.0.0/8", "128.0.0.1", 9, false),
            ("127.0.0.77/8", "127.0.0.1", 9, true),
            ("0.0.0.0/0", "192.0.2.1", 9, true),
            ("0.0.0.0/0", "2001:db8::1", 9, false),
            ("192.0.2.1/32", "192.0.2.1", 9, true),
            ("192.0.2.1/33", "192.0.2.1", 9, false),
            ("192.0.2.0/24", "bucket.192.0.2.0", 9, false),
            ("::1", "::1", 9, true),
            ("[::1]", "::1", 9, true),
            ("[::1]:9", "[::1]", 9, true),
            ("[::1]:8", "::1", 9, false),
            ("0:0:0:0:0:0:0:1", "::1", 9, true),
            ("2001:DB8::/32", "2001:db8:77::1", 9, true),
            ("[2001:db8::]/32", "2001:db8:77::1", 9, true),
            ("2001:db8::/32", "2001:db9::1", 9, false),
            ("fe80::1", "fe80::1%eth0", 9, true),
            ("::/0", "2001:db9::1", 9, true),
            ("localhost", "localhost", 9, true),
            ("localhost", "bucket.localhost", 9, true),
            ("localhost", "notlocalhost", 9, false),
            (".", "a.test", 9, false),
            ("*.", "a.test", 9, false),
            ("[::1", "::1", 9, false),
        ] {
            assert_eq!(
                NoProxy::parse(list).matches(host, port),
                expected,
                "{list:?} {host} {port}"
            );
        }
    }
}
