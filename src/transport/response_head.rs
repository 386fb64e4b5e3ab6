//! Long heads of responses. ureq parses at most 128 header lines, and an object may have hundreds of
//! metadata, so these are taken out of a long head before ureq sees it.

/// A response whose metadata was taken out.
#[derive(Debug, Default)]
pub(super) struct ShortenedResponse {
    /// The head without the metadata, and the bytes after it.
    pub(super) bytes: Vec<u8>,
    pub(super) metadata: Vec<(String, String)>,
}

/// Returns true if the input has the start of an HTTP response whose head may be too long for ureq.
pub(super) fn is_long(input: &[u8]) -> bool {
    let start = interim_length(input);
    let Some(rest) = input.get(start..).filter(|rest| rest.starts_with(b"HTTP/1.")) else {
        return false;
    };
    let head = rest.get(..end(rest).unwrap_or(rest.len())).unwrap_or_default();
    head.iter().filter(|byte| **byte == b'\n').count() > LINES_MAX || head.len() > BYTES_MAX
}

/// Returns true if the head of a final response is complete.
pub(super) fn is_complete(input: &[u8]) -> bool {
    input.get(interim_length(input)..).and_then(end).is_some()
}

/// Takes the metadata out of the head; `None` if that is not complete.
pub(super) fn shorten(input: &[u8]) -> Option<ShortenedResponse> {
    let start = interim_length(input);
    let (interim, rest) = input.split_at_checked(start)?;
    let (head, body) = rest.split_at_checked(end(rest)?)?;
    let mut shortened = ShortenedResponse { bytes: interim.to_vec(), metadata: Vec::new() };
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        match metadata(line) {
            Some(field) => shortened.metadata.push(field),
            None => shortened.bytes.extend_from_slice(line),
        }
    }
    shortened.bytes.extend_from_slice(body);
    Some(shortened)
}

fn metadata(line: &[u8]) -> Option<(String, String)> {
    let name = line.get(..PREFIX.len())?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    if !name.eq_ignore_ascii_case(PREFIX.as_bytes()) || colon < PREFIX.len() {
        return None;
    }
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let value = text(line.get(colon + 1..));
    Some((text(line.get(..colon)), value.trim_matches([' ', '\t', '\r', '\n']).to_owned()))
}

/// The length of the interim responses before the final one. 101 is final.
pub(super) fn interim_length(input: &[u8]) -> usize {
    let is_interim =
        |rest: &&[u8]| rest.starts_with(b"HTTP/1.1 1") && !rest.starts_with(b"HTTP/1.1 101");
    let mut start = 0;
    while let Some(rest) = input.get(start..).filter(is_interim) {
        match end(rest) {
            Some(length) => start += length,
            None => break,
        }
    }
    start
}

/// The length of a head, with the empty line at its end.
fn end(head: &[u8]) -> Option<usize> {
    let mut rest = head;
    while let Some(line) = rest.iter().position(|byte| *byte == b'\n') {
        rest = rest.get(line + 1..)?;
        for blank in [&b"\r\n"[..], b"\n"] {
            if rest.starts_with(blank) {
                return Some(head.len() - rest.len() + blank.len());
            }
        }
    }
    None
}

/// How many lines of a head are left to ureq.
const LINES_MAX: usize = 100;
/// How many bytes of a head are left to ureq.
const BYTES_MAX: usize = 8 * 1024;

const PREFIX: &str = "x-oss-meta-";

#[cfg(test)]
mod tests {
    use super::*;

    fn response(metadata: usize) -> String {
        let lines = (0..metadata).map(|number| format!("X-Oss-Meta-K{number}: v {number}\r\n"));
        let lines: String = lines.collect();
        format!("HTTP/1.1 200 OK\r\nETag: \"a\"\r\n{lines}Content-Length: 4\r\n\r\nbody")
    }

    #[test]
    fn the_metadata_of_a_long_head_is_taken_out() {
        for interim in ["", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\n"]
        {
            let long = format!("{interim}{}", response(300));
            assert!(is_long(long.as_bytes()) && is_complete(long.as_bytes()));
            let ShortenedResponse { bytes, metadata } = shorten(long.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("{interim}{}", response(0)));
            assert_eq!(metadata.len(), 300);
            assert_eq!(metadata[299], ("X-Oss-Meta-K299".to_owned(), "v 299".to_owned()));
        }
        assert!(!is_long(response(90).as_bytes()));
    }

    #[test]
    fn an_incomplete_head_is_not_shortened() {
        let long = response(300);
        let end = long.find("\r\n\r\n").unwrap() + 4;
        for cut in [end - 1, end - 2, end - 3] {
            let input = &long.as_bytes()[..cut];
            assert!(is_long(input) && !is_complete(input) && shorten(input).is_none());
        }
        assert!(shorten(&long.as_bytes()[..end]).is_some());
        assert!(!is_complete(b"HTTP/1.1 100 Continue\r\n\r\n"));
    }

    #[test]
    fn other_input_is_not_a_head() {
        let lines = "a\n".repeat(200);
        assert!(!is_long(lines.as_bytes()));
        assert!(!is_long(format!("HTTP/1.1 200 OK\n\n{lines}").as_bytes()));
        assert!(is_long(format!("HTTP/1.1 200 OK\n{lines}").as_bytes()));
        assert!(is_long(format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(9000)).as_bytes()));
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_it_panic(input in "(HTTP/1.1 |[12]00|X-oss-meta-|[a:\\r\\n ]){0,40}") {
            let _ = (is_long(input.as_bytes()), is_complete(input.as_bytes()), shorten(input.as_bytes()));
        }
    }
}
