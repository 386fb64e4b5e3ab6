//! The proxy setting. The environment is read only with [`ProxySetting::Environment`].

use ureq::Proxy;

use super::connect;
use crate::error::{Error, Result};
use crate::runtime::env_var_os;

/// The proxy that connections go through.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum ProxySetting {
    /// Direct connections.
    #[default]
    None,
    /// The proxy in `ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY`, except for hosts in `NO_PROXY`.
    Environment,
    /// A URL like `http://user:password@proxy:3128`. The scheme is `http`, `https`, `socks4`,
    /// `socks4a`, `socks5` or `socks5h`; user and password are optional.
    Url(String),
}

impl ProxySetting {
    pub(super) fn resolve(&self) -> Result<Option<Proxy>> {
        let proxy = match self {
            Self::None => return Ok(None),
            Self::Url(url) => parse(url, "not the URL of a proxy")?,
            Self::Environment => match from_environment()? {
                None => return Ok(None),
                Some(proxy) => proxy,
            },
        };
        Ok(Some(proxy))
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
        .filter(|proxy| connect::port(proxy.uri(), proxy.port()).is_some())
        .ok_or_else(|| Error::invalid("proxy", error_text))
}

/// Reads the proxy from the environment. A malformed variable is an error: ureq would ignore it and
/// connect directly.
fn from_environment() -> Result<Option<Proxy>> {
    for name in VARIABLES {
        if let Some(url) = env_var_os(name) {
            let text = format!("the environment variable {name} is not the URL of a proxy");
            parse(&url.to_string_lossy(), &text)?;
            return Ok(Proxy::try_from_env());
        }
    }
    Ok(None)
}

/// In the order in which ureq reads them.
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
