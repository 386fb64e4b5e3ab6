//! CompleteMultipartUpload.

use std::io::Write;

use oss_emulator::{Action, Rule};

use crate::client::*;

const BIG: usize = 100 * 1024;

#[test]
fn the_part_list_is_checked_in_order() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let one = upload_part(&emulator, "k", &id, 1, &vec![1; BIG]);
    let two = upload_part(&emulator, "k", &id, 2, b"small");
    let three = upload_part(&emulator, "k", &id, 3, b"end");
    let send = |parts: &[(u32, &str)]| complete("k", &id, parts).send(&emulator);
    let disorder = send(&[(2, &two), (1, "nonsense")]);
    assert_eq!(disorder.code(), (400, "InvalidPartOrder".into()));
    assert_eq!(disorder.element("EC").as_deref(), Some("0042-00000209"));
    assert_eq!(send(&[(1, &one), (1, &one)]).code().1, "InvalidPartOrder");
    assert_eq!(send(&[(0, &one)]).code().1, "InvalidPartOrder");
    assert_eq!(send(&[(10_001, &one)]).code().1, "InvalidPartOrder");
    let invalid = send(&[(1, &one), (7, &two)]);
    assert_eq!(invalid.code(), (400, "InvalidPart".into()));
    assert_eq!(invalid.element("PartNumber").as_deref(), Some("7"));
    assert_eq!(invalid.element("UploadId").as_deref(), Some(id.as_str()));
    assert_eq!(send(&[(1, &two)]).code().1, "InvalidPart");
    let small = send(&[(1, &one), (2, &two), (3, &three)]);
    assert_eq!(small.code(), (400, "EntityTooSmall".into()));
    assert_eq!(small.element("EC").as_deref(), Some("0042-00000213"));
    for body in ["", "<x/>", "<CompleteMultipartUpload>"] {
        let response = Request::new("POST", "k").pair("uploadId", &id).body(body).send(&emulator);
        assert_eq!(response.code(), (400, "MalformedXML".into()), "{body}");
    }
    // Failed attempts leave the upload unchanged; part 2 is not listed and is dropped.
    assert_eq!(send(&[(1, &one), (3, &three)]).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().size, 102_403);
    assert_eq!(send(&[(1, &one), (3, &three)]).code(), (404, "NoSuchUpload".into()));
}

#[test]
fn etags_are_case_sensitive_by_default() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let etag = upload_part(&emulator, "k", &id, 1, b"x").to_lowercase();
    let send = || complete("k", &id, &[(1, &etag)]).send(&emulator);
    assert_eq!(send().code(), (400, "InvalidPart".into()));
    emulator.change_options(|options| options.etag_any_case = true);
    assert_eq!(send().status, 200);
}

#[test]
fn an_empty_list_creates_an_empty_object() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let response = complete("k", &id, &[]).send(&emulator);
    assert_eq!(response.element("ETag").as_deref(), Some("\"D41D8CD98F00B204E9800998ECF8427E-0\""));
    assert_eq!(response.header("etag"), response.element("ETag").as_deref());
    assert_eq!(response.header("x-oss-hash-crc64ecma"), Some("0"));
    assert_eq!(emulator.object(BUCKET, "k").unwrap().size, 0);
}

#[test]
fn only_the_last_part_can_be_empty() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let one = upload_part(&emulator, "k", &id, 1, b"");
    assert_eq!(one, "\"D41D8CD98F00B204E9800998ECF8427E\"");
    let two = upload_part(&emulator, "k", &id, 2, b"x");
    let both = complete("k", &id, &[(1, &one), (2, &two)]).send(&emulator);
    assert_eq!(both.code(), (400, "EntityTooSmall".into()));
    assert_eq!(complete("k", &id, &[(1, &one)]).send(&emulator).status, 200);
}

#[test]
fn complete_all_takes_every_part() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let request =
        || Request::new("POST", "k").pair("uploadId", &id).header("x-oss-complete-all", "yes");
    let with_body = request().body(part_list(&[])).send(&emulator);
    assert_eq!(with_body.code(), (400, "InvalidArgument".into()));
    assert_eq!(with_body.element("ArgumentName").as_deref(), Some("x-oss-complete-all"));
    assert_eq!(with_body.element("EC").as_deref(), Some("0042-00000216"));
    let message = "Should not speficy both complete all header and http body.";
    assert_eq!(with_body.element("Message").as_deref(), Some(message));
    upload_part(&emulator, "k", &id, 9, b"end");
    upload_part(&emulator, "k", &id, 4, &vec![4; BIG]);
    assert_eq!(request().send(&emulator).status, 200);
    assert!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap().ends_with(b"\x04end"));
    let id = initiate(&emulator, "k");
    let request =
        Request::new("POST", "k").pair("uploadId", &id).header("x-oss-complete-all", "yes");
    assert_eq!(request.send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().size, 0);
}

#[test]
fn overwriting_can_be_forbidden() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let etag = upload_part(&emulator, "k", &id, 1, b"x");
    Request::new("PUT", "k").body("old").send(&emulator);
    let forbidden = || {
        complete("k", &id, &[(1, &etag)]).header("x-oss-forbid-overwrite", "true").send(&emulator)
    };
    assert_eq!(forbidden().code(), (409, "FileAlreadyExists".into()));
    let request =
        Request::new("POST", "k").query("uploads").header("x-oss-forbid-overwrite", "true");
    assert_eq!(request.send(&emulator).code(), (409, "FileAlreadyExists".into()));
    assert_eq!(complete("k", &id, &[(1, &etag)]).send(&emulator).status, 200);
    assert_eq!(forbidden().code(), (404, "NoSuchUpload".into()));
    emulator.change_options(|options| options.complete_again_conflict = true);
    assert_eq!(forbidden().code(), (409, "FileAlreadyExists".into()));
}

#[test]
fn attributes_of_the_upload_reach_the_object() {
    let emulator = start();
    let request = Request::new("POST", "k")
        .query("uploads")
        .header("cache-control", "no-cache")
        .header("content-disposition", "attachment")
        .header("x-oss-storage-class", "IA")
        .header("x-oss-server-side-encryption", "AES256")
        .header("x-oss-tagging", "a=1&b");
    let response = request.send(&emulator);
    assert_eq!(response.header("x-oss-server-side-encryption"), Some("AES256"));
    let id = response.element("UploadId").unwrap();
    let part = part("k", &id, 1).body("x").send(&emulator);
    assert_eq!(part.header("x-oss-server-side-encryption"), Some("AES256"));
    let etag = part.header("etag").unwrap();
    let request = complete("k", &id, &[(1, etag)]).header("x-oss-object-acl", "public-read");
    assert_eq!(request.send(&emulator).header("x-oss-server-side-encryption"), Some("AES256"));
    let head = Request::new("HEAD", "k").unsigned().send(&emulator);
    assert_eq!(head.status, 200);
    assert_eq!(head.header("cache-control"), Some("no-cache"));
    assert_eq!(head.header("content-disposition"), Some("attachment"));
    assert_eq!(head.header("content-type"), Some("application/octet-stream"));
    assert_eq!(head.header("x-oss-storage-class"), Some("IA"));
    assert_eq!(head.header("x-oss-tagging-count"), Some("2"));
    let bad = complete("k", &id, &[]).header("x-oss-object-acl", "all").send(&emulator);
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
}

#[test]
fn complete_continues_after_the_client_disconnects() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let etag = upload_part(&emulator, "k", &id, 1, b"x");
    let request =
        complete("k", &id, &[(1, &etag)]).header("x-emulator-fault", r#"{"delay_ms":50}"#);
    let mut stream = connect(&emulator);
    stream.write_all(&request.bytes(&emulator)).unwrap();
    drop(stream);
    wait_until(|| {
        emulator.requests().iter().any(|r| r.op == "CompleteMultipartUpload" && r.status == 200)
    });
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"x");
}

#[test]
fn only_one_concurrent_complete_succeeds() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let etag = upload_part(&emulator, "k", &id, 1, &vec![7; 4 << 20]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let send = || complete("k", &id, &[(1, &etag)]).send(&emulator).status;
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 3);
}

#[test]
fn a_lie_with_status_200_is_only_ever_injected() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let etag = upload_part(&emulator, "k", &id, 1, b"x");
    let lie = "<Error><Code>InternalError</Code></Error>";
    emulator.add_rule(Rule::on("CompleteMultipartUpload", Action::raw(200, lie)));
    let send = || complete("k", &id, &[(1, &etag)]).send(&emulator);
    assert_eq!(send().code(), (200, "InternalError".into()));
    assert!(emulator.object(BUCKET, "k").is_none());
    assert_eq!(send().status, 200);
}
