//! Host and port of a URI.

use ureq::http::Uri;

/// The host of a URI without the brackets of an IPv6 address.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port of a URI; `None` if it is not a valid port, which the `http` crate would ignore.
pub(super) fn port(uri: &Uri, default: u16) -> Option<u16> {
    let authority = uri.authority()?;
    let (_, port) = authority.as_str().rsplit_once(authority.host())?;
    match port.strip_prefix(':') {
        None => Some(default),
        Some(digits) => digits.parse().ok().filter(|port| *port != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_valid_number_or_the_default_of_the_scheme() {
        for (uri, expected) in [
            ("http://host", Some(80)),
            ("http://host:8080/x", Some(8080)),
            ("http://[::1]", Some(80)),
            ("http://[::1]:9", Some(9)),
            ("http://user:1@host:2", Some(2)),
            ("http://host:99999", None),
            ("http://host:0", None),
            ("http://host:", None),
        ] {
            assert_eq!(port(&uri.parse().unwrap(), 80), expected, "{uri}");
        }
        assert_eq!((without_brackets("[::1]"), without_brackets("host")), ("::1", "host"));
    }
}
