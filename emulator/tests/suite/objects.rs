//! PutObject, HeadObject, GetObject, DeleteObject.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::*;

/// Returns the error document in the header of a HEAD response.
fn hidden(response: &Response) -> String {
    let text = response.header("x-oss-err").unwrap_or_default();
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn put_object_returns_checksums() {
    let emulator = start();
    let response = Request::new("PUT", "k").body("hello").send(&emulator);
    assert_eq!(response.header("etag"), Some("\"5D41402ABC4B2A76B9719D911017C592\""));
    assert_eq!(response.header("content-md5"), Some("XUFAKrxLKna5cZ2REBfFkg=="));
    assert_eq!(response.header("x-oss-hash-crc64ecma"), Some("11177612005948864433"));
    let head = Request::new("HEAD", "k").send(&emulator);
    assert_eq!(head.header("x-oss-object-type"), Some("Normal"));
    assert_eq!(head.header("content-md5"), Some("XUFAKrxLKna5cZ2REBfFkg=="));
    let request = Request::new("PUT", "k").header("x-oss-forbid-overwrite", "true").body("new");
    assert_eq!(request.send(&emulator).code(), (409, "FileAlreadyExists".into()));
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"hello");
}

#[test]
fn head_errors_are_in_a_header() {
    let emulator = start();
    let missing = Request::new("HEAD", "k").send(&emulator);
    assert_eq!((missing.status, missing.header("x-oss-ec")), (404, Some("0026-00000001")));
    assert!(hidden(&missing).contains("<Code>NoSuchKey</Code>"));
    assert!(hidden(&missing).contains("<Key>k</Key>"));
    let bucket = Request::new("HEAD", "k").bucket("missing").send(&emulator);
    assert!(hidden(&bucket).contains("<Code>NoSuchBucket</Code>"));
    emulator.change_options(|options| options.bare_head_errors = true);
    let bare = Request::new("HEAD", "k").send(&emulator);
    assert_eq!((bare.header("x-oss-err"), bare.header("x-oss-ec")), (None, None));
}

#[test]
fn read_conditions_are_checked() {
    let emulator = start();
    Request::new("PUT", "k").body("hello").send(&emulator);
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
            let response = Request::new(method, "k").header(name, value).send(&emulator);
            assert_eq!(response.status, status, "{method} {name} {value}");
            assert_eq!(response.header("x-oss-err").is_some(), status == 412 && method == "HEAD");
        }
    }
    let both = Request::new("GET", "k").header("if-none-match", etag).header("if-match", "\"x\"");
    assert_eq!(both.send(&emulator).code(), (412, "PreconditionFailed".into()));
}

#[test]
fn read_ranges_are_applied() {
    let emulator = start();
    let content: Vec<u8> = (0..1000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    Request::new("PUT", "k").body(&content).send(&emulator);
    let get = |range: &str, standard: bool| {
        let request = Request::new("GET", "k").header("range", range);
        let behavior = if standard { "standard" } else { "other" };
        request.header("x-oss-range-behavior", behavior).send(&emulator)
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
fn ranges_cross_part_boundaries() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let one = upload_part(&emulator, "k", &id, 1, &vec![1; 102_400]);
    let two = upload_part(&emulator, "k", &id, 2, &vec![2; 102_400]);
    let three = upload_part(&emulator, "k", &id, 3, b"33");
    complete("k", &id, &[(1, &one), (2, &two), (3, &three)]).send(&emulator);
    let response = Request::new("GET", "k").header("range", "bytes=102399-204800").send(&emulator);
    assert_eq!(response.body.len(), 102_402);
    assert_eq!((response.body[0], response.body[1], response.body[102_401]), (1, 2, b'3'));
}

#[test]
fn response_headers_can_be_overridden() {
    let emulator = builder().start().unwrap();
    emulator.set_bucket_acl(BUCKET, "public-read").unwrap();
    Request::new("PUT", "k").body("x").send(&emulator);
    let request = Request::new("GET", "k").query("response-content-type=text/x");
    assert_eq!(request.send(&emulator).header("content-type"), Some("text/x"));
    assert_eq!(request.unsigned().send(&emulator).code(), (400, "InvalidRequest".into()));
}

#[test]
fn get_object_meta_returns_few_headers() {
    let emulator = start();
    Request::new("PUT", "k").body("x").header("x-oss-meta-a", "b").send(&emulator);
    let response = Request::new("HEAD", "k").query("objectMeta").send(&emulator);
    assert_eq!(response.header("content-length"), Some("1"));
    assert!(response.header("etag").is_some() && response.header("last-modified").is_some());
    assert_eq!(response.header("x-oss-meta-a"), None);
}

#[test]
fn deleting_a_missing_object_succeeds() {
    let emulator = start();
    Request::new("PUT", "k").body("x").send(&emulator);
    assert_eq!(Request::new("DELETE", "k").send(&emulator).status, 204);
    assert_eq!(Request::new("DELETE", "k").send(&emulator).status, 204);
    assert!(emulator.object(BUCKET, "k").is_none());
}

#[test]
fn deleting_in_an_unversioned_bucket_returns_no_version() {
    let emulator = start();
    for id in ["null", "other"] {
        Request::new("PUT", "k").body("x").send(&emulator);
        let response = Request::new("DELETE", "k").pair("versionId", id).send(&emulator);
        assert_eq!((response.status, response.header("x-oss-version-id")), (204, None));
        let object = format!("<Object><Key>k</Key><VersionId>{id}</VersionId></Object>");
        let request = Request::new("POST", "").query("delete");
        let response = request.body(format!("<Delete>{object}</Delete>")).send(&emulator);
        assert_eq!(response.elements("Key"), ["k"]);
        assert_eq!(response.element("VersionId"), None);
        assert_eq!(emulator.object(BUCKET, "k").is_some(), id == "other");
    }
    emulator.set_versioning(BUCKET, true).unwrap();
    Request::new("PUT", "k").body("x").send(&emulator);
    let response = Request::new("DELETE", "k").pair("versionId", "null").send(&emulator);
    assert_eq!(response.header("x-oss-version-id"), Some("null"));
}

#[test]
fn header_values_come_back_as_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let start = || builder().dir(folder.path()).start().unwrap();
    let values: [(&str, &[u8]); 4] = [
        ("x-oss-meta-latin", b"caf\xe9 \xff"),
        ("x-oss-meta-text", "\u{43a}\u{43b}".as_bytes()),
        ("content-disposition", b"attachment; filename=\xe9"),
        ("content-type", b"text/plain; x=\xe9"),
    ];
    let with_values = |request: Request| {
        values.iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    let emulator = start();
    let put = with_values(Request::new("PUT", "put")).send(&emulator);
    assert_eq!(put.status, 200);
    let initiated = with_values(Request::new("POST", "parts").query("uploads")).send(&emulator);
    complete("parts", &initiated.element("UploadId").unwrap(), &[]).send(&emulator);
    emulator.stop();
    let emulator = start();
    for (method, key) in [("HEAD", "put"), ("GET", "put"), ("HEAD", "parts")] {
        let head = Request::new(method, key).send(&emulator).head;
        for (name, value) in values {
            let line = [name.as_bytes(), b": ", value, b"\r\n"].concat();
            assert!(head.windows(line.len()).any(|found| found == line), "{method} {key} {name}");
        }
    }
}

#[test]
fn several_objects_can_be_deleted_at_once() {
    let emulator = start();
    for key in ["a", "b&c", "d"] {
        Request::new("PUT", key).body("x").send(&emulator);
    }
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>";
    let response = Request::new("POST", "").query("delete").body(body).send(&emulator);
    assert_eq!(response.elements("Key"), ["a", "b&amp;c"]);
    assert_eq!(emulator.keys(BUCKET), ["d"]);
    let quiet = "<Delete><Quiet>true</Quiet><Object><Key>d</Key></Object></Delete>";
    let response = Request::new("POST", "").query("delete").body(quiet).send(&emulator);
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert!(emulator.keys(BUCKET).is_empty());
    let bad = Request::new("POST", "").query("delete").body("<Delete/>").send(&emulator);
    assert_eq!(bad.code(), (400, "MalformedXML".into()));
}

#[test]
fn versions_are_kept_and_markers_hide_them() {
    let emulator = start();
    emulator.set_versioning(BUCKET, true).unwrap();
    let first = Request::new("PUT", "k").body("1").send(&emulator);
    let first = first.header("x-oss-version-id").unwrap().to_owned();
    let forbid = Request::new("PUT", "k").body("2").header("x-oss-forbid-overwrite", "true");
    assert_eq!(forbid.send(&emulator).status, 200);
    let marker = Request::new("DELETE", "k").send(&emulator);
    assert_eq!(marker.header("x-oss-delete-marker"), Some("true"));
    let marker = marker.header("x-oss-version-id").unwrap().to_owned();
    let hidden_now = Request::new("HEAD", "k").send(&emulator);
    assert_eq!(hidden_now.status, 404);
    assert_eq!(hidden_now.header("x-oss-delete-marker"), Some("true"));
    assert_eq!(hidden_now.header("x-oss-version-id"), Some(marker.as_str()));
    let read = |id: &str| Request::new("GET", "k").pair("versionId", id).send(&emulator);
    assert_eq!(read(&first).text(), "1");
    assert_eq!(read("none").code(), (404, "NoSuchVersion".into()));
    let rejected = Request::new("HEAD", "k").pair("versionId", &marker).send(&emulator);
    assert_eq!((rejected.status, rejected.header("allow")), (405, Some("DELETE")));
    let gone = Request::new("DELETE", "k").pair("versionId", &marker).send(&emulator);
    assert_eq!(gone.header("x-oss-delete-marker"), Some("true"));
    assert_eq!(Request::new("GET", "k").send(&emulator).text(), "2");
    emulator.set_versioning(BUCKET, false).unwrap();
    let null = Request::new("PUT", "k").body("3").send(&emulator);
    assert_eq!(null.header("x-oss-version-id"), Some("null"));
    assert_eq!(read("null").text(), "3");
}

#[test]
fn chunked_bodies_are_accepted() {
    let emulator = start();
    let request = Request::new("PUT", "k").header("transfer-encoding", "chunked");
    assert_eq!(request.body("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"abcde");
    // The C SDK sends Content-Length as well.
    let request = Request::new("PUT", "k").header("transfer-encoding", "chunked");
    let request = request.header("content-length", "2").body("2\r\nxy\r\n0\r\n\r\n");
    assert_eq!(request.send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"xy");
}

#[test]
fn times_follow_the_emulator_clock() {
    let emulator = start();
    emulator.set_clock_offset(-600);
    Request::new("PUT", "k").body("x").send(&emulator);
    let head = Request::new("HEAD", "k").send(&emulator);
    let modified = httpdate::parse_http_date(head.header("last-modified").unwrap()).unwrap();
    let age = std::time::SystemTime::now().duration_since(modified).unwrap().as_secs();
    assert!((600..660).contains(&age), "{age}");
}
