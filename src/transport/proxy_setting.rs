//! The proxy setting. The environment is read only with [`ProxySetting::Environment`].

use ureq::{Proxy, ProxyProtocol};

use super::no_proxy::NoProxy;
use super::uri_host;
use crate::error::{Error, Result};
use crate::platform::{env_var_os, is_same_variable};

/// The proxy that connections go through.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum ProxySetting {
    /// Direct connections.
    #[default]
    None,
    /// The proxy in `ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY`, except for hosts in `NO_PROXY`. A
    /// CGI program, which has `REQUEST_METHOD` in its environment, ignores `HTTP_PROXY`.
    Environment,
    /// A URL like `http://user:password@proxy:3128`. The scheme is `http`, `https`, `socks4`,
    /// `socks4a`, `socks5` or `socks5h`; user and password are optional. SOCKS 4 has no password.
    /// An HTTP proxy gets them with the scheme Basic, the only one that is supported.
    Url(String),
}

/// The proxy of a client, and the hosts that are reached without it.
#[derive(Debug)]
pub(super) struct ProxyRoute {
    proxy: Proxy,
    no_proxy: NoProxy,
}

impl ProxySetting {
    pub(super) fn resolve(&self) -> Result<Option<ProxyRoute>> {
        match self {
            Self::None => Ok(None),
            Self::Url(url) => {
                let proxy = parse(url, "not the URL of a proxy, such as http://proxy:3128")?;
                Ok(Some(ProxyRoute { proxy, no_proxy: NoProxy::default() }))
            }
            Self::Environment => from_environment(),
        }
    }
}

impl ProxyRoute {
    /// Returns the proxy for connections to a host, unless they are direct.
    pub(super) fn proxy(&self, host: &str, port: u16) -> Option<&Proxy> {
        (!self.no_proxy.matches(host, port)).then_some(&self.proxy)
    }
}

/// Names a proxy in errors, without user and password.
pub(super) fn name(proxy: &Proxy) -> String {
    format!("proxy {}://{}:{}", scheme(proxy), proxy.host(), proxy.port())
}

/// The scheme of the URL of a proxy.
pub(super) fn scheme(proxy: &Proxy) -> &'static str {
    match proxy.protocol() {
        ProxyProtocol::Https => "https",
        ProxyProtocol::Socks4 => "socks4",
        ProxyProtocol::Socks4A => "socks4a",
        ProxyProtocol::Socks5 => "socks5",
        ProxyProtocol::Socks5h => "socks5h",
        _ => "http",
    }
}

/// Hides the URL, which may contain a password.
impl std::fmt::Debug for ProxySetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Environment => "Environment",
            Self::Url(_) => "Url(***)",
        })
    }
}

fn parse(url: &str, error_text: &str) -> Result<Proxy> {
    Proxy::new(url)
        .ok()
        .filter(|proxy| !proxy.host().is_empty())
        .filter(|proxy| uri_host::port(proxy.uri(), proxy.port()).is_some())
        .ok_or_else(|| Error::invalid("proxy", error_text))
}

/// Reads the proxy from the environment. A malformed variable is an error.
fn from_environment() -> Result<Option<ProxyRoute>> {
    for name in VARIABLES {
        // A web server passes a header `Proxy` of a request to a CGI program as `HTTP_PROXY`.
        if is_same_variable(name, "HTTP_PROXY") && variable("REQUEST_METHOD").is_some() {
            continue;
        }
        if let Some(url) = variable(name) {
            let text = format!("the environment variable {name} is not the URL of a proxy");
            let proxy = parse(url.trim(), &text)?;
            let no_proxy = variable("NO_PROXY").or_else(|| variable("no_proxy"));
            let no_proxy = NoProxy::parse(&no_proxy.unwrap_or_default());
            return Ok(Some(ProxyRoute { proxy, no_proxy }));
        }
    }
    Ok(None)
}

/// Returns a variable of the environment that is not empty.
fn variable(name: &str) -> Option<String> {
    let value = env_var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// The variables, in the order in which they are read.
const VARIABLES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_proxy_url_has_a_known_scheme_a_host_and_a_port() {
        for good in [
            "http://proxy",
            "proxy:3128",
            "https://user:p%40ss@proxy:8443",
            "socks5://127.0.0.1:1080",
            "socks5h://[::1]",
            "socks4a://proxy",
        ] {
            let setting = ProxySetting::Url(good.to_owned());
            assert!(setting.resolve().unwrap().is_some(), "{good}");
        }
        for bad in [
            "",
            " ",
            "http://",
            "ftp://proxy",
            "http://:3128",
            "proxy:0",
            "proxy:99999",
            "http://user@",
            "/path",
            "http://pro xy",
            "://",
        ] {
            let error = ProxySetting::Url(bad.to_owned()).resolve().expect_err(bad);
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
            assert_eq!(error.argument(), Some("proxy"));
        }
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let setting = ProxySetting::Url("http://user:secret@proxy".to_owned());
        assert!(!format!("{setting:?}").contains("secret"));
    }
}
