//! Helpers for the tests of the operations.

use crate::model::{BucketName, ObjectKey, UploadId};
use crate::wire::{Headers, Request, Response};

pub(super) fn bucket() -> BucketName {
    BucketName::parse("fake-bucket").unwrap()
}

/// The key in the recorded requests of the official SDKs.
pub(super) fn key() -> ObjectKey {
    ObjectKey::parse("dir a/ключ+пл%us & 中文~.bin").unwrap()
}

pub(super) fn upload() -> UploadId {
    UploadId::parse("0004B9894A22E5B1888A1E29F8236E2D").unwrap()
}

pub(super) fn ok(body: &str) -> Response {
    response(200, &[], body)
}

pub(super) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut header_fields = Headers::default();
    header_fields.append_received("x-oss-request-id", "5C3D9175B6FC201293AD4890".to_owned());
    for (name, value) in headers {
        header_fields.append_received(name, (*value).to_owned());
    }
    Response { status, headers: header_fields, body: body.as_bytes().to_vec() }
}

/// Returns the query in wire format, but unescaped.
pub(super) fn query_of(request: &Request) -> String {
    let pairs = request.query.iter();
    let texts = pairs.map(|(name, value)| match value.as_str() {
        "" => name.clone(),
        value => format!("{name}={value}"),
    });
    texts.collect::<Vec<_>>().join("&")
}

pub(super) fn body_of(request: &Request) -> String {
    let mut reader = request.body.reader();
    let mut text = Vec::new();
    let mut buffer = [0; 64];
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => return String::from_utf8(text).unwrap(),
            count => text.extend_from_slice(&buffer[..count]),
        }
    }
}
