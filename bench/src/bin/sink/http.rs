//! The subset of HTTP/1.1 that upload clients use.

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::stream::Stream;

/// How a body is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
}

/// The range of an object that a part is copied from.
#[derive(Debug, Default)]
pub struct CopiedRange {
    pub path: String,
    pub start: u64,
    pub length: u64,
}

/// The head of a request.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Framing,
    pub content_md5: Option<[u8; 16]>,
    pub copied: Option<CopiedRange>,
    pub expects_continue: bool,
    pub closes: bool,
}

impl Request {
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?, first.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: Framing::Length(0),
            content_md5: None,
            copied: None,
            expects_continue: false,
            closes: false,
        };
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':')?;
            request.take_header(name, value.trim())?;
        }
        Some(request)
    }

    fn take_header(&mut self, name: &str, value: &str) -> Option<()> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("content-length") && self.body != Framing::Chunked {
            self.body = Framing::Length(value.parse().ok()?);
        } else if is("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            self.body = Framing::Chunked;
        } else if is("content-md5") {
            self.content_md5 = Some(BASE64_STANDARD.decode(value).ok()?.try_into().ok()?);
        } else if is("x-oss-copy-source") {
            self.copied.get_or_insert_default().path = value.to_owned();
        } else if is("x-oss-copy-source-range") {
            let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            let copied = self.copied.get_or_insert_default();
            (copied.start, copied.length) = (first, (last + 1).checked_sub(first)?);
        } else if is("expect") {
            self.expects_continue = true;
        } else if is("connection") {
            self.closes = value.eq_ignore_ascii_case("close");
        }
        Some(())
    }

    pub fn is_small_object(&self) -> bool {
        let is_small = matches!(self.body, Framing::Length(length) if length <= SMALL_MAX);
        self.method == "PUT" && is_small && self.parameter("uploadId").is_none()
    }

    /// The value of a query parameter, not decoded.
    pub fn parameter(&self, wanted: &str) -> Option<&str> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find_map(|(name, value)| (name == wanted).then_some(value))
    }

    /// Splits a path-style path. The keys of the benchmark need no decoding.
    pub fn bucket_and_key(&self) -> (&str, &str) {
        let path = self.path.trim_start_matches('/');
        path.split_once('/').unwrap_or((path, ""))
    }
}

/// A connection with a read-ahead buffer.
pub struct Connection<S> {
    stream: S,
    ahead: Vec<u8>,
    scratch: Vec<u8>,
}

impl<S: Stream> Connection<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new(), scratch: vec![0; SCRATCH] }
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads the next request head; `None` if the client has closed the connection.
    pub fn read_head(&mut self) -> io::Result<Option<Request>> {
        let Some(head) = self.read_until(b"\r\n\r\n")? else { return Ok(None) };
        let request = std::str::from_utf8(&head).ok().and_then(Request::parse);
        request.map(Some).ok_or_else(|| malformed("request head"))
    }

    /// Discards the body and returns its length.
    pub fn discard_body(&mut self, framing: Framing) -> io::Result<u64> {
        self.each_chunk(framing, Self::discard_bytes)
    }

    /// Passes the body to `sink` in chunks and returns its length.
    pub fn read_body(&mut self, framing: Framing, mut sink: impl FnMut(&[u8])) -> io::Result<u64> {
        self.each_chunk(framing, |this, length| this.read_bytes(length, &mut sink))
    }

    /// Calls `consume` with the length of each chunk; a body that is not chunked is one chunk.
    fn each_chunk(
        &mut self,
        framing: Framing,
        mut consume: impl FnMut(&mut Self, u64) -> io::Result<()>,
    ) -> io::Result<u64> {
        if let Framing::Length(length) = framing {
            consume(self, length)?;
            return Ok(length);
        }
        let mut total = 0;
        loop {
            let line = self.read_until(b"\r\n")?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let digits = String::from_utf8_lossy(digits);
            let length = u64::from_str_radix(digits.trim(), 16);
            let length = length.map_err(|_| malformed("chunk size"))?;
            if length == 0 {
                break;
            }
            consume(self, length)?;
            total += length;
            self.discard_bytes(2)?;
        }
        // Trailers, up to an empty line.
        while self.read_until(b"\r\n")?.is_some_and(|line| line.len() > 2) {}
        Ok(total)
    }

    fn discard_bytes(&mut self, length: u64) -> io::Result<()> {
        let mut left = length - self.take_ahead(length).len() as u64;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(1 << 30);
            match self.stream.discard(most, &mut self.scratch)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                discarded => left -= discarded as u64,
            }
        }
        Ok(())
    }

    fn read_bytes(&mut self, length: u64, sink: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let ahead = self.take_ahead(length);
        sink(&ahead);
        let mut left = length - ahead.len() as u64;
        while left > 0 {
            let most = self.scratch.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match self.stream.read(&mut self.scratch[..most])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    sink(&self.scratch[..read]);
                    left -= read as u64;
                }
            }
        }
        Ok(())
    }

    /// Takes at most `most` bytes from the read-ahead buffer.
    fn take_ahead(&mut self, most: u64) -> Vec<u8> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.ahead.len());
        self.ahead.drain(..most).collect()
    }

    /// Reads up to and including `delimiter`; `None` if the stream ends before its first byte.
    fn read_until(&mut self, delimiter: &[u8]) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(at) =
                self.ahead.windows(delimiter.len()).position(|window| window == delimiter)
            {
                return Ok(Some(self.ahead.drain(..at + delimiter.len()).collect()));
            }
            if self.ahead.len() > HEAD_MAX {
                return Err(malformed("request: the head is too long"));
            }
            match self.stream.read(&mut self.scratch[..HEAD_READ])? {
                0 if self.ahead.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.ahead.extend_from_slice(&self.scratch[..read]),
            }
        }
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what}"))
}

const SMALL_MAX: u64 = 1024 * 1024;
const SCRATCH: usize = 128 * 1024;
/// Small, so that little of a body is read with its head.
const HEAD_READ: usize = 4 * 1024;
const HEAD_MAX: usize = 64 * 1024;
