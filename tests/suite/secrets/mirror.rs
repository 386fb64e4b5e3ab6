//! A fake server that echoes each request in its response.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// Where the response contains the request.
#[derive(Debug, Clone, Copy)]
enum Echo {
    /// In a body that is not XML.
    Body,
    /// In the value of an argument, as an error document quotes it.
    Argument,
    /// In a truncated document.
    BrokenXml,
    /// In the error document of a header.
    Hidden,
    /// In the location of a redirect.
    Location,
    /// In an error response of a proxy.
    Proxy,
    /// In a malformed success response.
    Success,
}

#[derive(Debug)]
pub struct Mirror {
    address: SocketAddr,
    /// Shown by a failed assertion.
    #[expect(dead_code, reason = "only Debug reads it")]
    echo: Echo,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    pub fn every_kind() -> Vec<Self> {
        use Echo::{Argument, Body, BrokenXml, Hidden, Location, Proxy, Success};
        [Body, Argument, BrokenXml, Hidden, Location, Proxy, Success].map(Self::new).into()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn new(echo: Echo) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        // The thread ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that does not speak HTTP gets no response.
                let _ = respond(stream, echo, &seen);
            }
        });
        Self { address, echo, requests }
    }
}

fn respond(mut stream: TcpStream, echo: Echo, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    read_body(&mut stream, &head, request.len() - end - 4)?;
    // Before the response: a test may read the requests as soon as the call returns.
    seen.lock().unwrap().push(head.clone());
    stream.write_all(response(echo, &head).as_bytes())
}

fn read_body(stream: &mut TcpStream, head: &str, mut got: usize) -> std::io::Result<()> {
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut buffer = [0; 64 * 1024];
    while got < length {
        match stream.read(&mut buffer)? {
            0 => break,
            count => got += count,
        }
    }
    Ok(())
}

fn response(echo: Echo, head: &str) -> String {
    let quoted = format!(
        "<Error><Code>InvalidArgument</Code><Message>{head}</Message><ArgumentName>a</ArgumentName>\
         <ArgumentValue>{head}</ArgumentValue></Error>"
    );
    let target = head.split(' ').nth(1).unwrap_or_default();
    let hidden = BASE64_STANDARD.encode(&quoted);
    let one_line = head.replace("\r\n", " ");
    let (status, header, body) = match echo {
        Echo::Body => (400, String::new(), head),
        Echo::Argument => (400, String::new(), quoted.as_str()),
        Echo::BrokenXml => (403, String::new(), quoted.trim_end_matches("</Error>")),
        Echo::Hidden => (404, format!("x-oss-err: {hidden}\r\n"), ""),
        Echo::Location => (307, format!("Location: http://elsewhere{target}\r\n"), ""),
        Echo::Proxy => (407, format!("x-oss-request-id: {one_line}\r\n"), head),
        Echo::Success => (200, format!("x-oss-request-id: {one_line}\r\n"), head),
    };
    format!(
        "HTTP/1.1 {status} Status\r\nConnection: close\r\n{header}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
