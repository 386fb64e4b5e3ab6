//! The handshake of an HTTP proxy: `CONNECT host:port`.

use std::io::{self, Read, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::Proxy;

/// Asks the proxy at the other end of `stream` for a connection to `host`.
///
/// The response is read byte by byte, so that nothing behind its head is lost.
pub(super) fn open(
    stream: &mut (impl Read + Write),
    proxy: &Proxy,
    host: &str,
    port: u16,
    user_agent: &str,
) -> io::Result<()> {
    stream.write_all(request(proxy, host, port, user_agent).as_bytes())?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_MAX {
            return Err(refused("the answer of the proxy is too long"));
        }
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(407) => Err(refused("the proxy wants a user and a password")),
        Some(status) => Err(refused(&format!("the proxy answered {status}"))),
        None => Err(refused("the proxy does not speak HTTP")),
    }
}

fn request(proxy: &Proxy, host: &str, port: u16, user_agent: &str) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut text = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if !user_agent.is_empty() {
        text += &format!("User-Agent: {user_agent}\r\n");
    }
    if proxy.username().is_some() || proxy.password().is_some() {
        let (user, password) = (proxy.username(), proxy.password());
        let both = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
        text += &format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(both));
    }
    text + "\r\n"
}

fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head).ok()?.lines().next()?;
    let rest = line.strip_prefix("HTTP/1.")?;
    rest.split(' ').nth(1)?.parse().ok()
}

fn refused(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}

/// The longest head of a response.
const HEAD_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Script {
        answer: io::Cursor<Vec<u8>>,
        request: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.answer.read(buffer)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.request.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn run(answer: &[u8]) -> (io::Result<()>, String) {
        let answer = io::Cursor::new(answer.to_vec());
        let mut script = Script { answer, ..Script::default() };
        let proxy = Proxy::new("http://u%40x:p:q@proxy").unwrap();
        let result = open(&mut script, &proxy, "bucket.example", 443, "agent/1");
        (result, String::from_utf8(script.request).unwrap())
    }

    #[test]
    fn the_request_names_host_port_and_user() {
        let (result, request) = run(b"HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n");
        result.unwrap();
        assert_eq!(
            request,
            "CONNECT bucket.example:443 HTTP/1.1\r\nHost: bucket.example:443\r\n\
             User-Agent: agent/1\r\nProxy-Authorization: Basic dUB4OnA6cQ==\r\n\r\n"
        );
    }

    #[test]
    fn every_other_answer_is_a_refusal() {
        for answer in [
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_vec(),
            b"HTTP/1.0 503 no\r\n\r\n".to_vec(),
            b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(),
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            vec![b'x'; 2 * HEAD_MAX],
        ] {
            assert!(run(&answer).0.is_err());
        }
    }
}
