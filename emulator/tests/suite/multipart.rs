//! Lifecycle of a multipart upload.

use crate::client::*;

#[test]
fn an_upload_becomes_an_object() {
    let emulator = start();
    let key = "dir/a key+ключ%~.bin";
    let request = Request::new("POST", key).query("uploads&encoding-type=url");
    let request = request.header("content-type", "text/x-demo").header("x-oss-meta-Who", "me");
    let response = request.send(&emulator);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("x-oss-request-id").unwrap().len(), 24);
    assert_eq!(response.header("server"), Some("AliyunOSS"));
    assert_eq!(response.element("EncodingType").as_deref(), Some("url"));
    let encoded = "dir%2Fa%20key%2B%D0%BA%D0%BB%D1%8E%D1%87%25~.bin";
    assert_eq!(response.element("Key").as_deref(), Some(encoded));
    let id = response.element("UploadId").unwrap();

    let first = vec![b'x'; 100 * 1024];
    let one = upload_part(&emulator, key, &id, 1, &first);
    let two = upload_part(&emulator, key, &id, 2, b"end");
    let listed = list_parts(key, &id).send(&emulator);
    assert_eq!(listed.elements("PartNumber"), ["1", "2"]);
    assert_eq!(listed.elements("ETag"), [one.clone(), two.clone()]);
    assert_eq!(listed.element("NextPartNumberMarker").as_deref(), Some("2"));

    let done = complete(key, &id, &[(1, &one), (2, &two)]).send(&emulator);
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.element("ETag").unwrap().ends_with("-2\""));
    let object = emulator.object(BUCKET, key).unwrap();
    assert_eq!(object.bytes().unwrap(), [first.as_slice(), b"end"].concat());
    assert_eq!(done.header("x-oss-hash-crc64ecma").unwrap(), object.crc64.to_string());
    assert!(emulator.uploads(BUCKET).is_empty());

    let head = Request::new("HEAD", key).send(&emulator);
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), Some("102403"));
    assert_eq!(head.header("content-type"), Some("text/x-demo"));
    assert_eq!(head.header("x-oss-meta-who"), Some("me"));
    assert_eq!(head.header("x-oss-object-type"), Some("Multipart"));
    assert_eq!(head.header("content-md5"), None);
    let range = Request::new("GET", key).header("range", "bytes=102399-102401").send(&emulator);
    assert_eq!((range.status, range.body.as_slice()), (206, b"xen".as_slice()));
    assert_eq!(range.header("content-range"), Some("bytes 102399-102401/102403"));
    let operations: Vec<String> = emulator.requests().into_iter().map(|r| r.op).collect();
    let expected = [
        "InitiateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "ListParts",
        "CompleteMultipartUpload",
        "HeadObject",
        "GetObject",
    ];
    assert_eq!(operations, expected);
}

#[test]
fn an_aborted_upload_is_gone() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    upload_part(&emulator, "k", &id, 1, b"abc");
    assert_eq!(emulator.uploads(BUCKET)[0].parts.len(), 1);
    assert_eq!(abort("k", &id).send(&emulator).status, 204);
    let gone = (404, "NoSuchUpload".to_owned());
    assert_eq!(abort("k", &id).send(&emulator).code(), gone);
    assert_eq!(list_parts("k", &id).send(&emulator).code(), gone);
    assert_eq!(part("k", &id, 1).body("x").send(&emulator).code(), gone);
    assert_eq!(complete("k", &id, &[]).send(&emulator).code(), gone);
    assert!(emulator.uploads(BUCKET).is_empty());
}

#[test]
fn odd_upload_ids_and_empty_markers_can_be_enabled() {
    let emulator = start();
    emulator.set_option("odd-upload-ids").unwrap();
    emulator.set_option("empty-last-marker").unwrap();
    let id = initiate(&emulator, "k");
    assert!(id.starts_with("+/=+"), "{id}");
    upload_part(&emulator, "k", &id, 1, b"x");
    upload_part(&emulator, "k", &id, 2, b"x");
    let marker = |query: &str| {
        list_parts("k", &id).query(query).send(&emulator).element("NextPartNumberMarker").unwrap()
    };
    assert_eq!(marker("max-parts=1"), "1");
    assert_eq!(marker("max-parts=2"), "");
    assert_eq!(abort("k", &id).send(&emulator).status, 204);
}
