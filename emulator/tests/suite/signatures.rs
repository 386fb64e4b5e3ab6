//! Forms of signatures that official clients send. The strings to sign are written out here.

use oss_emulator::{Addressing, Emulator};
use sha2::{Digest, Sha256};

use crate::auth::{http_date, mac, open, v1};
use crate::client::*;

const PAYLOAD: &str = "x-oss-content-sha256: UNSIGNED-PAYLOAD\r\n";

/// Signs `GET` of a resource with V4; returns the Authorization header.
fn v4_header(resource: &str, query: &str, date: &str, day: &str) -> String {
    let headers = "x-oss-content-sha256:UNSIGNED-PAYLOAD\n";
    let canonical = format!("GET\n{resource}\n{query}\n{headers}\n\nUNSIGNED-PAYLOAD");
    let scope = format!("{day}/cn-hangzhou/oss/aliyun_v4_request");
    let digest = hex::encode(Sha256::digest(canonical));
    let text = format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
    let mut key = b"aliyun_v4secret".to_vec();
    for step in scope.split('/') {
        key = mac(&key, step);
    }
    let signature = hex::encode(mac(&key, &text));
    format!("authorization: OSS4-HMAC-SHA256 Credential=id/{scope},Signature={signature}\r\n")
}

fn day(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).unwrap().strftime("%Y%m%d").to_string()
}

fn now() -> i64 {
    Request::new("GET", "").unix
}

/// Sends `GET` with a V4 signature whose only date is `Date`.
fn with_date(emulator: &Emulator, target: &str, signed: &str, unix: i64, day: &str) -> Response {
    let date = http_date(unix);
    let authorization = v4_header(signed, "uploads", &date, day);
    open(emulator, "GET", target, &format!("date: {date}\r\n{PAYLOAD}{authorization}"))
}

#[test]
fn v4_signs_the_date_header_if_there_is_no_other_date() {
    let emulator = start();
    let send = |unix: i64, day: &str| {
        with_date(&emulator, &format!("/{BUCKET}/?uploads"), "/test-bucket/", unix, day)
    };
    let now = now();
    let response = send(now, &day(now));
    assert_eq!(response.status, 200, "{}", response.text());
    let late = send(now - 1000, &day(now - 1000));
    assert_eq!(late.code(), (403, "RequestTimeTooSkewed".into()));
    assert_eq!(send(now, "20200101").code(), (400, "InvalidArgument".into()));
    let authorization = v4_header("/test-bucket/", "uploads", "", &day(now));
    let target = format!("/{BUCKET}/?uploads");
    let undated = open(&emulator, "GET", &target, &format!("{PAYLOAD}{authorization}"));
    assert_eq!(undated.code(), (403, "AccessDenied".into()));
}

#[test]
fn path_style_buckets_can_be_signed_without_slash() {
    let emulator = start();
    let now = now();
    for target in [format!("/{BUCKET}?uploads"), format!("/{BUCKET}/?uploads")] {
        for signed in ["/test-bucket", "/test-bucket/"] {
            let response = with_date(&emulator, &target, signed, now, &day(now));
            assert_eq!(response.status, 200, "V4, {target} signed as {signed}");
            let date = http_date(now);
            let signature = v1(&format!("GET\n\n\n{date}\n{signed}?uploads"));
            let headers = format!("date: {date}\r\nauthorization: OSS id:{signature}\r\n");
            let response = open(&emulator, "GET", &target, &headers);
            assert_eq!(response.status, 200, "V1, {target} signed as {signed}");
        }
        let other = with_date(&emulator, &target, "/test-bucke", now, &day(now));
        assert_eq!(other.code().1, "SignatureDoesNotMatch");
    }
}

#[test]
fn other_resources_are_signed_with_their_slash() {
    let emulator = start();
    let now = now();
    let object =
        with_date(&emulator, &format!("/{BUCKET}/k?uploads"), "/test-bucket", now, &day(now));
    assert_eq!(object.code().1, "SignatureDoesNotMatch");
    let emulator =
        builder().addressing(Addressing::Virtual).host("files.test", BUCKET).start().unwrap();
    let date = http_date(now);
    let send = |signed: &str| {
        let authorization = v4_header(signed, "uploads", &date, &day(now));
        let head = format!(
            "GET /?uploads HTTP/1.1\r\nhost: files.test\r\ndate: {date}\r\n{PAYLOAD}\
             {authorization}\r\n"
        );
        crate::auth::raw(&emulator, head.as_bytes(), "GET")
    };
    assert_eq!(send("/test-bucket").code().1, "SignatureDoesNotMatch");
    assert_eq!(send("/test-bucket/").status, 200);
}

#[test]
fn v1_signs_all_sub_resources() {
    let emulator = start();
    Request::new("PUT", "k").body("hello").send(&emulator);
    let date = http_date(now());
    for name in ["live", "qos", "qosInfo", "status", "vod", "comp", "cname", "style", "img"] {
        let signature = v1(&format!("GET\n\n\n{date}\n/{BUCKET}/k?{name}"));
        let headers = format!("date: {date}\r\nauthorization: OSS id:{signature}\r\n");
        let response = open(&emulator, "GET", &format!("/{BUCKET}/k?other&{name}"), &headers);
        assert_eq!(response.text(), "hello", "{name}");
    }
}
