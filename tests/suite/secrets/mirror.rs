//! A server that answers each request with what the request said.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// Where the answer has the request.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a body that is no XML.
    Body,
    /// In the value of an argument, as an error document quotes it.
    Argument,
    /// In a document that breaks off.
    BrokenXml,
    /// In the document of a header.
    Hidden,
    /// In the place to go to.
    Location,
    /// In a proxy's refusal.
    Proxy,
    /// In a success that is none.
    Success,
}

#[derive(Debug)]
pub struct Mirror {
    address: SocketAddr,
    /// Shown by a failed assertion.
    #[expect(dead_code, reason = "only Debug reads it")]
    place: Place,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    pub fn every_kind() -> Vec<Self> {
        use Place::{Argument, Body, BrokenXml, Hidden, Location, Proxy, Success};
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

    fn new(place: Place) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that speaks something else than HTTP is answered with nothing.
                let _ = answer(stream, place, &seen);
            }
        });
        Self { address, place, requests }
    }
}

fn answer(mut stream: TcpStream, place: Place, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
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
    // Before the response: a client that has it may ask for the requests at once.
    seen.lock().unwrap().push(head.clone());
    stream.write_all(reply(place, &head).as_bytes())
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

fn reply(place: Place, head: &str) -> String {
    let quoted = format!(
        "<Error><Code>InvalidArgument</Code><Message>{head}</Message><ArgumentName>a</ArgumentName>\
         <ArgumentValue>{head}</ArgumentValue></Error>"
    );
    let target = head.split(' ').nth(1).unwrap_or_default();
    let hidden = BASE64_STANDARD.encode(&quoted);
    let one_line = head.replace("\r\n", " ");
    let (status, header, body) = match place {
        Place::Body => (400, String::new(), head),
        Place::Argument => (400, String::new(), quoted.as_str()),
        Place::BrokenXml => (403, String::new(), quoted.trim_end_matches("</Error>")),
        Place::Hidden => (404, format!("x-oss-err: {hidden}\r\n"), ""),
        Place::Location => (307, format!("Location: http://elsewhere{target}\r\n"), ""),
        Place::Proxy => (407, format!("x-oss-request-id: {one_line}\r\n"), head),
        Place::Success => (200, format!("x-oss-request-id: {one_line}\r\n"), head),
    };
    format!(
        "HTTP/1.1 {status} Said\r\nConnection: close\r\n{header}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
