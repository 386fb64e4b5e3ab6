//! Just enough HTTP parsing to find the sections of an exchange.

use std::io::{self, BufRead};

use crate::fault::Op;

/// Reads the head of a message with its final empty line. If the peer closes the connection first,
/// returns what has arrived; nothing after a regular close.
pub fn read_head(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && stream.read_until(b'\n', &mut head)? > 0 {}
    Ok(head)
}

/// The operation of the request with this head.
pub fn operation(head: &[u8]) -> Op {
    let text = String::from_utf8_lossy(head);
    let mut words = text.split(' ');
    let method = words.next().unwrap_or_default();
    let query = words.next().and_then(|target| target.split_once('?')).map_or("", |split| split.1);
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match method {
        "POST" if has("uploads") => Op::Initiate,
        "POST" if has("uploadId") => Op::Complete,
        "PUT" if has("partNumber") => Op::UploadPart,
        "PUT" if query.is_empty() => Op::PutObject,
        "DELETE" if has("uploadId") => Op::Abort,
        "GET" if has("uploadId") => Op::ListParts,
        "HEAD" => Op::HeadObject,
        _ => Op::Other,
    }
}

/// The length of the body after a head; `None` if it extends to the end of the connection.
pub fn body_length(head: &[u8], responds_to_head: bool) -> Option<u64> {
    let text = String::from_utf8_lossy(head);
    let is_response = text.starts_with("HTTP/");
    let status = text.split(' ').nth(1).unwrap_or_default();
    if responds_to_head || is_response && matches!(status, "204" | "304") {
        return Some(0);
    }
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    if is_response { length } else { Some(length.unwrap_or(0)) }
}

#[test]
fn the_operation_follows_from_method_and_query() {
    for (line, op) in [
        ("POST /b/k?uploads&encoding-type=url HTTP/1.1\r\n", Op::Initiate),
        ("PUT /b/k?partNumber=1&uploadId=A HTTP/1.1\r\n", Op::UploadPart),
        ("POST /b/k?uploadId=A&encoding-type=url HTTP/1.1\r\n", Op::Complete),
        ("DELETE /b/k?uploadId=A HTTP/1.1\r\n", Op::Abort),
        ("GET /b/k?uploadId=A&max-parts=1 HTTP/1.1\r\n", Op::ListParts),
        ("PUT /b/k HTTP/1.1\r\n", Op::PutObject),
        ("HEAD /b/k HTTP/1.1\r\n", Op::HeadObject),
        ("GET /b?uploads HTTP/1.1\r\n", Op::Other),
    ] {
        assert_eq!(operation(line.as_bytes()), op, "{line}");
    }
}
