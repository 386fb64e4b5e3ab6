//! Parts in flight during other operations on their upload.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use oss_emulator::Emulator;

use crate::client::*;

/// Sends the head and the first byte of a two-byte part, and waits until it is received.
fn half_sent(emulator: &Emulator, id: &str) -> TcpStream {
    let bytes = part("k", id, 1).body("ab").bytes(emulator);
    let (head, last) = bytes.split_at(bytes.len() - 1);
    assert_eq!(last, b"b");
    let mut stream = connect(emulator);
    stream.write_all(head).unwrap();
    wait_until(|| emulator.requests().iter().any(|r| r.op == "UploadPart" && r.bytes == 1));
    stream
}

fn finish(mut stream: TcpStream) -> Response {
    stream.write_all(b"b").unwrap();
    read_response(&mut BufReader::new(stream), "PUT").unwrap()
}

#[test]
fn abort_drops_parts_in_flight() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let stream = half_sent(&emulator, &id);
    assert_eq!(abort("k", &id).send(&emulator).status, 204);
    assert_eq!(finish(stream).code(), (404, "NoSuchUpload".into()));
    assert!(emulator.uploads(BUCKET).is_empty());
}

#[test]
fn a_straggler_needs_a_second_abort() {
    let emulator = start();
    emulator.change_options(|options| options.straggler = true);
    let id = initiate(&emulator, "k");
    let stream = half_sent(&emulator, &id);
    assert_eq!(abort("k", &id).send(&emulator).status, 204);
    let gone = (404, "NoSuchUpload".to_owned());
    assert_eq!(list_parts("k", &id).send(&emulator).code(), gone);
    assert_eq!(finish(stream).status, 200);
    assert_eq!(list_parts("k", &id).send(&emulator).elements("PartNumber"), ["1"]);
    assert_eq!(emulator.uploads(BUCKET).len(), 1);
    assert_eq!(part("k", &id, 2).body("x").send(&emulator).code(), gone);
    assert_eq!(complete("k", &id, &[]).send(&emulator).code(), gone);
    assert_eq!(abort("k", &id).send(&emulator).status, 204);
    assert_eq!(abort("k", &id).send(&emulator).code(), gone);
    assert!(emulator.uploads(BUCKET).is_empty());
}

#[test]
fn complete_does_not_wait_for_parts_in_flight() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let stream = half_sent(&emulator, &id);
    assert_eq!(complete("k", &id, &[]).send(&emulator).status, 200);
    assert_eq!(finish(stream).code(), (404, "NoSuchUpload".into()));
    assert_eq!(emulator.object(BUCKET, "k").unwrap().size, 0);
}

#[test]
fn the_part_finished_last_wins() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let stream = half_sent(&emulator, &id);
    let other = upload_part(&emulator, "k", &id, 1, b"other");
    let own = finish(stream);
    assert_ne!(own.header("etag"), Some(other.as_str()));
    assert_eq!(emulator.uploads(BUCKET)[0].parts[0].size, 2);
}

#[test]
fn a_stalled_body_times_out() {
    let emulator = start();
    emulator.change_options(|options| options.body_timeout = Duration::from_millis(50));
    let id = initiate(&emulator, "k");
    let stream = half_sent(&emulator, &id);
    let response = read_response(&mut BufReader::new(stream), "PUT").unwrap();
    assert_eq!(response.code(), (400, "RequestTimeout".into()));
    assert_eq!(response.header("connection"), Some("close"));
    assert!(emulator.uploads(BUCKET)[0].parts.is_empty());
}

#[test]
fn an_early_error_keeps_the_connection_open() {
    let emulator = start();
    let bytes = part("k", "unknown", 1).body(vec![0; 200_000]).bytes(&emulator);
    let head = bytes.len() - 200_000;
    let mut stream = connect(&emulator);
    stream.write_all(&bytes[..head]).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let early = read_response(&mut reader, "PUT").unwrap();
    assert_eq!(early.code(), (404, "NoSuchUpload".into()));
    stream.write_all(&bytes[head..]).unwrap();
    stream.write_all(&Request::new("GET", "none").bytes(&emulator)).unwrap();
    assert_eq!(read_response(&mut reader, "GET").unwrap().code(), (404, "NoSuchKey".into()));
}

#[test]
fn an_early_error_is_readable_despite_a_large_body() {
    let emulator = start();
    let bytes = part("k", "unknown", 1).body(vec![0; 32 << 20]).bytes(&emulator);
    let mut stream = connect(&emulator);
    // The server can close the connection during the write; the response must stay readable.
    let _ = stream.write_all(&bytes);
    let response = read_response(&mut BufReader::new(stream), "PUT").unwrap();
    assert_eq!(response.code(), (404, "NoSuchUpload".into()));
}

#[test]
fn continue_is_sent_only_if_the_body_is_wanted() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let request = |id: &str| part("k", id, 1).header("expect", "100-continue").body("x");
    let bytes = request(&id).bytes(&emulator);
    let mut stream = connect(&emulator);
    stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    stream.write_all(b"x").unwrap();
    std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
    assert_eq!(read_response(&mut reader, "PUT").unwrap().status, 200);
    let bytes = request("unknown").bytes(&emulator);
    let mut stream = connect(&emulator);
    stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
    let rejected = read_response(&mut BufReader::new(stream), "PUT").unwrap();
    assert_eq!(rejected.status, 404);
    assert_eq!(rejected.header("connection"), Some("close"));
}
