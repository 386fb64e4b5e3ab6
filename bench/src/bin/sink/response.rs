//! Responses and their XML.

use std::fmt::Write as _;

use super::uploads::Part;

pub struct Response {
    status: &'static str,
    headers: String,
    body: Body,
}

enum Body {
    Text(String),
    /// For the response to HEAD: only the length.
    Length(u64),
}

impl Response {
    fn new(status: &'static str) -> Self {
        Self { status, headers: String::new(), body: Body::Text(String::new()) }
    }

    pub fn ok() -> Self {
        Self::new("200 OK")
    }

    pub fn no_content() -> Self {
        Self::new(NO_CONTENT)
    }

    pub fn not_found() -> Self {
        Self::new("404 Not Found").with_xml("<Error><Code>NoSuchKey</Code></Error>")
    }

    pub fn with_body(mut self, content_type: &str, body: String) -> Self {
        self.body = Body::Text(body);
        self.with_header("Content-Type", content_type)
    }

    fn with_xml(self, xml: &str) -> Self {
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        self.with_body("application/xml", format!("{declaration}{xml}"))
    }

    fn with_header(mut self, name: &str, value: &str) -> Self {
        // Writing to a `String` cannot fail.
        let _ = write!(self.headers, "{name}: {value}\r\n");
        self
    }

    /// Serializes the response, without its body if `head_only`.
    pub fn to_bytes(&self, head_only: bool) -> Vec<u8> {
        let Self { status, headers, body } = self;
        let (length, text) = match body {
            Body::Text(text) => (text.len() as u64, text.as_str()),
            Body::Length(length) => (*length, ""),
        };
        let length = match *status {
            NO_CONTENT => String::new(),
            _ => format!("Content-Length: {length}\r\n"),
        };
        let text = if head_only { "" } else { text };
        format!("HTTP/1.1 {status}\r\nx-oss-request-id: 1\r\n{headers}{length}\r\n{text}")
            .into_bytes()
    }
}

/// The response to PutObject and UploadPart. Without an MD5 the ETag is a constant.
pub fn stored(md5: Option<[u8; 16]>, crc64: Option<u64>) -> Response {
    let response = Response::ok().with_header("ETag", &etag(md5.unwrap_or_default()));
    match crc64 {
        Some(crc64) => response.with_header(CRC64, &crc64.to_string()),
        None => response,
    }
}

/// The response to HeadObject.
pub fn object_of_size(size: u64) -> Response {
    let mut response = Response::ok()
        .with_header("ETag", ETAG_OF_PARTS)
        .with_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
    response.body = Body::Length(size);
    response
}

pub fn bad_digest() -> Response {
    Response::new("400 Bad Request").with_xml("<Error><Code>InvalidDigest</Code></Error>")
}

pub fn initiated(bucket: &str, key: &str, upload_id: &str) -> Response {
    Response::ok().with_xml(&format!(
        "<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{key}</Key>\
         <UploadId>{upload_id}</UploadId></InitiateMultipartUploadResult>"
    ))
}

pub fn completed(bucket: &str, key: &str, crc64: Option<u64>) -> Response {
    let response = Response::ok().with_xml(&format!(
        "<CompleteMultipartUploadResult><Location>http://127.0.0.1/{bucket}/{key}</Location>\
         <Bucket>{bucket}</Bucket><Key>{key}</Key><ETag>{ETAG_OF_PARTS}</ETag>\
         </CompleteMultipartUploadResult>"
    ));
    match crc64 {
        Some(crc64) => response.with_header(CRC64, &crc64.to_string()),
        None => response,
    }
}

/// The response to UploadPartCopy; as from OSS, without a CRC-64.
pub fn copied(md5: [u8; 16]) -> Response {
    let etag = etag(md5);
    Response::ok().with_header("ETag", &etag).with_xml(&format!(
        "<CopyPartResult><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{etag}</ETag>\
         </CopyPartResult>"
    ))
}

/// The response to ListParts.
pub fn listed(upload_id: &str, parts: &[(u32, Part)], is_truncated: bool) -> Response {
    let next = parts.last().map_or(0, |(number, _)| *number);
    let mut xml = format!(
        "<ListPartsResult><UploadId>{upload_id}</UploadId>\
         <NextPartNumberMarker>{next}</NextPartNumberMarker>\
         <IsTruncated>{is_truncated}</IsTruncated>"
    );
    for (number, part) in parts {
        let etag = etag(part.checksums.as_ref().map(|sums| sums.md5).unwrap_or_default());
        let size = part.length;
        let crc64 = part
            .checksums
            .as_ref()
            .map_or(String::new(), |sums| format!("<HashCrc64ecma>{}</HashCrc64ecma>", sums.crc64));
        // Writing to a `String` cannot fail.
        let _ = write!(
            xml,
            "<Part><PartNumber>{number}</PartNumber>\
             <LastModified>2026-01-01T00:00:00.000Z</LastModified>\
             <ETag>{etag}</ETag>{crc64}<Size>{size}</Size></Part>"
        );
    }
    Response::ok().with_xml(&(xml + "</ListPartsResult>"))
}

pub fn empty_list() -> Response {
    Response::ok().with_xml(
        "<ListBucketResult><Name>bench</Name><IsTruncated>false</IsTruncated></ListBucketResult>",
    )
}

fn etag(md5: [u8; 16]) -> String {
    let digits: String = md5.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("\"{digits}\"")
}

const NO_CONTENT: &str = "204 No Content";
/// The hyphen marks an ETag that is not an MD5.
const ETAG_OF_PARTS: &str = "\"00000000000000000000000000000000-1\"";
const CRC64: &str = "x-oss-hash-crc64ecma";
