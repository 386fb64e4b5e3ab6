//! A text format for responses, which keeps the corpora readable.

use ossmpu::fuzzing::FuzzResponse;

/// Parses a status, lines `Name: value`, an empty line and a body.
pub fn response(bytes: &[u8]) -> FuzzResponse {
    let end = bytes.windows(2).position(|two| two == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let status = lines.next().and_then(|line| line.parse().ok()).unwrap_or(200);
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    FuzzResponse::new(status, headers, body)
}
