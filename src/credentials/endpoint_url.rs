//! The URL of a service that provides credentials: https, or http to a loopback address.

use std::fmt;
use std::net::IpAddr;

use crate::transport::Target;

/// A checked URL. `Debug` shows only the host: the rest may be secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct EndpointUrl {
    pub(super) target: Target,
    /// Verbatim; empty if there is none.
    pub(super) query: String,
}

impl EndpointUrl {
    /// Parses a URL. The error does not contain the URL.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or("a URL starts with https://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("the scheme of the URL is https, or http for a loopback address"),
        };
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the URL has a character that must be percent-encoded");
        }
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, rest) = rest.split_at(end);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let name = host_name(host).ok_or("the URL has no valid host")?;
        if !https && !is_loopback(name) {
            return Err("http is allowed only for loopback addresses; use https");
        }
        let path = if path.is_empty() { "/" } else { path };
        let target = Target { https, host: host.to_owned(), path: path.to_owned() };
        Ok(Self { target, query: query.to_owned() })
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EndpointUrl").field(&self.target.host).finish()
    }
}

/// Returns the host without its port; `None` if it is invalid or has a user name.
fn host_name(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest.split_once(']')?;
            name.parse::<std::net::Ipv6Addr>().ok()?;
            (name, rest.strip_prefix(':').or(rest.is_empty().then_some(""))?)
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    let is_valid_port = port.is_empty() || port.parse::<u16>().is_ok();
    (!name.is_empty() && name.chars().all(good) && is_valid_port).then_some(name)
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_query_are_kept_and_a_fragment_is_dropped() {
        let address = EndpointUrl::parse("https://a.b:8443/c/d?e=f&g=%20#h").unwrap();
        assert_eq!((address.target.https, address.target.host.as_str()), (true, "a.b:8443"));
        assert_eq!((address.target.path.as_str(), address.query.as_str()), ("/c/d", "e=f&g=%20"));
        let bare = EndpointUrl::parse("https://a.b?c").unwrap();
        assert_eq!((bare.target.path.as_str(), bare.query.as_str()), ("/", "c"));
    }

    #[test]
    fn http_is_allowed_only_for_loopback() {
        for good in
            ["http://127.0.0.1:80/a", "http://[::1]:8080", "http://localhost", "HTTP://127.9.9.9"]
        {
            assert!(EndpointUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.b/",
            "http://127.0.0.1.a.b/",
            "http://10.0.0.1/",
            "http://127.0.0.1@a.b/",
            "http://localhost.a.b/",
            "ftp://127.0.0.1/",
            "https://",
            "https:///path",
            "https://user:word@a.b/",
            "https://a.b:port/",
            "https://[::1/",
            "https://a b/",
            "https://a.b/\n",
            "a.b",
        ] {
            assert!(EndpointUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_only_the_host() {
        let address = EndpointUrl::parse("https://a.b/hidden?hidden").unwrap();
        assert_eq!(format!("{address:?}"), "EndpointUrl(\"a.b\")");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = EndpointUrl::parse(&text);
            let _ = EndpointUrl::parse(&format!("http://{text}"));
        }
    }
}
