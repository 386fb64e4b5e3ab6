//! A raw HTTP client that signs with the emulator's signer and returns whole responses.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use oss_emulator::{AccessKey, Builder, Emulator, Resource, Signer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) const BUCKET: &str = "test-bucket";
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &PLAIN.remove(b'/');

/// Configures an emulator with one bucket and one access key.
pub(crate) fn builder() -> Builder {
    Emulator::builder().bucket(BUCKET).access_key("id", "secret")
}

pub(crate) fn start() -> Emulator {
    builder().start().unwrap()
}

/// Builder of a request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) signer: Option<Signer>,
    pub(crate) additional: Vec<&'static str>,
    pub(crate) unix: i64,
    pub(crate) host: Option<String>,
    pub(crate) length: bool,
}

impl Request {
    pub(crate) fn new(method: &'static str, key: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self {
            method,
            bucket: BUCKET.to_owned(),
            key: key.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            signer: Some(signer(AccessKey::new("id", "secret"))),
            additional: Vec::new(),
            unix: i64::try_from(now).unwrap(),
            host: None,
            length: true,
        }
    }

    /// Adds a query string without escapes, e.g. `uploads&max-uploads=5`.
    pub(crate) fn query(mut self, text: &str) -> Self {
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.query.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn pair(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(crate) fn bucket(mut self, bucket: &str) -> Self {
        self.bucket = bucket.to_owned();
        self
    }

    pub(crate) fn signed_by(mut self, key: AccessKey) -> Self {
        self.signer = Some(signer(key));
        self
    }

    pub(crate) fn unsigned(mut self) -> Self {
        self.signer = None;
        self
    }

    /// Sends neither Content-Length nor a chunked body.
    pub(crate) fn without_length(mut self) -> Self {
        self.length = false;
        self
    }

    /// Sets the Host header, for virtual-hosted addressing.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Returns the head and body as sent.
    pub(crate) fn bytes(&self, emulator: &Emulator) -> Vec<u8> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(
                HeaderName::try_from(name.as_str()).unwrap(),
                HeaderValue::from_bytes(value).unwrap(),
            );
        }
        let host = self.host.clone().unwrap_or_else(|| emulator.addr().to_string());
        headers.insert("host", HeaderValue::from_str(&host).unwrap());
        if let Some(signer) = &self.signer {
            let bucket = Some(self.bucket.as_str()).filter(|bucket| !bucket.is_empty());
            let key = Some(self.key.as_str()).filter(|key| !key.is_empty());
            let resource = Resource { bucket, key };
            signer.sign(
                self.method,
                resource,
                &self.query,
                &self.additional,
                self.unix,
                &mut headers,
            );
        }
        if self.length && !headers.contains_key("transfer-encoding") {
            let has_length = headers.contains_key("content-length");
            if !has_length {
                headers.insert("content-length", HeaderValue::from(self.body.len()));
            }
        }
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target()).into_bytes();
        for (name, value) in &headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn target(&self) -> String {
        let key = utf8_percent_encode(&self.key, PATH).to_string();
        let path = match (&self.host, self.bucket.as_str()) {
            (Some(_), _) | (None, "") => format!("/{key}"),
            (None, bucket) => format!("/{bucket}/{key}"),
        };
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| pair(name, value)).collect();
        if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
    }

    pub(crate) fn send(&self, emulator: &Emulator) -> Response {
        self.try_send(emulator).unwrap()
    }

    pub(crate) fn try_send(&self, emulator: &Emulator) -> io::Result<Response> {
        let mut stream = connect(emulator);
        stream.write_all(&self.bytes(emulator))?;
        read_response(&mut BufReader::new(stream), self.method)
    }
}

fn pair(name: &str, value: &str) -> String {
    let name = utf8_percent_encode(name, PLAIN);
    if value.is_empty() {
        name.to_string()
    } else {
        format!("{name}={}", utf8_percent_encode(value, PLAIN))
    }
}

pub(crate) fn signer(key: AccessKey) -> Signer {
    Signer { key, region: "cn-hangzhou".to_owned() }
}

/// Connects with a read timeout, so that a test fails instead of hanging.
pub(crate) fn connect(emulator: &Emulator) -> TcpStream {
    let stream = TcpStream::connect(emulator.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// The status line and headers as received.
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Returns the text of the first element `name`.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        self.elements(name).into_iter().next()
    }

    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        let text = self.text();
        let pieces = text.split(start.as_str()).skip(1);
        pieces.map(|piece| piece.split(end.as_str()).next().unwrap().to_owned()).collect()
    }

    /// Returns the status and `Code`.
    pub(crate) fn code(&self) -> (u16, String) {
        (self.status, self.element("Code").unwrap_or_default())
    }
}

pub(crate) fn read_response(reader: &mut impl BufRead, method: &str) -> io::Result<Response> {
    let mut head = Vec::new();
    let mut status = 100;
    let mut headers = Vec::new();
    while status == 100 {
        head.clear();
        let line = read_line(reader, &mut head)?;
        status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap();
        headers.clear();
        loop {
            let line = read_line(reader, &mut head)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    let mut response = Response { status, headers, head, body: Vec::new() };
    let bodiless = method == "HEAD" || status == 204 || status == 304;
    let length = response.header("content-length").and_then(|value| value.parse().ok());
    if !bodiless {
        response.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut response.body)?;
    }
    Ok(response)
}

/// Appends a line to `head`, and returns it with invalid UTF-8 replaced.
fn read_line(reader: &mut impl BufRead, head: &mut Vec<u8>) -> io::Result<String> {
    let start = head.len();
    if reader.read_until(b'\n', head)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&head[start..]).into_owned())
}

/// Initiates an upload and returns its ID.
pub(crate) fn initiate(emulator: &Emulator, key: &str) -> String {
    let response = Request::new("POST", key).query("uploads").send(emulator);
    assert_eq!(response.status, 200, "{}", response.text());
    response.element("UploadId").unwrap()
}

/// Uploads a part and returns its quoted ETag.
pub(crate) fn upload_part(
    emulator: &Emulator,
    key: &str,
    id: &str,
    number: u32,
    body: &[u8],
) -> String {
    let response = part(key, id, number).body(body).send(emulator);
    assert_eq!(response.status, 200, "{}", response.text());
    response.header("etag").unwrap().to_owned()
}

pub(crate) fn part(key: &str, id: &str, number: u32) -> Request {
    Request::new("PUT", key).pair("partNumber", &number.to_string()).pair("uploadId", id)
}

/// Returns the request document of CompleteMultipartUpload.
pub(crate) fn part_list(parts: &[(u32, &str)]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|(number, etag)| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        })
        .collect();
    format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", parts.concat())
}

pub(crate) fn complete(key: &str, id: &str, parts: &[(u32, &str)]) -> Request {
    Request::new("POST", key).pair("uploadId", id).body(part_list(parts))
}

pub(crate) fn abort(key: &str, id: &str) -> Request {
    Request::new("DELETE", key).pair("uploadId", id)
}

pub(crate) fn list_parts(key: &str, id: &str) -> Request {
    Request::new("GET", key).pair("uploadId", id)
}

/// Waits for a condition, with a timeout.
pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "this should have happened by now");
        std::thread::yield_now();
    }
}
