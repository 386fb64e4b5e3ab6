//! Presigned URLs, sent as a plain HTTP client would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::time::Duration;

use ossmpu::{
    AbortMultipartUpload, Cancel, CompleteMultipartUpload, CredentialsSource, Error, ErrorKind,
    InitiateMultipartUpload, ObjectHeaders, PresignRequest, PresignedUrl, PutObject, SentPart,
    SignatureVersion, UploadOptions, UploadPart,
};

use crate::fake_server::FakeServer;
use crate::fixture::{BUCKET, Fixture, bytes, number};

const SIGNED: [(&str, &str); 6] = [
    ("cache-control", "no-cache"),
    ("content-disposition", "attachment"),
    ("content-encoding", "identity"),
    ("content-type", "image/jpeg"),
    ("expires", "Wed, 21 Oct 2037 07:28:00 GMT"),
    ("x-oss-meta-a", "b"),
];

fn presign_put(fixture: &Fixture, headers: &[(&str, &str)]) -> Result<PresignedUrl, Error> {
    let Fixture { client, bucket, key, .. } = fixture;
    let mut set = ObjectHeaders::new();
    for (name, value) in headers {
        set.set_header(name, value).unwrap();
    }
    let request = PutObject::new(bucket, key).with_headers(&set);
    client.presign(&PresignRequest::PutObject(request), Duration::from_secs(60), &Cancel::never())
}

/// Returns the status of the response.
fn send(signed: &PresignedUrl, headers: &[(&str, &str)]) -> u16 {
    let (host, path) = signed.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut head = format!("{} /{path} HTTP/1.1\r\nHost: {host}\r\n", signed.method);
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "Content-Length: 5\r\nConnection: close\r\n\r\nhello";
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_url_requires_exactly_the_headers_that_were_set() {
    let fixture = Fixture::new();
    let signed = presign_put(&fixture, &SIGNED).unwrap();
    let mut returned: Vec<_> = signed.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
    returned.sort_unstable();
    assert_eq!(returned, SIGNED);
    assert_eq!(send(&signed, &SIGNED), 200);
    let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
    assert_eq!(object.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(object.headers.get("cache-control").map(String::as_str), Some("no-cache"));
    for index in 0..SIGNED.len() {
        let mut headers = SIGNED.to_vec();
        let (name, _) = headers.remove(index);
        assert!(matches!(send(&signed, &headers), 400 | 403), "without {name}");
        headers.push((name, "other"));
        assert_eq!(send(&signed, &headers), 403, "other {name}");
    }
}

#[test]
fn a_content_type_that_was_not_set_is_not_guessed_and_not_allowed() {
    let fixture = Fixture::new();
    let signed = presign_put(&fixture, &[]).unwrap();
    assert_eq!(signed.headers, []);
    assert_eq!(send(&signed, &[]), 200);
    assert_eq!(send(&signed, &[("content-type", "image/jpeg")]), 403);
    let Fixture { client, bucket, key, .. } = &fixture;
    let request = InitiateMultipartUpload::new(bucket, key);
    let request = PresignRequest::InitiateMultipartUpload(request);
    assert_eq!(
        client.presign(&request, Duration::from_secs(60), &Cancel::never()).unwrap().headers,
        []
    );
}

#[test]
fn v1_signs_the_content_type_and_refuses_headers_that_it_cannot_sign() {
    let fixture = Fixture::with(|config| {
        config.set_signature(SignatureVersion::V1);
    });
    let headers = [("content-type", "image/jpeg"), ("x-oss-meta-a", "b")];
    let signed = presign_put(&fixture, &headers).unwrap();
    assert_eq!(send(&signed, &headers), 200);
    assert_eq!(send(&signed, &headers[1..]), 403);
    let error = presign_put(&fixture, &SIGNED).unwrap_err();
    assert_eq!(error.argument(), Some("cache-control"), "{error}");
}

#[test]
fn a_url_for_any_request_is_for_its_content_type() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let Fixture { bucket, key, .. } = &fixture;
    let mut headers = ObjectHeaders::new();
    headers.set_content_type("a/b").unwrap();
    let id = upload.upload_id();
    let part = UploadPart::new(bucket, key, id, number(1)).with_headers(&headers);
    let abort = AbortMultipartUpload::new(bucket, key, id).with_headers(&headers);
    let complete = CompleteMultipartUpload::new(bucket, key, id, Vec::new()).with_headers(&headers);
    for request in [
        PresignRequest::UploadPart(part),
        PresignRequest::CompleteMultipartUpload(complete),
        PresignRequest::AbortMultipartUpload(abort),
    ] {
        let signed =
            fixture.client.presign(&request, Duration::from_secs(60), &Cancel::never()).unwrap();
        let found =
            signed.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        assert_eq!(found.map(|(_, value)| value.as_str()), Some("a/b"), "{signed:?}");
        assert_eq!(send(&signed, &[]), 403);
        // Complete gets a body that is none.
        let status = send(&signed, &[("Content-Type", "a/b")]);
        assert!([200, 204, 400].contains(&status), "{status} for {signed:?}");
    }
}

/// Sends a part to a presigned URL.
fn put_part(fixture: &Fixture, length: u64, options: &UploadOptions) -> Result<SentPart, Error> {
    let upload = fixture.initiate();
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    let part = UploadPart::new(bucket, key, upload.upload_id(), number(1));
    let request = PresignRequest::UploadPart(part);
    let signed = client.presign(&request, Duration::from_secs(60), cancel).unwrap();
    client.put_part_url(&signed.url, bytes(length), options, cancel)
}

#[test]
fn the_rate_and_the_timeout_apply_to_a_part_that_is_sent_to_a_url() {
    let mut options = UploadOptions::new();
    // At this rate the part takes ten seconds.
    options.set_bytes_per_sec(1024).set_timeout(Some(Duration::from_millis(300)));
    let error = put_part(&Fixture::new(), 10 * 1024, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[test]
fn the_progress_shows_the_bytes_of_a_part_that_is_sent_to_a_url() {
    let mut options = UploadOptions::new();
    options.set_bytes_per_sec(1024).set_progress(|progress| match progress.bytes_sent {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(7),
    });
    let error = put_part(&Fixture::new(), 10 * 1024, &options).unwrap_err();
    assert_eq!((error.kind(), error.callback_value()), (ErrorKind::Canceled, Some(7)), "{error}");
}

#[test]
fn a_cancel_ends_the_wait_for_credentials() {
    let cancel = Cancel::new().unwrap();
    let token = cancel.clone();
    let uri = FakeServer::new(move |_| {
        token.trigger();
        None
    });
    let fixture = Fixture::with(|config| {
        let source = format!("uri:{}/", uri.url());
        config.set_credentials(CredentialsSource::parse(&source).unwrap());
    });
    let request = PresignRequest::PutObject(PutObject::new(&fixture.bucket, &fixture.key));
    let presign = || fixture.client.presign(&request, Duration::from_secs(60), &cancel);
    assert_eq!(presign().unwrap_err().kind(), ErrorKind::Canceled);
    assert_eq!(presign().unwrap_err().kind(), ErrorKind::Canceled);
    assert_eq!(uri.requests().len(), 1, "a triggered token fetches nothing");
}
