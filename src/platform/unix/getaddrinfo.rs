//! Calls the system's resolver.
//!
//! `std` has no access to its error codes, only to their texts in the language of the program.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

use super::with_private_descriptors;

/// Returns the addresses of a host in the order of the resolver.
pub(crate) fn resolve_host(host: &str) -> io::Result<Vec<IpAddr>> {
    let host = CString::new(host)?;
    with_private_descriptors(move || call(&host))
}

fn call(host: &CString) -> io::Result<Vec<IpAddr>> {
    // SAFETY: zeroes are valid hints, which ask for nothing.
    let mut hints: libc::addrinfo = unsafe { MaybeUninit::zeroed().assume_init() };
    // Else each address is returned once for each socket type.
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut first = ptr::null_mut();
    // SAFETY: the host ends with NUL, and the call writes only `first`.
    let code =
        unsafe { libc::getaddrinfo(host.as_ptr(), ptr::null(), &raw const hints, &raw mut first) };
    // Read before anything else can change it.
    let cause = io::Error::last_os_error();
    match code {
        0 => Ok(AddressList(first).addresses()),
        libc::EAI_SYSTEM => Err(cause),
        code => Err(io::Error::other(text(code))),
    }
}

struct AddressList(*mut libc::addrinfo);

impl AddressList {
    fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        // SAFETY: an entry is valid until the list is freed.
        let mut next = unsafe { self.0.as_ref() };
        while let Some(entry) = next {
            addresses.extend(address(entry));
            // SAFETY: the next entry is NULL or valid as well.
            next = unsafe { entry.ai_next.as_ref() };
        }
        addresses
    }
}

impl Drop for AddressList {
    fn drop(&mut self) {
        // SAFETY: getaddrinfo has made the list, and it is not used afterwards.
        unsafe { libc::freeaddrinfo(self.0) };
    }
}

fn address(entry: &libc::addrinfo) -> Option<IpAddr> {
    match entry.ai_family {
        libc::AF_INET => {
            // SAFETY: an address of this family has this type.
            let address = unsafe { entry.ai_addr.cast::<libc::sockaddr_in>().as_ref() }?;
            Some(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: an address of this family has this type.
            let address = unsafe { entry.ai_addr.cast::<libc::sockaddr_in6>().as_ref() }?;
            Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}

fn text(code: libc::c_int) -> String {
    let (name, text) = match code {
        libc::EAI_NONAME => ("EAI_NONAME", "the name is unknown"),
        libc::EAI_AGAIN => ("EAI_AGAIN", "no name server responded"),
        libc::EAI_FAIL => ("EAI_FAIL", "a name server reported a failure"),
        libc::EAI_MEMORY => ("EAI_MEMORY", "out of memory"),
        libc::EAI_FAMILY => ("EAI_FAMILY", "address family not supported"),
        libc::EAI_OVERFLOW => ("EAI_OVERFLOW", "the name is too long"),
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        libc::EAI_NODATA => ("EAI_NODATA", "the name has no address"),
        code => return format!("error {code} of getaddrinfo"),
    };
    format!("{text} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_address_is_resolved_and_errors_are_in_english() {
        assert!(resolve_host("localhost").unwrap().iter().all(IpAddr::is_loopback));
        assert_eq!(resolve_host("127.0.0.1").unwrap(), [Ipv4Addr::LOCALHOST]);
        assert_eq!(resolve_host("::1").unwrap(), [Ipv6Addr::LOCALHOST]);
        assert!(resolve_host("a\0b").is_err());
        assert_eq!(text(libc::EAI_NONAME), "the name is unknown (EAI_NONAME)");
        assert_eq!(text(-999), "error -999 of getaddrinfo");
    }
}
