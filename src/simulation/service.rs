//! The model of the service: one bucket.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::time_of_day;
use crate::codec::crc64::combine;
use crate::codec::date::http_date;
use crate::codec::md5::md5;
use crate::error::Error;
use crate::transport::OutgoingRequest;
use crate::wire::{Body, Headers, Method, Response};

/// A request that has left the client, with what the service needs of it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) operation: &'static str,
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) part: u16,
    /// The body, if it is a document.
    pub(crate) text: String,
    pub(crate) size: u64,
    pub(crate) crc64: u64,
    pub(crate) forbids_overwrite: bool,
    pub(crate) completes_all: bool,
    pub(crate) attributes: Vec<(String, String)>,
    /// Bytes of the source of a copy.
    pub(crate) range: Option<(u64, u64)>,
    /// Its `Content-MD5`, as an ETag has it.
    content_md5: Option<String>,
    /// The MD5 of the body, as an ETag has it, if the operation needs it.
    body_md5: String,
    /// The program that sent it, not another writer.
    pub(crate) is_ours: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredPart {
    pub(crate) size: u64,
    pub(crate) crc64: u64,
    etag: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) parts: BTreeMap<u16, StoredPart>,
    /// A part was received while Abort was processed. It is kept, and cannot be completed.
    is_aborted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) is_ours: bool,
    pub(crate) size: u64,
    pub(crate) crc64: u64,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) is_multipart: bool,
    pub(crate) modified: SystemTime,
    etag: String,
    version: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// Uploads of which no ListParts has been made since Abort: they may still receive parts.
    aborting: BTreeSet<String>,
    objects: BTreeMap<String, Object>,
    /// Every object that was ever made under the target key.
    pub(crate) made: Vec<Object>,
    /// Responses carry version IDs.
    pub(crate) is_versioned: bool,
    /// Responses carry no CRC-64s.
    pub(crate) lacks_crc64: bool,
    /// A rule of the bucket forbids replacing objects.
    pub(crate) is_write_once: bool,
    /// The bytes of the base of a delta upload. The ETags of parts are MD5s then, and Complete
    /// compares them.
    pub(crate) delta_base: Option<Arc<[u8]>>,
    next: u32,
}

/// The key of the uploads, and that of the source of copies.
pub(crate) const TARGET: &str = "target";
pub(crate) const COPY_SOURCE: &str = "source";

thread_local! {
    /// MD5s by length and CRC-64: the uploads of a simulation send the same few bodies.
    static MD5S: RefCell<HashMap<(usize, u64), String>> = RefCell::default();
}

/// The MD5 of the bytes as an ETag has it.
fn md5_of(bytes: &[u8], crc64: u64) -> String {
    MD5S.with_borrow_mut(|md5s| {
        md5s.entry((bytes.len(), crc64)).or_insert_with(|| md5(bytes).to_hex_upper()).clone()
    })
}

impl Message {
    /// Reads the whole body, with the MD5 of a part if that is needed; an error of the source comes
    /// with the number of bytes before it.
    pub(crate) fn read(
        outgoing: &OutgoingRequest<'_>,
        hashes_parts: bool,
    ) -> Result<Self, (Error, u64)> {
        let (mut text, mut count) = (String::new(), 0);
        let pairs = outgoing.query.split('&');
        let query: BTreeMap<&str, &str> =
            pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let part = query.get("partNumber").and_then(|number| number.parse().ok()).unwrap_or(0);
        let header = |name: &str| outgoing.headers.get(name);
        let copies = header("x-oss-copy-source").is_some();
        let operation = match outgoing.method {
            Method::Post if query.contains_key("uploads") => "InitiateMultipartUpload",
            Method::Post => "CompleteMultipartUpload",
            Method::Put if part > 0 && copies => "UploadPartCopy",
            Method::Put if part > 0 => "UploadPart",
            Method::Put if copies => "CopyObject",
            Method::Put => "PutObject",
            Method::Get if query.contains_key("tagging") => "GetObjectTagging",
            Method::Get => "ListParts",
            Method::Delete => "AbortMultipartUpload",
            Method::Head => "HeadObject",
        };
        let needs_md5 = operation == "PutObject" || (operation == "UploadPart" && hashes_parts);
        let is_text = matches!(outgoing.body, Body::Text(_));
        let mut data = Vec::new();
        let sent = outgoing.body.read_through(|bytes| {
            count += bytes.len() as u64;
            if is_text {
                text.push_str(&String::from_utf8_lossy(bytes));
            }
            if needs_md5 {
                data.extend_from_slice(bytes);
            }
            Ok(())
        });
        let sent = sent.map_err(|error| (error, count))?;
        let named = outgoing.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let attributes = named.filter(|(name, _)| is_attribute(name));
        Ok(Self {
            operation,
            key: outgoing.target.path.rsplit('/').next().unwrap_or_default().to_owned(),
            upload_id: query.get("uploadId").copied().unwrap_or_default().to_owned(),
            part,
            text,
            size: sent.bytes,
            crc64: sent.crc64,
            forbids_overwrite: header("x-oss-forbid-overwrite") == Some("true"),
            completes_all: header("x-oss-complete-all") == Some("yes"),
            attributes: attributes.map(|(name, value)| (name, value.to_owned())).collect(),
            range: header("x-oss-copy-source-range").and_then(parse_range),
            content_md5: header("Content-MD5").and_then(hex_of_base64),
            body_md5: if needs_md5 { md5_of(&data, sent.crc64) } else { String::new() },
            is_ours: true,
        })
    }
}

impl Service {
    /// Carries the request out.
    pub(crate) fn apply(&mut self, message: &Message, data: &[u8]) -> Response {
        let mut response = self.respond(message, data);
        if self.lacks_crc64 {
            response.headers.remove(CRC64);
        }
        response
    }

    fn respond(&mut self, message: &Message, data: &[u8]) -> Response {
        match message.operation {
            "InitiateMultipartUpload" => self.initiate(message),
            "UploadPart" => {
                let md5 = self.delta_base.is_some().then(|| message.body_md5.clone());
                self.upload_part(message, message.size, message.crc64, md5)
            }
            "UploadPartCopy" => self.copy_part(message, data),
            "ListParts" => self.list_parts(message),
            "GetObjectTagging" => respond(200, &[], "<Tagging><TagSet></TagSet></Tagging>"),
            "AbortMultipartUpload" => match self.uploads.remove(&message.upload_id) {
                Some(_) => {
                    self.aborting.insert(message.upload_id.clone());
                    respond(204, &[], "")
                }
                None => refusal(404, "NoSuchUpload"),
            },
            "HeadObject" => self.head(message),
            "PutObject" => {
                if self.may_not_replace(message) {
                    return refusal(409, "FileAlreadyExists");
                }
                let object = Object {
                    is_ours: message.is_ours,
                    size: message.size,
                    crc64: message.crc64,
                    attributes: message.attributes.clone(),
                    is_multipart: false,
                    modified: time_of_day(),
                    etag: message.body_md5.clone(),
                    version: 0,
                };
                self.store_object(&message.key, object)
            }
            "CopyObject" => {
                if self.may_not_replace(message) {
                    return refusal(409, "FileAlreadyExists");
                }
                let (size, crc64) = (data.len() as u64, crate::codec::crc64::crc64(data));
                let attributes = message.attributes.clone();
                let done =
                    self.store(&message.key, message.is_ours, size, crc64, attributes, false);
                let etag = done.headers.get("ETag").unwrap_or_default();
                let body = format!("<CopyObjectResult><ETag>\"{etag}\"</ETag></CopyObjectResult>");
                Response { body: body.into_bytes(), ..done }
            }
            "CompleteMultipartUpload" => self.complete(message),
            other => panic!("{other}"),
        }
    }

    fn initiate(&mut self, message: &Message) -> Response {
        self.next += 1;
        let id = format!("U{}", self.next);
        let attributes = message.attributes.clone();
        let upload = Upload { attributes, parts: BTreeMap::new(), is_aborted: false };
        self.uploads.insert(id.clone(), upload);
        let root = "InitiateMultipartUploadResult";
        respond(200, &[], &format!("<{root}><UploadId>{id}</UploadId></{root}>"))
    }

    fn upload_part(
        &mut self,
        message: &Message,
        size: u64,
        crc64: u64,
        md5: Option<String>,
    ) -> Response {
        if self.aborting.remove(&message.upload_id) {
            let upload =
                Upload { attributes: Vec::new(), parts: BTreeMap::new(), is_aborted: true };
            self.uploads.insert(message.upload_id.clone(), upload);
        }
        let Some(upload) = self.uploads.get_mut(&message.upload_id) else {
            return refusal(404, "NoSuchUpload");
        };
        let etag = md5.or_else(|| message.content_md5.clone());
        let etag = etag.unwrap_or_else(|| format!("P{crc64:016X}"));
        upload.parts.insert(message.part, StoredPart { size, crc64, etag: etag.clone() });
        respond(200, &[("ETag", &etag), (CRC64, &crc64.to_string())], "")
    }

    fn copy_part(&mut self, message: &Message, data: &[u8]) -> Response {
        let base = self.delta_base.clone();
        let data = base.as_deref().unwrap_or(data);
        let (first, last) = message.range.unwrap_or((0, data.len() as u64 - 1));
        let bytes = &data[usize::try_from(first).unwrap()..=usize::try_from(last).unwrap()];
        let (size, crc64) = (bytes.len() as u64, crate::codec::crc64::crc64(bytes));
        let digest = base.is_some().then(|| md5_of(bytes, crc64));
        let done = self.upload_part(message, size, crc64, digest);
        if done.status != 200 {
            return done;
        }
        let etag = done.headers.get("ETag").unwrap_or_default();
        let range = format!("bytes {first}-{last}/{}", data.len());
        let body = format!(
            "<CopyPartResult><ETag>\"{etag}\"</ETag>\
             <LastModified>2023-11-14T22:13:20.000Z</LastModified></CopyPartResult>"
        );
        let headers = [(CRC64, crc64.to_string()), ("x-oss-copy-source-range", range.clone())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut response = respond(200, &headers, &body);
        response.headers.append_received("Content-Range", range);
        response
    }

    fn list_parts(&mut self, message: &Message) -> Response {
        self.aborting.remove(&message.upload_id);
        let Some(upload) = self.uploads.get(&message.upload_id) else {
            return refusal(404, "NoSuchUpload");
        };
        let mut body = "<ListPartsResult><IsTruncated>false</IsTruncated>".to_owned();
        for (number, StoredPart { size, crc64, etag }) in &upload.parts {
            let crc64 = if self.lacks_crc64 {
                String::new()
            } else {
                format!("<HashCrc64ecma>{crc64}</HashCrc64ecma>")
            };
            body += &format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><Size>{size}</Size>\
                 {crc64}</Part>"
            );
        }
        respond(200, &[], &(body + "</ListPartsResult>"))
    }

    fn head(&self, message: &Message) -> Response {
        let Some(object) = self.objects.get(&message.key) else { return respond(404, &[], "") };
        let kind = if object.is_multipart { "Multipart" } else { "Normal" };
        let mut response = respond(
            200,
            &[
                ("Content-Length", &object.size.to_string()),
                ("ETag", &object.etag),
                (CRC64, &object.crc64.to_string()),
                ("x-oss-object-type", kind),
                ("Last-Modified", &http_date(object.modified)),
            ],
            "",
        );
        self.add_version(&mut response, object.version);
        for (name, value) in &object.attributes {
            response.headers.append_received(name, value.clone());
        }
        response
    }

    fn complete(&mut self, message: &Message) -> Response {
        let upload = self.uploads.get(&message.upload_id).filter(|upload| !upload.is_aborted);
        let Some(upload) = upload.cloned() else {
            return refusal(404, "NoSuchUpload");
        };
        if self.may_not_replace(message) {
            return refusal(409, "FileAlreadyExists");
        }
        let numbers = if message.completes_all {
            upload.parts.keys().copied().collect()
        } else {
            listed_parts(&message.text)
        };
        if self.delta_base.is_some() && !has_listed_etags(&upload, &message.text) {
            return refusal(400, "InvalidPart");
        }
        let (mut size, mut crc64, mut etags, mut count) = (0, 0, String::new(), 0);
        for number in numbers {
            let Some(part) = upload.parts.get(&number) else { return refusal(400, "InvalidPart") };
            crc64 = combine(crc64, part.crc64, part.size);
            size += part.size;
            etags += &part.etag;
            count += 1;
        }
        self.uploads.remove(&message.upload_id);
        let etag = format!("{}-{count}", md5(etags.as_bytes()).to_hex_upper());
        let root = "CompleteMultipartUploadResult";
        let body = format!("<{root}><ETag>\"{etag}\"</ETag></{root}>");
        let object = Object {
            is_ours: message.is_ours,
            size,
            crc64,
            attributes: upload.attributes,
            is_multipart: true,
            modified: time_of_day(),
            etag,
            version: 0,
        };
        let done = self.store_object(&message.key, object);
        Response { body: body.into_bytes(), ..done }
    }

    fn may_not_replace(&self, message: &Message) -> bool {
        let is_forbidden = message.forbids_overwrite || self.is_write_once;
        is_forbidden && self.objects.contains_key(&message.key)
    }

    /// Stores an object and returns the response to it.
    pub(crate) fn store(
        &mut self,
        key: &str,
        is_ours: bool,
        size: u64,
        crc64: u64,
        attributes: Vec<(String, String)>,
        is_multipart: bool,
    ) -> Response {
        let (modified, etag) = (time_of_day(), format!("O{crc64:016X}"));
        self.store_object(
            key,
            Object { is_ours, size, crc64, attributes, is_multipart, modified, etag, version: 0 },
        )
    }

    fn store_object(&mut self, key: &str, object: Object) -> Response {
        self.next += 1;
        let object = Object { version: self.next, ..object };
        self.objects.insert(key.to_owned(), object.clone());
        let crc64 = object.crc64.to_string();
        let mut response = respond(200, &[("ETag", &object.etag), (CRC64, &crc64)], "");
        self.add_version(&mut response, object.version);
        if key == TARGET {
            self.made.push(object);
        }
        response
    }

    fn add_version(&self, response: &mut Response, version: u32) {
        if self.is_versioned {
            response.headers.append_received("x-oss-version-id", format!("V{version}"));
        }
    }
}

/// The part numbers that a Complete lists.
pub(crate) fn listed_parts(text: &str) -> Vec<u16> {
    let numbers = text.split("<PartNumber>").skip(1);
    numbers.map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect()
}

/// True if each part that a Complete lists has the ETag that it lists.
fn has_listed_etags(upload: &Upload, text: &str) -> bool {
    let listed = listed_parts(text).into_iter().zip(text.split("<PartNumber>").skip(1));
    let parts = &upload.parts;
    listed
        .into_iter()
        .all(|(number, text)| parts.get(&number).is_none_or(|part| text.contains(&part.etag)))
}

fn parse_range(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
}

pub(crate) fn is_attribute(name: &str) -> bool {
    let shown = ["content-type", "x-oss-storage-class", "x-oss-server-side-encryption"];
    name.starts_with("x-oss-meta-") || shown.contains(&name)
}

fn respond(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut received = Headers::default();
    received.append_received("x-oss-request-id", "5C3D9175B6FC201293AD4890".to_owned());
    received.append_received("Date", http_date(time_of_day()));
    for (name, value) in headers {
        received.append_received(name, (*value).to_owned());
    }
    Response { status, headers: received, body: body.as_bytes().to_vec() }
}

pub(crate) fn refusal(status: u16, code: &str) -> Response {
    respond(status, &[], &format!("<Error><Code>{code}</Code></Error>"))
}

pub(crate) fn error_in_200() -> Response {
    refusal(200, "InternalError")
}

pub(crate) fn gateway(status: u16) -> Response {
    let mut page = respond(status, &[("Content-Type", "text/html")], "<html>gateway</html>");
    page.headers.remove("x-oss-request-id");
    page.headers.remove("Date");
    page
}

pub(crate) const CRC64: &str = "x-oss-hash-crc64ecma";
