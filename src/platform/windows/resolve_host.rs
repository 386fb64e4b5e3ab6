//! Calls the system's resolver.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

/// Returns the addresses of a host in the order of the resolver.
pub(crate) fn resolve_host(host: &str) -> io::Result<Vec<IpAddr>> {
    let addresses = (host, 0).to_socket_addrs()?;
    Ok(addresses.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_loopback_address_is_resolved() {
        assert!(resolve_host("localhost").unwrap().iter().all(IpAddr::is_loopback));
        assert_eq!(resolve_host("127.0.0.1").unwrap(), [Ipv4Addr::LOCALHOST]);
        assert!(resolve_host("a\0b").is_err());
    }
}
