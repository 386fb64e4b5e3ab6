//! The handshake of an HTTP proxy: `CONNECT host:port`.

use std::io::{self, Read, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::Proxy;

use super::proxy_setting;
use crate::error::{Error, ErrorKind};

/// Connects to `host` through the proxy at the other end of `stream`.
///
/// Reads the response byte by byte, because the bytes after its head belong to the connection. Lines
/// may end with a line feed alone.
pub(super) fn connect(
    stream: &mut (impl Read + Write),
    proxy: &Proxy,
    host: &str,
    port: u16,
    user_agent: &str,
) -> io::Result<()> {
    stream.write_all(request(proxy, host, port, user_agent).as_bytes())?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() == HEAD_MAX {
            return Err(proxy_error("its response is too long"));
        }
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(status) => Err(refused(status, &head, proxy, host, port)),
        None => Err(proxy_error("it does not respond with HTTP; check its scheme and port")),
    }
}

/// The error of a response that is not a success. Most of status 4xx are permanent.
fn refused(status: u16, head: &[u8], proxy: &Proxy, host: &str, port: u16) -> io::Error {
    let schemes = if status == 407 { offered_schemes(head) } else { Vec::new() };
    let has_basic = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"));
    let text = match status {
        407 if !schemes.is_empty() && !has_basic => format!(
            "it offers authentication with {} (status {status}), but only Basic is supported; allow \
             Basic there, or use another proxy",
            schemes.join(", ")
        ),
        407 if proxy.username().is_some() => {
            format!("it rejected the user name or password of its URL (status {status})")
        }
        407 => format!(
            "it requires a user name and a password (status {status}); put them into its URL, \
             {}://USER:PASSWORD@HOST:PORT",
            proxy_setting::scheme(proxy)
        ),
        403 => format!(
            "it does not allow connections to {host}:{port} (status {status}); allow them there, \
             or list the host in NO_PROXY"
        ),
        _ => format!("it did not connect to {host}:{port} (status {status})"),
    };
    let is_permanent = (400..500).contains(&status) && ![408, 425, 429].contains(&status);
    Error::new(ErrorKind::Connect, text).with_permanent(is_permanent).into()
}

fn request(proxy: &Proxy, host: &str, port: u16, user_agent: &str) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut text = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if !user_agent.is_empty() {
        text += &format!("User-Agent: {user_agent}\r\n");
    }
    if proxy.username().is_some() || proxy.password().is_some() {
        let (user, password) = (proxy.username(), proxy.password());
        let credentials = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
        text += &format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(credentials));
    }
    text + "\r\n"
}

/// Reads the status. The bytes after it may have any encoding.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let status = rest.split(|byte| *byte == b' ').nth(1)?;
    std::str::from_utf8(status.trim_ascii_end()).ok()?.parse().ok()
}

/// Returns the authentication schemes of all `Proxy-Authenticate` headers.
fn offered_schemes(head: &[u8]) -> Vec<String> {
    let head = String::from_utf8_lossy(head);
    let mut schemes = Vec::new();
    for line in head.lines() {
        let Some((name, challenges)) = line.split_once(':') else { continue };
        if !name.eq_ignore_ascii_case("Proxy-Authenticate") {
            continue;
        }
        let mut is_quoted = false;
        let elements = challenges.split(|c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        schemes.extend(elements.filter_map(scheme).map(str::to_owned));
    }
    schemes.truncate(SCHEMES_MAX);
    schemes
}

/// Returns the scheme of an element of a list of challenges; `None` if it is a further parameter of
/// the challenge before it.
fn scheme(element: &str) -> Option<&str> {
    let element = element.trim();
    let (word, rest) = element.split_once([' ', '\t']).unwrap_or((element, ""));
    let is_name = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (is_name && !word.is_empty() && !rest.trim_start().starts_with('=')).then_some(word)
}

fn proxy_error(text: &str) -> io::Error {
    Error::new(ErrorKind::Connect, text).into()
}

/// The longest head of a response.
const HEAD_MAX: usize = 16 * 1024;
/// The most authentication schemes that an error names.
const SCHEMES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct ScriptedStream {
        response: io::Cursor<Vec<u8>>,
        request: Vec<u8>,
    }

    impl Read for ScriptedStream {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.response.read(buffer)
        }
    }

    impl Write for ScriptedStream {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.request.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn run(response: &[u8]) -> (io::Result<()>, String) {
        let response = io::Cursor::new(response.to_vec());
        let mut stream = ScriptedStream { response, ..ScriptedStream::default() };
        let proxy = Proxy::new("http://u%40x:p:q@proxy").unwrap();
        let result = connect(&mut stream, &proxy, "bucket.example", 443, "agent/1");
        (result, String::from_utf8(stream.request).unwrap())
    }

    #[test]
    fn the_request_has_host_port_and_credentials() {
        let (result, request) = run(b"HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n");
        result.unwrap();
        assert_eq!(
            request,
            "CONNECT bucket.example:443 HTTP/1.1\r\nHost: bucket.example:443\r\n\
             User-Agent: agent/1\r\nProxy-Authorization: Basic dUB4OnA6cQ==\r\n\r\n"
        );
    }

    #[test]
    fn a_missing_password_belongs_into_the_url_of_that_proxy() {
        for scheme in ["http", "https"] {
            let proxy = Proxy::new(&format!("{scheme}://proxy")).unwrap();
            for offered in ["", "Proxy-Authenticate: Negotiate, basic realm=\"a\"\r\n"] {
                let head = format!("HTTP/1.1 407 no\r\n{offered}\r\n");
                let text = refused(407, head.as_bytes(), &proxy, "a.test", 443).to_string();
                assert!(text.contains(&format!("{scheme}://USER:PASSWORD@HOST:PORT")), "{text}");
            }
        }
    }

    #[test]
    fn the_error_names_the_schemes_of_a_proxy_that_does_not_offer_basic() {
        for (headers, schemes) in [
            ("Proxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n", "Negotiate, NTLM"),
            ("Proxy-Authenticate:NTLM TlRMTVNTUAAC==\nVia: x\n", "NTLM"),
            (
                "Proxy-Authenticate: Digest realm=\"Basic, x\", nonce = \"n\",qop=auth , Negotiate\r\n",
                "Digest, Negotiate",
            ),
        ] {
            let (result, _) = run(format!("HTTP/1.1 407 no\r\n{headers}\r\n").as_bytes());
            let text = result.unwrap_err().to_string();
            let expected = format!("with {schemes} (status 407), but only Basic is supported");
            assert!(text.contains(&expected), "{text}");
        }
    }

    #[test]
    fn lines_may_end_with_a_line_feed_alone_and_have_any_encoding() {
        for response in [
            &b"HTTP/1.1 200 Connection established\n\n"[..],
            b"HTTP/1.0 200\nVia: x\n\n",
            b"HTTP/1.1 200 \xc1\xac\xbd\xd3\r\nVia: caf\xe9\r\n\r\n",
        ] {
            run(response).0.unwrap();
        }
        let (result, _) = run(b"HTTP/1.1 503 \xb7\xfe\xce\xf1\r\n\r\n");
        let text = result.unwrap_err().to_string();
        assert!(text.contains("bucket.example:443 (status 503)"), "{text}");
    }

    #[test]
    fn every_other_response_is_an_error() {
        for response in [
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_vec(),
            b"HTTP/1.0 503 no\r\n\r\n".to_vec(),
            b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(),
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            vec![b'x'; 2 * HEAD_MAX],
        ] {
            assert!(run(&response).0.is_err());
        }
    }
}
