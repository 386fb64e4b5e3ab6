//! Sequential uploads.

use crate::client::*;

fn sequential(emulator: &oss_emulator::Emulator) -> String {
    let response = Request::new("POST", "k").query("uploads&sequential").send(emulator);
    response.element("UploadId").unwrap()
}

#[test]
fn parts_must_be_uploaded_in_order_and_once() {
    let emulator = start();
    let id = sequential(&emulator);
    let early = part("k", &id, 2).body("x").send(&emulator);
    assert_eq!(early.code(), (400, "PartNotSequential".into()));
    let etag = upload_part(&emulator, "k", &id, 1, b"x");
    let again = part("k", &id, 1).body("x").send(&emulator);
    assert_eq!(again.code(), (409, "PartAlreadyExist".into()));
    assert_eq!(again.element("ETag").as_deref(), Some(etag.as_str()));
    assert_eq!(again.element("PartNumber").as_deref(), Some("1"));
    assert_eq!(again.element("UploadId").as_deref(), Some(id.as_str()));
    assert_eq!(again.element("EC").as_deref(), Some("0042-00000108"));
}

#[test]
fn the_object_has_the_md5_of_its_content() {
    let emulator = start();
    let id = sequential(&emulator);
    let one = upload_part(&emulator, "k", &id, 1, &vec![b'a'; 102_400]);
    let two = upload_part(&emulator, "k", &id, 2, b"end");
    let subset = complete("k", &id, &[(1, &one)]).send(&emulator);
    assert_eq!(subset.code(), (400, "InvalidPartOrder".into()));
    let request = complete("k", &id, &[(1, &one), (2, &two)]).query("sequential");
    assert_eq!(request.send(&emulator).status, 200);
    let head = Request::new("HEAD", "k").send(&emulator);
    Request::new("PUT", "same")
        .body(emulator.object(BUCKET, "k").unwrap().bytes().unwrap())
        .send(&emulator);
    let same = Request::new("HEAD", "same").send(&emulator);
    assert!(head.header("content-md5").is_some());
    assert_eq!(head.header("content-md5"), same.header("content-md5"));
}
