//! Upload callbacks: after an object is stored, a callback server supplies the response.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::callback_address::{is_private, is_private_url};
use crate::error::OssError;
use crate::escape;
use crate::operation_request::OperationRequest;
use crate::response::{Content, OssResponse};

/// Length of the base64 text.
const MAX_PARAMETER: usize = 5 * 1024;
const MAX_URLS: usize = 5;
const MAX_RESPONSE: usize = 3 << 20;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A callback requested by the client.
#[derive(Debug)]
pub(super) struct Callback {
    urls: Vec<String>,
    host: Option<String>,
    body: String,
    is_json: bool,
    variables: BTreeMap<String, String>,
    allows_private: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    callback_url: String,
    #[serde(default)]
    callback_host: Option<String>,
    callback_body: String,
    #[serde(default)]
    callback_body_type: Option<String>,
}

/// Attributes of the stored object for the callback body.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) etag: &'a str,
    pub(super) size: u64,
    pub(super) mime_type: &'a str,
    pub(super) crc64: u64,
}

/// Parses `x-oss-callback` and `x-oss-callback-var`, or the equivalent query parameters.
pub(super) fn parse(request: &OperationRequest) -> Result<Option<Callback>, OssError> {
    let Some(parameter) = decode(request, "callback")? else { return Ok(None) };
    let text = String::from_utf8_lossy(&parameter).into_owned();
    let invalid = |message| OssError::argument("callback", &text, message);
    let parameter: Parameter = serde_json::from_slice(&parameter).map_err(|_| {
        invalid("The callback configuration is not json format.").ec("0007-00000003")
    })?;
    let urls: Vec<String> = parameter.callback_url.split(';').map(str::to_owned).collect();
    if parameter.callback_url.is_empty() || urls.len() > MAX_URLS {
        return Err(invalid("The callback must have one to five URLs.").ec("0007-00000005"));
    }
    let allows_private = request.options.private_callbacks;
    if !allows_private && urls.iter().any(|url| is_private_url(url)) {
        return Err(OssError::argument(
            "callbackUrl",
            &parameter.callback_url,
            "Private address is forbidden to callback.",
        )
        .ec("0007-00000008"));
    }
    let is_json = match parameter.callback_body_type.as_deref() {
        None | Some(FORM) => false,
        Some(JSON) => true,
        Some(_) => return Err(invalid("The callback body type is not supported.")),
    };
    let variables: BTreeMap<String, String> = match decode(request, "callback-var")? {
        None => BTreeMap::new(),
        Some(text) => serde_json::from_slice(&text)
            .map_err(|_| invalid("The callback-var configuration is not a JSON map of strings."))?,
    };
    let valid = |name: &String| name.starts_with("x:") && *name == name.to_lowercase();
    if !variables.keys().all(valid) {
        return Err(invalid("The names in callback-var must start with x: and be lower case."));
    }
    Ok(Some(Callback {
        urls,
        host: parameter.callback_host.filter(|host| !host.is_empty()),
        body: parameter.callback_body,
        is_json,
        variables,
        allows_private,
    }))
}

fn decode(request: &OperationRequest, name: &'static str) -> Result<Option<Vec<u8>>, OssError> {
    let header = format!("x-oss-{name}");
    let invalid = |value: &str, message| OssError::argument(name, value, message);
    let text = match (request.header(&header), request.query.value(name)) {
        (None, None) => return Ok(None),
        (Some(text), Some(_)) => {
            return Err(invalid(
                &text,
                "The parameter must be in the header or the query, not both.",
            ));
        }
        (Some(text), None) => text,
        (None, Some(text)) => text.to_owned(),
    };
    if text.len() > MAX_PARAMETER {
        return Err(invalid(&text, "The parameter exceeds 5 KB."));
    }
    let (message, ec) = match name {
        "callback" => ("The callback configuration is not base64 encoded.", "0007-00000002"),
        _ => ("The callback-var configuration is not base64 encoded.", "0007-00000102"),
    };
    STANDARD.decode(&text).map(Some).map_err(|_| invalid(&text, message).ec(ec))
}

impl Callback {
    /// Calls the servers in turn; the first valid response becomes the body of `response`.
    pub(super) async fn run(
        &self,
        request: &OperationRequest,
        stored: &Stored<'_>,
        mut response: OssResponse,
    ) -> Result<OssResponse, OssError> {
        let body = self.fill(request, stored);
        let mut failure = Failure::default();
        for url in &self.urls {
            match timeout(request.options.callback_timeout, self.post(url, &body)).await {
                Ok(Ok(body)) => {
                    response.set("content-type", JSON);
                    response.content = Content::Text(body);
                    return Ok(response);
                }
                Ok(Err(error)) => failure = error,
                Err(_) => failure = Failure::of(&timed_out(request.options.callback_timeout)),
            }
        }
        let mut error = OssError::new(
            StatusCode::NON_AUTHORITATIVE_INFORMATION,
            "CallbackFailed",
            &failure.message,
        );
        error.ec = failure.bad_status.then_some("0007-00000203");
        Err(error)
    }

    /// Returns the callback body with placeholders replaced.
    fn fill(&self, request: &OperationRequest, stored: &Stored<'_>) -> String {
        let mut filled = String::new();
        let mut rest = self.body.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                rest = "";
                break;
            };
            let value = self.value(name, request, stored);
            let is_number = matches!(name, "size" | "crc64");
            filled.push_str(&match (self.is_json, is_number) {
                (false, _) => escape::query(&value),
                (true, true) => value,
                // The template may already quote the placeholder.
                (true, false) if before.ends_with('"') => json(&value).trim_matches('"').to_owned(),
                (true, false) => json(&value),
            });
            rest = after;
        }
        filled + rest
    }

    fn value(&self, name: &str, request: &OperationRequest, stored: &Stored<'_>) -> String {
        match name {
            "bucket" => request.bucket.clone(),
            "object" => request.key.clone(),
            "etag" => stored.etag.to_owned(),
            "size" => stored.size.to_string(),
            "mimeType" => stored.mime_type.to_owned(),
            "crc64" => stored.crc64.to_string(),
            "reqId" => request.request_id.clone(),
            name => self.variables.get(name).cloned().unwrap_or_default(),
        }
    }

    async fn post(&self, url: &str, body: &str) -> Result<Bytes, Failure> {
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(Failure::of(&format!("{url}: only http callback URLs are supported.")));
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let failed = |error: &dyn std::fmt::Display| Failure::of(&format!("{url}: {error}"));
        let address =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let addresses = lookup_host(address).await.map_err(|error| failed(&error))?;
        let addresses: Vec<SocketAddr> =
            addresses.filter(|address| self.allows_private || !is_private(address.ip())).collect();
        let stream =
            TcpStream::connect(addresses.as_slice()).await.map_err(|error| failed(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(&error))?;
        // Errors of the connection are also returned by the request.
        tokio::spawn(async move { connection.await.ok() });
        let request = Request::post(path)
            .header(HOST, self.host.as_deref().unwrap_or(authority))
            .header(USER_AGENT, "aliyun-oss-callback")
            .header(CONTENT_TYPE, if self.is_json { JSON } else { FORM })
            .body(Full::new(Bytes::from(body.to_owned())))
            .map_err(|error| failed(&error))?;
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        if status != StatusCode::OK {
            let message = format!("Error status : {}.", status.as_u16());
            return Err(Failure { message, bad_status: true });
        }
        if !response.headers().contains_key(CONTENT_LENGTH) {
            return Err(Failure::of("Response has no Content-Length."));
        }
        let body = Limited::new(response.into_body(), MAX_RESPONSE).collect().await;
        let body = body.map_err(|error| failed(&error))?.to_bytes();
        match serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
            Ok(_) => Ok(body),
            Err(_) => Err(Failure::of("Response body is not valid json format.")),
        }
    }
}

#[derive(Debug, Default)]
struct Failure {
    message: String,
    bad_status: bool,
}

impl Failure {
    fn of(message: &str) -> Self {
        Self { message: message.to_owned(), bad_status: false }
    }
}

fn timed_out(time: Duration) -> String {
    format!("Callback timed out after {} ms.", time.as_millis())
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
