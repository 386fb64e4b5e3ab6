//! Fault injection.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::time::Instant;

use oss_emulator::{Action, Commit, Rule};

use crate::client::*;

fn put(fault: &str) -> Request {
    Request::new("PUT", "k").body("hello").header("x-emulator-fault", fault)
}

#[test]
fn rules_apply_to_matching_requests() {
    let emulator = start();
    let action = Action::status(503, "ServiceUnavailable").header("Retry-After", "1");
    emulator.add_rule(Rule::on("UploadPart", action).part(2).nth(2).times(2));
    let id = initiate(&emulator, "k");
    let send = |number| part("k", &id, number).body("x").send(&emulator);
    assert_eq!(send(2).status, 200);
    assert_eq!(send(1).status, 200);
    let failed = send(2);
    assert_eq!(failed.code(), (503, "ServiceUnavailable".into()));
    assert_eq!(failed.header("retry-after"), Some("1"));
    assert_eq!(send(2).status, 503);
    assert_eq!(send(2).status, 200);
    let statuses: Vec<(u16, bool)> =
        emulator.requests().iter().skip(1).map(|r| (r.status, r.fault_injected)).collect();
    let expected = [(200, false), (200, false), (503, true), (503, true), (200, false)];
    assert_eq!(statuses, expected);
}

#[test]
fn a_status_replaces_or_follows_the_effect() {
    let emulator = start();
    assert_eq!(put(r#"{"status":500}"#).send(&emulator).code(), (500, "InternalError".into()));
    assert!(emulator.object(BUCKET, "k").is_none());
    let after = put(r#"{"status":500,"after_commit":true}"#).send(&emulator);
    assert_eq!(after.status, 500);
    assert!(emulator.object(BUCKET, "k").is_some());
    let bad = put(r#"{"statu":500}"#).send(&emulator);
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
}

#[test]
fn responses_are_lost_before_or_after_the_effect() {
    let emulator = start();
    let ends = |fault: &str| put(fault).try_send(&emulator).unwrap_err().kind();
    assert_eq!(ends(r#"{"lose_response":"before"}"#), ErrorKind::UnexpectedEof);
    assert!(emulator.object(BUCKET, "k").is_none());
    assert_eq!(ends(r#"{"lose_response":"after"}"#), ErrorKind::UnexpectedEof);
    assert!(emulator.object(BUCKET, "k").is_some());
    Request::new("DELETE", "k").send(&emulator);
    assert_eq!(ends(r#"{"reset":"before"}"#), ErrorKind::ConnectionReset);
    assert!(emulator.object(BUCKET, "k").is_none());
    assert_eq!(ends(r#"{"reset":"after"}"#), ErrorKind::ConnectionReset);
    assert!(emulator.object(BUCKET, "k").is_some());
    assert_eq!(emulator.requests().last().unwrap().status, 0);
}

#[test]
fn checksums_can_be_wrong_or_missing() {
    let emulator = start();
    let response = put(r#"{"bad_crc":true,"bad_etag":true}"#).send(&emulator);
    assert_eq!(response.header("x-oss-hash-crc64ecma"), Some("11177612005948864432"));
    assert_eq!(response.header("etag"), Some("\"0D41402ABC4B2A76B9719D911017C592\""));
    let response = put(r#"{"remove_headers":["x-oss-hash-crc64ecma"]}"#).send(&emulator);
    assert_eq!(response.header("x-oss-hash-crc64ecma"), None);
    emulator.change_options(|options| options.no_crc = true);
    let response = Request::new("HEAD", "k").send(&emulator);
    assert_eq!((response.status, response.header("x-oss-hash-crc64ecma")), (200, None));
}

#[test]
fn responses_can_be_replaced_and_edited() {
    let emulator = start();
    let fault = r#"{"raw_response":{"status":307,"headers":{"Location":"http://x/"},"body":"b"}}"#;
    let response = put(fault).send(&emulator);
    assert_eq!((response.status, response.text().as_str()), (307, "b"));
    assert_eq!(response.header("location"), Some("http://x/"));
    let id = initiate(&emulator, "k");
    upload_part(&emulator, "k", &id, 4, b"x");
    let request = list_parts("k", &id);
    let request = request.header("x-emulator-fault", r#"{"replace":{"Marker>4<":"Marker><"}}"#);
    let response = request.send(&emulator);
    assert_eq!(response.element("NextPartNumberMarker").as_deref(), Some(""));
    assert_eq!(response.element("PartNumber").as_deref(), Some("4"));
}

#[test]
fn a_request_body_is_cut_at_a_byte() {
    let emulator = start();
    let body = vec![7; 4 << 20];
    for fault in [r#"{"cut_request_at":100000}"#, r#"{"reset_request_at":100000}"#] {
        let request = Request::new("PUT", "k").body(&body).header("x-emulator-fault", fault);
        let mut stream = connect(&emulator);
        let written = stream.write_all(&request.bytes(&emulator));
        let response = read_response(&mut BufReader::new(stream), "PUT");
        assert!(written.is_err() || response.is_err());
        let record = emulator.requests().pop().unwrap();
        assert!((100_000..4 << 20).contains(&record.bytes), "{}", record.bytes);
    }
    assert!(emulator.object(BUCKET, "k").is_none());
}

#[test]
fn a_response_is_cut_at_a_byte() {
    let emulator = start();
    Request::new("PUT", "k").body(vec![b'x'; 100_000]).send(&emulator);
    let request =
        Request::new("GET", "k").header("x-emulator-fault", r#"{"cut_response_at":5000}"#);
    let mut stream = connect(&emulator);
    stream.write_all(&request.bytes(&emulator)).unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(got.len(), 5000);
}

#[test]
fn responses_are_sent_slowly() {
    let emulator = start();
    let request = put(r#"{"drip":{"delay_ms":1,"bytes":50}}"#);
    let started = Instant::now();
    assert_eq!(request.send(&emulator).status, 200);
    assert!(started.elapsed().as_millis() >= 5);
}

#[test]
fn transfers_stall() {
    let emulator = start();
    let started = Instant::now();
    let fault = r#"{"stall":{"at":"request","byte":2,"ms":60}}"#;
    assert_eq!(put(fault).send(&emulator).status, 200);
    assert!(started.elapsed().as_millis() >= 60);
    let fault = r#"{"stall":{"at":"response","byte":20,"ms":60}}"#;
    let started = Instant::now();
    assert_eq!(put(fault).send(&emulator).status, 200);
    assert!(started.elapsed().as_millis() >= 60);
    let mut stream = connect(&emulator);
    let request = put(r#"{"stall":{"at":"response","byte":20}}"#);
    stream.write_all(&request.bytes(&emulator)).unwrap();
    let mut got = [0; 20];
    stream.read_exact(&mut got).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    assert_eq!(stream.read(&mut got).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn delays_precede_or_follow_the_effect() {
    let emulator = start();
    for fault in [r#"{"delay_ms":60}"#, r#"{"delay_response_ms":60}"#] {
        let started = Instant::now();
        assert_eq!(put(fault).send(&emulator).status, 200);
        assert!(started.elapsed().as_millis() >= 60);
    }
}

#[test]
fn the_clock_can_be_skewed_for_one_request() {
    let emulator = start();
    let response = put(r#"{"clock_skew_s":3600}"#).send(&emulator);
    assert_eq!(response.code(), (403, "RequestTimeTooSkewed".into()));
    assert_eq!(Request::new("PUT", "k").send(&emulator).status, 200);
}

#[test]
fn faults_combine() {
    let emulator = start();
    let action = Action { bad_crc: true, delay_response_ms: 30, ..Action::default() };
    emulator.add_rule(Rule::on("*", action).always());
    emulator.add_rule(Rule::on("*", Action::lose_response(Commit::After)));
    let started = Instant::now();
    let response = Request::new("PUT", "k").body("hello").send(&emulator);
    assert_eq!(response.header("x-oss-hash-crc64ecma"), Some("11177612005948864432"));
    assert!(started.elapsed().as_millis() >= 30);
    emulator.clear_rules();
    let response = Request::new("PUT", "k").body("hello").send(&emulator);
    assert_eq!(response.header("x-oss-hash-crc64ecma"), Some("11177612005948864433"));
}
