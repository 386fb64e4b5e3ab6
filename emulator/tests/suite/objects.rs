//! PutObject, HeadObject, GetObject, DeleteObject.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::*;

/// The document that HEAD carries in a header.
fn hidden(answer: &Answer) -> String {
    let text = answer.header("x-oss-err").unwrap_or_default();
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn put_answers_with_checksums() {
    let emulator = start();
    let answer = Ask::new("PUT", "k").body("hello").send(&emulator);
    assert_eq!(answer.header("etag"), Some("\"5D41402ABC4B2A76B9719D911017C592\""));
    assert_eq!(answer.header("content-md5"), Some("XUFAKrxLKna5cZ2REBfFkg=="));
    assert_eq!(answer.header("x-oss-hash-crc64ecma"), Some("11177612005948864433"));
    let head = Ask::new("HEAD", "k").send(&emulator);
    assert_eq!(head.header("x-oss-object-type"), Some("Normal"));
    assert_eq!(head.header("content-md5"), Some("XUFAKrxLKna5cZ2REBfFkg=="));
    let ask = Ask::new("PUT", "k").header("x-oss-forbid-overwrite", "true").body("new");
    assert_eq!(ask.send(&emulator).code(), (409, "FileAlreadyExists".into()));
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"hello");
}

#[test]
fn head_errors_travel_in_a_header() {
    let emulator = start();
    let missing = Ask::new("HEAD", "k").send(&emulator);
    assert_eq!((missing.status, missing.header("x-oss-ec")), (404, Some("0026-00000001")));
    assert!(hidden(&missing).contains("<Code>NoSuchKey</Code>"));
    assert!(hidden(&missing).contains("<Key>k</Key>"));
    let bucket = Ask::new("HEAD", "k").bucket("missing").send(&emulator);
    assert!(hidden(&bucket).contains("<Code>NoSuchBucket</Code>"));
    emulator.change_options(|options| options.bare_head_errors = true);
    let bare = Ask::new("HEAD", "k").send(&emulator);
    assert_eq!((bare.header("x-oss-err"), bare.header("x-oss-ec")), (None, None));
}

#[test]
fn conditions_of_reads() {
    let emulator = start();
    Ask::new("PUT", "k").body("hello").send(&emulator);
    let etag = "5d41402abc4b2a76b9719d911017c592";
    let (past, future) = ("Wed, 15 Jan 2020 10:30:00 GMT", "Mon, 15 Jan 2120 10:30:00 GMT");
    let cases = [
        ("if-match", etag, 200),
        ("if-match", "\"x\"", 412),
        ("if-none-match", "\"x\"", 200),
        ("if-none-match", etag, 304),
        ("if-modified-since", past, 200),
        ("if-modified-since", future, 304),
        ("if-modified-since", "yesterday", 200),
        ("if-unmodified-since", future, 200),
        ("if-unmodified-since", past, 412),
    ];
    for (name, value, status) in cases {
        for method in ["GET", "HEAD"] {
            let answer = Ask::new(method, "k").header(name, value).send(&emulator);
            assert_eq!(answer.status, status, "{method} {name} {value}");
            assert_eq!(answer.header("x-oss-err").is_some(), status == 412 && method == "HEAD");
        }
    }
    let both = Ask::new("GET", "k").header("if-none-match", etag).header("if-match", "\"x\"");
    assert_eq!(both.send(&emulator).code(), (412, "PreconditionFailed".into()));
}

#[test]
fn ranges_of_reads() {
    let emulator = start();
    let content: Vec<u8> = (0..1000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    Ask::new("PUT", "k").body(&content).send(&emulator);
    let get = |range: &str, standard: bool| {
        let ask = Ask::new("GET", "k").header("range", range);
        let behavior = if standard { "standard" } else { "other" };
        ask.header("x-oss-range-behavior", behavior).send(&emulator)
    };
    let whole = get("bytes=500-2000", false);
    assert_eq!((whole.status, whole.header("content-range")), (200, None));
    assert_eq!(whole.body, content);
    let part = get("bytes=500-2000", true);
    assert_eq!(part.header("content-range"), Some("bytes 500-999/1000"));
    assert_eq!(part.body, content[500..]);
    assert_eq!(part.header("x-oss-hash-crc64ecma"), whole.header("x-oss-hash-crc64ecma"));
    assert_eq!(get("bytes=1000-", true).code(), (416, "InvalidRange".into()));
    assert_eq!(get("bytes=1000-", false).status, 200);
    assert_eq!(get("bytes=0-1,5-6", false).status, 416);
}

#[test]
fn ranges_cross_the_borders_of_parts() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let one = upload_part(&emulator, "k", &id, 1, &vec![1; 102_400]);
    let two = upload_part(&emulator, "k", &id, 2, &vec![2; 102_400]);
    let three = upload_part(&emulator, "k", &id, 3, b"33");
    complete("k", &id, &[(1, &one), (2, &two), (3, &three)]).send(&emulator);
    let answer = Ask::new("GET", "k").header("range", "bytes=102399-204800").send(&emulator);
    assert_eq!(answer.body.len(), 102_402);
    assert_eq!((answer.body[0], answer.body[1], answer.body[102_401]), (1, 2, b'3'));
}

#[test]
fn reply_headers_can_be_overridden() {
    let emulator = builder().start().unwrap();
    emulator.set_bucket_acl(BUCKET, "public-read").unwrap();
    Ask::new("PUT", "k").body("x").send(&emulator);
    let ask = Ask::new("GET", "k").query("response-content-type=text/x");
    assert_eq!(ask.send(&emulator).header("content-type"), Some("text/x"));
    assert_eq!(ask.unsigned().send(&emulator).code(), (400, "InvalidRequest".into()));
}

#[test]
fn get_object_meta_is_short() {
    let emulator = start();
    Ask::new("PUT", "k").body("x").header("x-oss-meta-a", "b").send(&emulator);
    let answer = Ask::new("HEAD", "k").query("objectMeta").send(&emulator);
    assert_eq!(answer.header("content-length"), Some("1"));
    assert!(answer.header("etag").is_some() && answer.header("last-modified").is_some());
    assert_eq!(answer.header("x-oss-meta-a"), None);
}

#[test]
fn deleting_succeeds_either_way() {
    let emulator = start();
    Ask::new("PUT", "k").body("x").send(&emulator);
    assert_eq!(Ask::new("DELETE", "k").send(&emulator).status, 204);
    assert_eq!(Ask::new("DELETE", "k").send(&emulator).status, 204);
    assert!(emulator.object(BUCKET, "k").is_none());
}

#[test]
fn several_objects_can_be_deleted_at_once() {
    let emulator = start();
    for key in ["a", "b&c", "d"] {
        Ask::new("PUT", key).body("x").send(&emulator);
    }
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>";
    let answer = Ask::new("POST", "").query("delete").body(body).send(&emulator);
    assert_eq!(answer.elements("Key"), ["a", "b&amp;c"]);
    assert_eq!(emulator.keys(BUCKET), ["d"]);
    let quiet = "<Delete><Quiet>true</Quiet><Object><Key>d</Key></Object></Delete>";
    let answer = Ask::new("POST", "").query("delete").body(quiet).send(&emulator);
    assert!(answer.elements("Key").is_empty() && emulator.keys(BUCKET).is_empty());
    let bad = Ask::new("POST", "").query("delete").body("<Delete/>").send(&emulator);
    assert_eq!(bad.code(), (400, "MalformedXML".into()));
}

#[test]
fn versions_are_kept_and_markers_hide_them() {
    let emulator = start();
    emulator.set_versioning(BUCKET, true).unwrap();
    let first = Ask::new("PUT", "k").body("1").send(&emulator);
    let first = first.header("x-oss-version-id").unwrap().to_owned();
    let forbid = Ask::new("PUT", "k").body("2").header("x-oss-forbid-overwrite", "true");
    assert_eq!(forbid.send(&emulator).status, 200);
    let marker = Ask::new("DELETE", "k").send(&emulator);
    assert_eq!(marker.header("x-oss-delete-marker"), Some("true"));
    let marker = marker.header("x-oss-version-id").unwrap().to_owned();
    let hidden_now = Ask::new("HEAD", "k").send(&emulator);
    assert_eq!(hidden_now.status, 404);
    assert_eq!(hidden_now.header("x-oss-delete-marker"), Some("true"));
    assert_eq!(hidden_now.header("x-oss-version-id"), Some(marker.as_str()));
    let read = |id: &str| Ask::new("GET", "k").pair("versionId", id).send(&emulator);
    assert_eq!(read(&first).text(), "1");
    assert_eq!(read("none").code(), (404, "NoSuchVersion".into()));
    let refused = Ask::new("HEAD", "k").pair("versionId", &marker).send(&emulator);
    assert_eq!((refused.status, refused.header("allow")), (405, Some("DELETE")));
    let gone = Ask::new("DELETE", "k").pair("versionId", &marker).send(&emulator);
    assert_eq!(gone.header("x-oss-delete-marker"), Some("true"));
    assert_eq!(Ask::new("GET", "k").send(&emulator).text(), "2");
    emulator.set_versioning(BUCKET, false).unwrap();
    let null = Ask::new("PUT", "k").body("3").send(&emulator);
    assert_eq!(null.header("x-oss-version-id"), Some("null"));
    assert_eq!(read("null").text(), "3");
}

#[test]
fn chunked_bodies_are_accepted() {
    let emulator = start();
    let ask = Ask::new("PUT", "k").header("transfer-encoding", "chunked");
    assert_eq!(ask.body("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"abcde");
    // The C SDK announces the length as well.
    let ask = Ask::new("PUT", "k").header("transfer-encoding", "chunked");
    let ask = ask.header("content-length", "2").body("2\r\nxy\r\n0\r\n\r\n");
    assert_eq!(ask.send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"xy");
}

#[test]
fn times_are_those_of_the_emulators_clock() {
    let emulator = start();
    emulator.set_clock_offset(-600);
    Ask::new("PUT", "k").body("x").send(&emulator);
    let head = Ask::new("HEAD", "k").send(&emulator);
    let modified = httpdate::parse_http_date(head.header("last-modified").unwrap()).unwrap();
    let age = std::time::SystemTime::now().duration_since(modified).unwrap().as_secs();
    assert!((600..660).contains(&age), "{age}");
}
