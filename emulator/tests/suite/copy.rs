//! UploadPartCopy, CopyObject and GetObjectTagging.

use crate::client::*;

fn copy(id: &str, source: &str) -> Request {
    part("k", id, 1).header("x-oss-copy-source", source)
}

fn source() -> String {
    format!("/{BUCKET}/dir/a%20b")
}

fn prepared() -> (oss_emulator::Emulator, String) {
    let emulator = start();
    Request::new("PUT", "dir/a b").body("0123456789").send(&emulator);
    let id = initiate(&emulator, "k");
    (emulator, id)
}

#[test]
fn a_part_can_be_copied_whole_or_in_ranges() {
    let (emulator, id) = prepared();
    let whole = copy(&id, &source()).send(&emulator);
    assert_eq!(whole.status, 200, "{}", whole.text());
    let etag = "\"781E5E245D69B566979B86E28D23F2C7\"";
    assert_eq!(whole.element("ETag").as_deref(), Some(etag));
    assert_eq!(whole.header("etag"), Some(etag));
    assert!(whole.element("LastModified").unwrap().ends_with(".000Z"));
    assert_eq!(whole.header("content-range"), None);
    assert_eq!(whole.header("x-oss-hash-crc64ecma"), None);
    let ranged = |range| copy(&id, &source()).header("x-oss-copy-source-range", range);
    let slice = ranged("bytes=2-4").send(&emulator);
    assert_eq!(slice.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(emulator.uploads(BUCKET)[0].parts[0].size, 3);
    for ignored in ["bytes=5-10", "bytes=4-2", "nonsense"] {
        let response = ranged(ignored).send(&emulator);
        assert_eq!(response.header("content-range"), None, "{ignored}");
        assert_eq!(response.element("ETag").as_deref(), Some(etag));
    }
    emulator.change_options(|options| options.copy_crc = true);
    let crc = copy(&id, &source()).send(&emulator);
    assert_eq!(crc.header("x-oss-hash-crc64ecma"), Some("2838902930144391966"));
}

#[test]
fn a_plus_sign_in_the_source_is_a_space() {
    let (emulator, id) = prepared();
    Request::new("PUT", "a+b c").body("plus").send(&emulator);
    assert_eq!(copy(&id, &format!("/{BUCKET}/dir/a+b")).send(&emulator).status, 200);
    assert_eq!(emulator.uploads(BUCKET)[0].parts[0].size, 10);
    assert_eq!(copy(&id, &format!("/{BUCKET}/a%2Bb+c")).send(&emulator).status, 200);
    assert_eq!(emulator.uploads(BUCKET)[0].parts[0].size, 4);
}

#[test]
fn the_source_must_be_valid_and_exist() {
    let (emulator, id) = prepared();
    let response = |source: &str| copy(&id, source).send(&emulator);
    assert_eq!(response("").element("EC").as_deref(), Some("0042-00000302"));
    assert_eq!(response("b/k").element("EC").as_deref(), Some("0042-00000301"));
    assert_eq!(response("/missing/k").code(), (404, "NoSuchBucket".into()));
    assert_eq!(response(&format!("/{BUCKET}/none")).code(), (404, "NoSuchKey".into()));
    let version = format!("{}?versionId=v", source());
    assert_eq!(response(&version).code(), (404, "NoSuchVersion".into()));
    let unknown = "0123456789ABCDEF0123456789ABCDEF";
    let ec = copy(unknown, &source()).send(&emulator).element("EC");
    assert_eq!(ec.as_deref(), Some("0042-00000311"));
}

#[test]
fn copy_conditions_are_checked() {
    let (emulator, id) = prepared();
    let status = |name: &str, value: &str| {
        copy(&id, &source()).header(&format!("x-oss-copy-source-if-{name}"), value).send(&emulator)
    };
    let etag = "\"781e5e245d69b566979b86e28d23f2c7\"";
    let (past, future) = ("Wed, 15 Jan 2020 10:30:00 GMT", "Mon, 15 Jan 2120 10:30:00 GMT");
    assert_eq!(status("match", etag).status, 200);
    assert_eq!(status("match", "\"other\"").code(), (412, "PreconditionFailed".into()));
    assert_eq!(status("none-match", "\"other\"").status, 200);
    let unchanged = status("none-match", etag);
    assert_eq!((unchanged.status, unchanged.header("x-oss-err")), (304, None));
    assert_eq!(status("modified-since", past).status, 200);
    assert_eq!(status("modified-since", future).status, 304);
    assert_eq!(status("unmodified-since", future).status, 200);
    assert_eq!(status("unmodified-since", past).status, 412);
    let both = copy(&id, &source())
        .header("x-oss-copy-source-if-none-match", etag)
        .header("x-oss-copy-source-if-unmodified-since", past);
    assert_eq!(both.send(&emulator).status, 412);
}

#[test]
fn an_object_can_be_copied_onto_itself() {
    let emulator = start();
    Request::new("PUT", "k").body("same").send(&emulator);
    let id = initiate(&emulator, "k");
    let response = copy(&id, &format!("/{BUCKET}/k")).send(&emulator);
    let etag = response.element("ETag").unwrap();
    assert_eq!(complete("k", &id, &[(1, &etag)]).send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "k").unwrap().bytes().unwrap(), b"same");
}

#[test]
fn versions_can_be_copied_but_markers_cannot() {
    let (emulator, id) = prepared();
    emulator.set_versioning(BUCKET, true).unwrap();
    let put = Request::new("PUT", "dir/a b").body("new").send(&emulator);
    let version = put.header("x-oss-version-id").unwrap();
    let response = copy(&id, &source()).send(&emulator);
    assert_eq!(response.header("x-oss-copy-source-version-id"), Some(version));
    let old = copy(&id, &format!("{}?versionId=null", source())).send(&emulator);
    assert_eq!(old.header("x-oss-copy-source-version-id"), Some("null"));
    let deleted = Request::new("DELETE", "dir/a b").send(&emulator);
    let marker = deleted.header("x-oss-version-id").unwrap();
    assert_eq!(copy(&id, &source()).send(&emulator).code(), (404, "NoSuchKey".into()));
    let request = copy(&id, &format!("{}?versionId={marker}", source()));
    assert_eq!(request.send(&emulator).code(), (400, "InvalidArgument".into()));
}

fn copy_object(directives: &[(&str, &str)]) -> Request {
    let request = Request::new("PUT", "copy").header("x-oss-copy-source", &source());
    directives.iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn described(emulator: &oss_emulator::Emulator) {
    let put = Request::new("PUT", "dir/a b").body("0123456789");
    let put = put.header("x-oss-meta-color", "blue").header("x-oss-tagging", "team=d%20b&x=");
    put.header("content-language", "de").send(emulator);
}

#[test]
fn an_object_is_copied_with_its_content_headers_metadata_and_tags() {
    let emulator = start();
    described(&emulator);
    let response = copy_object(&[]).send(&emulator);
    assert_eq!(response.status, 200, "{}", response.text());
    let etag = "\"781E5E245D69B566979B86E28D23F2C7\"";
    assert_eq!(response.element("ETag").as_deref(), Some(etag));
    assert_eq!(response.header("x-oss-hash-crc64ecma"), None);
    let copied = emulator.object(BUCKET, "copy").unwrap();
    assert_eq!(copied.bytes().unwrap(), b"0123456789");
    assert_eq!((copied.metadata["color"].as_str(), copied.tags.len()), ("blue", 2));
    assert_eq!(copied.headers["content-language"], "de");
    let head = Request::new("HEAD", "copy").send(&emulator);
    assert_eq!(head.header("content-language"), Some("de"));
    assert_eq!(head.header("x-oss-tagging-count"), Some("2"));
}

#[test]
fn directives_and_conditions_of_copy_object_are_obeyed() {
    let emulator = start();
    described(&emulator);
    let replacing = [("x-oss-metadata-directive", "REPLACE"), ("x-oss-meta-size", "large")];
    copy_object(&replacing).send(&emulator);
    let copied = emulator.object(BUCKET, "copy").unwrap();
    assert!(copied.metadata.contains_key("size") && !copied.metadata.contains_key("color"));
    assert_eq!(copied.tags.len(), 2);
    copy_object(&[("x-oss-tagging-directive", "Replace")]).send(&emulator);
    let copied = emulator.object(BUCKET, "copy").unwrap();
    assert!(copied.tags.is_empty() && copied.metadata.contains_key("color"));
    let code = |header| copy_object(&[header]).send(&emulator).code();
    assert_eq!(code(("x-oss-metadata-directive", "x")), (400, "InvalidArgument".into()));
    let unlike = ("x-oss-copy-source-if-match", "\"other\"");
    assert_eq!(code(unlike), (412, "PreconditionFailed".into()));
    assert_eq!(code(("x-oss-forbid-overwrite", "true")), (409, "FileAlreadyExists".into()));
}

#[test]
fn the_tags_of_an_object_are_listed() {
    let emulator = start();
    described(&emulator);
    let response = Request::new("GET", "dir/a b").query("tagging").send(&emulator);
    let tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>d b</Value></Tag>\
        <Tag><Key>x</Key><Value></Value></Tag></TagSet></Tagging>";
    assert!(response.text().ends_with(tags), "{}", response.text());
    let missing = Request::new("GET", "none").query("tagging").send(&emulator);
    assert_eq!(missing.code(), (404, "NoSuchKey".into()));
}

#[test]
fn tags_that_must_not_be_read_are_not_counted() {
    let emulator = start();
    described(&emulator);
    emulator.change_options(|options| options.deny_tagging = true);
    let head = Request::new("HEAD", "dir/a b").send(&emulator);
    assert_eq!((head.status, head.header("x-oss-tagging-count")), (200, None));
    let denied = Request::new("GET", "dir/a b").query("tagging").send(&emulator);
    assert_eq!(denied.code(), (403, "AccessDenied".into()));
}
