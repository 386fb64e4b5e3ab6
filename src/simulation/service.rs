//! One bucket with one key, as the service has it.

use std::collections::BTreeMap;

use std::time::SystemTime;

use super::clock;
use crate::codec::crc64::combine;
use crate::codec::date::http_date;
use crate::transport::Outgoing;
use crate::wire::{Headers, Method, Response};

/// A request that has left the client, with what the service needs of it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) operation: &'static str,
    pub(super) upload: String,
    pub(super) part: u16,
    pub(super) text: String,
    pub(super) size: u64,
    pub(super) crc64: u64,
    pub(super) forbid: bool,
    pub(super) attributes: Vec<(String, String)>,
    /// Which call of the program it belongs to.
    pub(super) call: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) size: u64,
    pub(super) crc64: u64,
    pub(super) etag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Upload {
    pub(super) call: u32,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) parts: BTreeMap<u16, Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Object {
    pub(super) call: u32,
    pub(super) size: u64,
    pub(super) crc64: u64,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) multipart: bool,
    pub(super) modified: SystemTime,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Service {
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) object: Option<Object>,
    /// Every object that was ever made under the key.
    pub(super) made: Vec<Object>,
    next: u32,
}

impl Message {
    pub(super) fn read(outgoing: &Outgoing<'_>, call: u32) -> Self {
        let mut text = String::new();
        let is_text = matches!(outgoing.body, crate::wire::Body::Text(_));
        let sent = outgoing
            .body
            .read_through(|bytes| {
                if is_text {
                    text.push_str(&String::from_utf8_lossy(bytes));
                }
                Ok(())
            })
            .unwrap();
        let query: BTreeMap<&str, &str> = outgoing
            .query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let upload = query.get("uploadId").copied().unwrap_or_default().to_owned();
        let part = query.get("partNumber").and_then(|n| n.parse().ok()).unwrap_or(0);
        let operation = match outgoing.method {
            Method::Post if query.contains_key("uploads") => "InitiateMultipartUpload",
            Method::Post => "CompleteMultipartUpload",
            Method::Put if part > 0 => "UploadPart",
            Method::Put => "PutObject",
            Method::Get => "ListParts",
            Method::Delete => "AbortMultipartUpload",
            Method::Head => "HeadObject",
        };
        let attributes = outgoing
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .filter(|(name, _)| is_attribute(name))
            .collect();
        Self {
            operation,
            upload,
            part,
            text,
            size: sent.bytes,
            crc64: sent.crc64,
            forbid: outgoing.headers.get("x-oss-forbid-overwrite") == Some("true"),
            attributes,
            call,
        }
    }
}

impl Service {
    pub(super) fn apply(&mut self, message: &Message) -> Response {
        match message.operation {
            "InitiateMultipartUpload" => {
                self.next += 1;
                let id = format!("U{}", self.next);
                let upload = Upload {
                    call: message.call,
                    attributes: message.attributes.clone(),
                    parts: BTreeMap::new(),
                };
                self.uploads.insert(id.clone(), upload);
                xml(
                    200,
                    &format!(
                        "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                    ),
                )
            }
            "UploadPart" => {
                let Some(upload) = self.uploads.get_mut(&message.upload) else {
                    return refusal(404, "NoSuchUpload");
                };
                let etag = format!("P{:016X}", message.crc64);
                let part = Part { size: message.size, crc64: message.crc64, etag: etag.clone() };
                upload.parts.insert(message.part, part);
                with(&[("ETag", &etag), ("x-oss-hash-crc64ecma", &message.crc64.to_string())])
            }
            "ListParts" => {
                let Some(upload) = self.uploads.get(&message.upload) else {
                    return refusal(404, "NoSuchUpload");
                };
                let mut body = "<ListPartsResult><IsTruncated>false</IsTruncated>".to_owned();
                for (number, part) in &upload.parts {
                    body += &format!(
                        "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag><Size>{}</Size>\
                         <HashCrc64ecma>{}</HashCrc64ecma></Part>",
                        part.etag, part.size, part.crc64
                    );
                }
                xml(200, &(body + "</ListPartsResult>"))
            }
            "AbortMultipartUpload" => match self.uploads.remove(&message.upload) {
                Some(_) => reply(204, &[], ""),
                None => refusal(404, "NoSuchUpload"),
            },
            "HeadObject" => match &self.object {
                None => reply(404, &[], ""),
                Some(object) => {
                    let mut response = with(&[
                        ("Content-Length", &object.size.to_string()),
                        ("ETag", &format!("O{:016X}", object.crc64)),
                        ("x-oss-hash-crc64ecma", &object.crc64.to_string()),
                        (
                            "x-oss-object-type",
                            if object.multipart { "Multipart" } else { "Normal" },
                        ),
                        ("Last-Modified", &http_date(object.modified)),
                    ]);
                    for (name, value) in &object.attributes {
                        response.headers.append_received(name, value.clone());
                    }
                    response
                }
            },
            "PutObject" => {
                if message.forbid && self.object.is_some() {
                    return refusal(409, "FileAlreadyExists");
                }
                let object = Object {
                    call: message.call,
                    size: message.size,
                    crc64: message.crc64,
                    attributes: message.attributes.clone(),
                    multipart: false,
                    modified: clock(),
                };
                self.store(object);
                let etag = format!("O{:016X}", message.crc64);
                with(&[("ETag", &etag), ("x-oss-hash-crc64ecma", &message.crc64.to_string())])
            }
            "CompleteMultipartUpload" => self.complete(message),
            other => panic!("{other}"),
        }
    }

    fn complete(&mut self, message: &Message) -> Response {
        let Some(upload) = self.uploads.get(&message.upload) else {
            return refusal(404, "NoSuchUpload");
        };
        if message.forbid && self.object.is_some() {
            return refusal(409, "FileAlreadyExists");
        }
        let (mut size, mut crc64) = (0, 0);
        for listed in message.text.split("<Part>").skip(1) {
            let field = |name: &str| {
                let rest = listed.split_once(&format!("<{name}>")).unwrap().1;
                rest.split_once('<').unwrap().0.replace("&quot;", "\"")
            };
            let number: u16 = field("PartNumber").parse().unwrap();
            let etag = field("ETag");
            match upload.parts.get(&number) {
                Some(part) if etag.trim_matches('"') == part.etag => {
                    crc64 = combine(crc64, part.crc64, part.size);
                    size += part.size;
                }
                _ => return refusal(400, "InvalidPart"),
            }
        }
        let object = Object {
            call: upload.call,
            size,
            crc64,
            attributes: upload.attributes.clone(),
            multipart: true,
            modified: clock(),
        };
        self.uploads.remove(&message.upload);
        self.store(object);
        let mut response = xml(
            200,
            &format!(
                "<CompleteMultipartUploadResult><ETag>\"O{crc64:016X}\"</ETag></CompleteMultipartUploadResult>"
            ),
        );
        response.headers.append_received("x-oss-hash-crc64ecma", crc64.to_string());
        response
    }

    pub(super) fn store(&mut self, object: Object) {
        self.made.push(object.clone());
        self.object = Some(object);
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut received = Headers::default();
    received.append_received("x-oss-request-id", "R".to_owned());
    received.append_received("Date", http_date(clock()));
    for (name, value) in headers {
        received.append_received(name, (*value).to_owned());
    }
    Response { status, headers: received, body: body.as_bytes().to_vec() }
}

fn with(headers: &[(&str, &str)]) -> Response {
    reply(200, headers, "")
}

fn xml(status: u16, body: &str) -> Response {
    reply(status, &[], body)
}

pub(super) fn refusal(status: u16, code: &str) -> Response {
    xml(status, &format!("<Error><Code>{code}</Code></Error>"))
}

pub(super) fn gateway(status: u16) -> Response {
    let mut page = reply(status, &[("Content-Type", "text/html")], "<html>gateway</html>");
    page.headers.remove("x-oss-request-id");
    page.headers.remove("Date");
    page
}

fn is_attribute(name: &str) -> bool {
    name.starts_with("x-oss-meta")
        || ["content-type", "x-oss-storage-class", "x-oss-server-side-encryption"].contains(&name)
}
