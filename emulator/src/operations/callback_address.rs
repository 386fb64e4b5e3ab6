//! Addresses that OSS does not call back: those of a host or of a private network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns whether a callback URL names such an address, or the local host by name.
pub(super) fn is_private_url(url: &str) -> bool {
    let host = host(url).to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(is_private)
}

pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    first == 0
        || is_shared
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

/// Returns the host of a URL, which may have no scheme, without brackets.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_recognized() {
        for url in [
            "http://127.0.0.1:8088/test.php",
            "127.0.0.1:8088/test.php",
            "https://LOCALHOST./cb",
            "http://user@10.0.0.1",
            "http://172.31.0.1?x",
            "http://192.168.1.1/",
            "http://169.254.169.254/",
            "http://100.100.100.200/",
            "http://0.0.0.0/",
            "http://[::1]:80/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
        ] {
            assert!(is_private_url(url), "{url}");
        }
        for url in
            ["http://8.8.8.8/", "www.example.com", "http://[2400:3200::1]/", "http://172.32.0.1"]
        {
            assert!(!is_private_url(url), "{url}");
        }
    }
}
