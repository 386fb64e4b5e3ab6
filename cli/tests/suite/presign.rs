//! `presign`: URLs that work without credentials.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;

use crate::fixture::{BUCKET, Fixture, bytes, ossmpu, send, url};
use crate::run::Run;

/// Sends a request as a plain HTTP client would and returns the status line of the response.
fn request(method: &str, url: &str, body: &[u8]) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.lines().next().unwrap().to_owned()
}

#[test]
fn only_the_url_is_printed_and_it_accepts_an_object() {
    let fixture = Fixture::new();
    let run = fixture.run(&["presign", "put", &url("a b"), "--expires", "10m"]).exits(0);
    assert!(run.stderr.contains("for PUT until 20"), "{run:?}");
    assert_eq!(request("PUT", run.stdout.trim_end(), b"hello"), "HTTP/1.1 200 OK");
    assert_eq!(fixture.stored("a b").unwrap(), b"hello");
}

#[test]
fn a_multipart_upload_works_with_presigned_urls_alone() {
    let fixture = Fixture::new();
    let id = fixture.initiate("big");
    let signed = |arguments: &[&str]| {
        let run = fixture.run(&[&["presign"], arguments, &["--json"]].concat()).exits(0);
        run.results().remove(0)
    };
    let send = |arguments: &[&str], body: &[u8]| {
        let signed = signed(arguments);
        request(signed["method"].as_str().unwrap(), signed["url"].as_str().unwrap(), body)
    };
    let target = url("big");
    assert_eq!(send(&["part", &target, &id, "1"], &bytes(10)), "HTTP/1.1 200 OK");
    let etag = &fixture.emulator.uploads(BUCKET)[0].parts[0].etag;
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"{etag}\"</ETag></Part>\
         </CompleteMultipartUpload>"
    );
    assert_eq!(send(&["complete", &target, &id], list.as_bytes()), "HTTP/1.1 200 OK");
    assert_eq!(fixture.stored("big").unwrap(), bytes(10));

    assert_eq!(send(&["initiate", &target], b""), "HTTP/1.1 200 OK");
    let id = fixture.emulator.uploads(BUCKET)[0].upload_id.clone();
    assert_eq!(send(&["abort", &target, &id], b""), "HTTP/1.1 204 No Content");
    assert_eq!(fixture.emulator.uploads(BUCKET), []);
}

#[test]
fn the_url_follows_endpoint_and_addressing() {
    let host = |options: &[&str]| {
        let mut command = ossmpu(&[&["presign", "put", "oss://abc/k"], options].concat());
        command.env("OSS_ACCESS_KEY_ID", "id").env("OSS_ACCESS_KEY_SECRET", "secret");
        command.env("OSS_REGION", "cn-hangzhou");
        let run = Run::of(command.output().unwrap()).exits(0);
        run.stdout.split_once('?').unwrap().0.to_owned()
    };
    assert_eq!(host(&[]), "https://abc.oss-cn-hangzhou.aliyuncs.com/k");
    assert_eq!(host(&["--region", "cn-beijing"]), "https://abc.oss-cn-beijing.aliyuncs.com/k");
    let internal = host(&["--endpoint-kind", "internal"]);
    assert_eq!(internal, "https://abc.oss-cn-hangzhou-internal.aliyuncs.com/k");
    assert_eq!(host(&["--addressing", "path"]), "https://oss-cn-hangzhou.aliyuncs.com/abc/k");
    let domain = host(&["--endpoint", "img.example.com", "--addressing", "cname"]);
    assert_eq!(domain, "https://img.example.com/k");
}

#[test]
fn a_signal_ends_the_wait_for_credentials() {
    let fixture = Fixture::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let source = format!("uri:http://{}/", server.local_addr().unwrap());
    let child = fixture.start(&["presign", "put", &url("k"), "--credentials", &source]);
    let connection = server.accept().unwrap();
    send(Signal::INT, &child);
    let run = Run::wait(child).exits(130);
    drop(connection);
    assert!(run.stderr.contains("canceled"), "{run:?}");
}
