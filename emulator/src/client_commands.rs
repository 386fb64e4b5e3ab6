//! Client commands: get, put, ls and uploads, signed with the emulator's own signer. They read and
//! write objects independently of the library under test.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::auth::{Resource, Signer};
use crate::response::ResponseBody;
use crate::server::HEADERS_MAX;
use crate::{escape, xml_scan};

type CommandResult<T> = Result<T, String>;

/// A client with one access key.
#[derive(Debug, Clone)]
pub struct Client {
    signer: Signer,
}

/// A parsed path-style URL.
#[derive(Debug, PartialEq, Eq)]
struct ObjectUrl {
    authority: String,
    bucket: String,
    key: String,
}

impl Client {
    /// Creates a client that signs with `signer`.
    pub fn new(signer: Signer) -> Self {
        Self { signer }
    }

    /// Downloads the object at `url` to `out`.
    pub async fn get(&self, url: &str, out: &mut (dyn Write + Send)) -> CommandResult<()> {
        let object_url = parse(url)?;
        let mut response = self.send(Method::GET, &object_url, &object_url.key, &[], None).await?;
        while let Some(frame) = response.body_mut().frame().await {
            let frame = frame.map_err(|error| format!("{url}: {error}"))?;
            if let Some(bytes) = frame.data_ref() {
                out.write_all(bytes).map_err(|error| format!("writing: {error}"))?;
            }
        }
        out.flush().map_err(|error| format!("writing: {error}"))
    }

    /// Uploads a file as the object at `url`.
    pub async fn put(&self, url: &str, file: &Path) -> CommandResult<()> {
        let object_url = parse(url)?;
        let file = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
        self.send(Method::PUT, &object_url, &object_url.key, &[], Some(file)).await.map(|_| ())
    }

    /// Prints the size and key of each object with the prefix in `url`.
    pub async fn ls(&self, url: &str, out: &mut (dyn Write + Send)) -> CommandResult<()> {
        let object_url = parse(url)?;
        let mut token = String::new();
        loop {
            let query = [
                ("list-type", "2"),
                ("max-keys", "1000"),
                ("encoding-type", "url"),
                ("prefix", &object_url.key),
                ("continuation-token", &token),
            ];
            let page = self.page(&object_url, &query).await?;
            for object in xml_scan::all(&page, "Contents") {
                let field = |name| xml_scan::first(object, name).unwrap_or_default();
                let key = escape::decode(&field("Key")).unwrap_or_default();
                write_line(out, &format!("{:>12} {key}", field("Size")))?;
            }
            match xml_scan::first(&page, "NextContinuationToken").filter(|t| !t.is_empty()) {
                Some(next) => token = escape::decode(&next).unwrap_or_default(),
                None => return Ok(()),
            }
        }
    }

    /// Prints the key and upload ID of each incomplete upload with the prefix in `url`.
    pub async fn uploads(&self, url: &str, out: &mut (dyn Write + Send)) -> CommandResult<()> {
        let object_url = parse(url)?;
        let (mut key, mut id) = (String::new(), String::new());
        loop {
            let query = [
                ("uploads", ""),
                ("encoding-type", "url"),
                ("prefix", &object_url.key),
                ("key-marker", &key),
                ("upload-id-marker", &id),
            ];
            let page = self.page(&object_url, &query).await?;
            for upload in xml_scan::all(&page, "Upload") {
                let field = |name| xml_scan::first(upload, name).unwrap_or_default();
                let name = escape::decode(&field("Key")).unwrap_or_default();
                write_line(out, &format!("{name} {}", field("UploadId")))?;
            }
            if xml_scan::first(&page, "IsTruncated").as_deref() != Some("true") {
                return Ok(());
            }
            key = xml_scan::first(&page, "NextKeyMarker")
                .and_then(|key| escape::decode(&key))
                .unwrap_or_default();
            id = xml_scan::first(&page, "NextUploadIdMarker").unwrap_or_default();
        }
    }

    async fn page(&self, object_url: &ObjectUrl, query: &[(&str, &str)]) -> CommandResult<String> {
        let query: Vec<(String, String)> = query
            .iter()
            .filter(|(name, value)| *name == "uploads" || !value.is_empty())
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let response = self.send(Method::GET, object_url, "", &query, None).await?;
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }

    /// Sends a signed request; a status other than 2xx is an error.
    async fn send(
        &self,
        method: Method,
        object_url: &ObjectUrl,
        key: &str,
        query: &[(String, String)],
        body: Option<File>,
    ) -> CommandResult<Response<Incoming>> {
        let mut headers = HeaderMap::new();
        let host =
            HeaderValue::from_str(&object_url.authority).map_err(|error| error.to_string())?;
        headers.insert(HOST, host);
        let size = match &body {
            Some(file) => Some(file.metadata().map_err(|error| error.to_string())?.len()),
            None => None,
        };
        if let Some(size) = size {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let resource = Resource {
            bucket: Some(&object_url.bucket),
            key: Some(key).filter(|key| !key.is_empty()),
        };
        let unix = i64::try_from(now).unwrap_or_default();
        self.signer.sign(method.as_str(), resource, query, &[], unix, &mut headers);
        let pairs: Vec<String> = query
            .iter()
            .map(|(name, value)| match value.as_str() {
                "" => escape::query(name),
                value => format!("{}={}", escape::query(name), escape::query(value)),
            })
            .collect();
        let target = format!("/{}/{}?{}", object_url.bucket, escape::path(key), pairs.join("&"));
        let mut request = Request::builder()
            .method(method)
            .uri(target.trim_end_matches('?'))
            .body(file_body(body, size.unwrap_or_default()))
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = headers;
        let response = send_request(&object_url.authority, request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let field = |name| xml_scan::first(&text, name).unwrap_or_default();
        Err(format!("{status} {}: {}", field("Code"), field("Message")))
    }
}

async fn send_request(
    authority: &str,
    request: Request<ResponseBody>,
) -> CommandResult<Response<Incoming>> {
    let failed = |error: &dyn std::fmt::Display| format!("{authority}: {error}");
    let stream = TcpStream::connect(authority).await.map_err(|error| failed(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    // Errors of the connection are also returned by the request and the body.
    tokio::spawn(async move { connection.await.ok() });
    sender.send_request(request).await.map_err(|error| failed(&error))
}

/// Streams a file of known size as the request body; empty without a file.
fn file_body(file: Option<File>, size: u64) -> ResponseBody {
    let Some(mut file) = file.filter(|_| size > 0) else { return ResponseBody::Text(Bytes::new()) };
    let (sender, chunks) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let chunk = match file.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default())),
                Err(error) => Err(error),
            };
            if sender.blocking_send(chunk).is_err() {
                return;
            }
        }
    });
    ResponseBody::Stream { chunks, left: size }
}

fn parse(url: &str) -> CommandResult<ObjectUrl> {
    let bad = || format!("{url}: not a URL like http://127.0.0.1:PORT/bucket/key");
    let rest = url.strip_prefix("http://").ok_or_else(bad)?;
    let (authority, path) = rest.split_once('/').ok_or_else(bad)?;
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if authority.is_empty() || bucket.is_empty() {
        return Err(bad());
    }
    let key = percent_encoding::percent_decode_str(key).decode_utf8().map_err(|_| bad())?;
    Ok(ObjectUrl {
        authority: authority.to_owned(),
        bucket: bucket.to_owned(),
        key: key.into_owned(),
    })
}

fn write_line(out: &mut (dyn Write + Send), text: &str) -> CommandResult<()> {
    writeln!(out, "{text}").map_err(|error| format!("writing: {error}"))
}
