//! Which requests send each header, and which values are refused.

use super::*;
use crate::error::ErrorKind;

fn names(headers: &ObjectHeaders, takes: RequestKind) -> Vec<String> {
    let key = ObjectKey::parse("a").unwrap();
    let fields = headers.for_request(takes, Some(&key)).unwrap();
    fields.into_iter().map(|(name, _)| name).collect()
}

fn everything() -> ObjectHeaders {
    let mut headers = ObjectHeaders::new();
    headers.set_content_type("text/csv").unwrap().set_cache_control("no-cache").unwrap();
    headers.set_content_disposition("inline").unwrap().set_content_encoding("gzip").unwrap();
    headers.set_expires("Wed, 15 Jan 2025 10:30:00 GMT").unwrap();
    headers.set_header("Content-Language", "de, en").unwrap();
    headers
        .set_metadata("Foo", "bar")
        .unwrap()
        .set_tag("a b", "c/d")
        .unwrap()
        .set_tag("e", "")
        .unwrap();
    headers.set_acl("private").unwrap().set_storage_class("IA").unwrap();
    headers
        .set_server_side_encryption("KMS")
        .unwrap()
        .set_server_side_data_encryption("SM4")
        .unwrap();
    headers.set_server_side_encryption_key_id("9468da86").unwrap();
    headers.set_forbid_overwrite(true).set_request_payer(true);
    headers.set_callback("{\"callbackUrl\":\"a\"}").unwrap().set_callback_var("{}").unwrap();
    headers.set_traffic_limit(819_200).unwrap().set_header("X-Oss-New-Thing", "on").unwrap();
    headers
}

#[test]
fn each_header_goes_with_the_requests_that_take_it() {
    let headers = everything();
    let initiate = [
        "content-type",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "expires",
        "content-language",
        "x-oss-storage-class",
        "x-oss-server-side-encryption",
        "x-oss-server-side-data-encryption",
        "x-oss-server-side-encryption-key-id",
        "x-oss-forbid-overwrite",
        "x-oss-request-payer",
        "x-oss-new-thing",
        "x-oss-meta-foo",
        "x-oss-tagging",
    ];
    assert_eq!(names(&headers, RequestKind::Initiate), initiate);
    let part = ["x-oss-request-payer", "x-oss-traffic-limit"];
    assert_eq!(names(&headers, RequestKind::UploadPart), part);
    assert_eq!(names(&headers, RequestKind::UploadPartCopy), part);
    let complete = [
        "x-oss-object-acl",
        "x-oss-forbid-overwrite",
        "x-oss-request-payer",
        "x-oss-callback",
        "x-oss-callback-var",
        "x-oss-new-thing",
    ];
    assert_eq!(names(&headers, RequestKind::Complete), complete);
    for takes in [
        RequestKind::Abort,
        RequestKind::ListParts,
        RequestKind::ListUploads,
        RequestKind::HeadObject,
        RequestKind::GetObjectTagging,
    ] {
        assert_eq!(names(&headers, takes), ["x-oss-request-payer"]);
    }
    assert_eq!(names(&headers, RequestKind::PutObject).len(), 19);
    let copy = names(&headers, RequestKind::CopyObject);
    assert_eq!(copy.len(), 10, "{copy:?}");
    assert!(!copy.iter().any(|name| name.starts_with("content-") || name.contains("callback")));
    assert_eq!(names(&headers, RequestKind::CopyObjectReplacing).len(), 17);
}

#[test]
fn values_are_encoded_as_they_are_sent() {
    let headers = everything();
    let fields = headers.for_request(RequestKind::PutObject, None).unwrap();
    for pair in [
        ("x-oss-tagging", "a%20b=c%2Fd&e="),
        ("x-oss-callback", "eyJjYWxsYmFja1VybCI6ImEifQ=="),
        ("x-oss-callback-var", "e30="),
        ("x-oss-forbid-overwrite", "true"),
        ("x-oss-meta-foo", "bar"),
    ] {
        assert!(fields.contains(&(pair.0.to_owned(), pair.1.to_owned())), "{pair:?}");
    }
    assert!(headers.has_callback() && headers.forbids_overwrite());
    assert!(headers.describes_content());
}

#[test]
fn the_content_type_is_set_or_guessed_or_left_out() {
    let of = |headers: &ObjectHeaders, key: &str| {
        let key = ObjectKey::parse(key).unwrap();
        let fields = headers.for_request(RequestKind::Initiate, Some(&key)).unwrap();
        fields.into_iter().find(|(name, _)| name == "content-type").map(|(_, value)| value)
    };
    let mut headers = ObjectHeaders::new();
    assert_eq!(of(&headers, "dir/photo.JPG").as_deref(), Some("image/jpeg"));
    assert_eq!(of(&headers, "dir.txt/none").as_deref(), Some("application/octet-stream"));
    headers.suggest_content_type("/tmp/unknown");
    assert_eq!(headers, ObjectHeaders::new());
    headers.suggest_content_type("/tmp/a.txt");
    assert_eq!(of(&headers, "photo.jpg").as_deref(), Some("text/plain"));
    headers.set_content_type("a/b").unwrap().suggest_content_type("/tmp/a.txt");
    assert_eq!(of(&headers, "photo.jpg").as_deref(), Some("a/b"));
    headers.set_content_type("").unwrap().set_content_type_guess(false);
    assert_eq!(of(&headers, "photo.jpg"), None);
}

#[test]
fn metadata_has_plain_names_and_a_limit() {
    let mut headers = ObjectHeaders::new();
    headers.set_header("X-OSS-Meta-A-1", "x").unwrap().set_metadata("a-1", "y").unwrap();
    headers.set_metadata("b", "中").unwrap();
    assert_eq!(headers.metadata, [("a-1".into(), "y".into()), ("b".into(), "中".into())]);
    for (name, value) in [("", "x"), ("a_b", "x"), ("é", "x"), ("a", "x\r\nHost: y")] {
        let error = headers.set_metadata(name, value).unwrap_err();
        assert_eq!(error.argument(), Some(&*format!("x-oss-meta-{name}")));
    }
    assert!(headers.set_metadata("c", &"x".repeat(8192)).is_err());
    headers.set_metadata("a-1", "").unwrap();
    assert_eq!(headers.metadata.len(), 1);
}

#[test]
fn values_have_no_blanks_at_their_ends() {
    let mut headers = ObjectHeaders::new();
    headers.set_metadata("note", " hello\t world \t").unwrap_err();
    headers.set_metadata("note", "\t hello world \t").unwrap();
    headers.set_header("X-Oss-Meta-Other", "x ").unwrap();
    headers.set_cache_control(" no-cache\t").unwrap().set_content_type("a/b ").unwrap();
    headers.set_storage_class("IA ").unwrap().set_header("x-oss-tagging", "a=b ").unwrap();
    headers.set_tag("c", " d ").unwrap();
    let fields = headers.for_request(RequestKind::Initiate, None).unwrap();
    let values: Vec<_> = fields.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["no-cache", "a/b", "IA", "hello world", "x", "a=b&c=%20d%20"]);
    headers.set_metadata("note", " ").unwrap();
    assert_eq!(headers.metadata.len(), 1);
}

#[test]
fn invalid_headers_are_refused_by_name() {
    let mut headers = ObjectHeaders::new();
    for (name, value) in [
        ("Host", "a"),
        ("content-length", "1"),
        ("Content-MD5", "a"),
        ("authorization", "a"),
        ("x-oss-date", "a"),
        ("x-oss-security-token", "a"),
        ("X-Oss-Copy-Source-Range", "bytes=0-1"),
        ("X-Oss-Metadata-Directive", "COPY"),
        ("X-Oss-Tagging-Directive", "Copy"),
        ("If-Match", "a"),
        ("X-Amz-Acl", "private"),
        ("Accept", "a"),
        ("x-oss-", "a"),
        ("x-oss-a b", "a"),
        ("", "a"),
        ("x-oss-object-acl", "public"),
        ("x-oss-storage-class", "standard"),
        ("x-oss-server-side-encryption", "DES"),
        ("x-oss-traffic-limit", "245759"),
        ("x-oss-traffic-limit", "838860801"),
        ("x-oss-forbid-overwrite", "yes"),
        ("x-oss-request-payer", "me"),
        ("x-oss-callback", "{}"),
        ("content-type", "a\nb"),
    ] {
        let error = headers.set_header(name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.argument().unwrap_or_default(), name.to_ascii_lowercase());
    }
    assert_eq!(headers, ObjectHeaders::new());
    assert_eq!(headers.set_callback("url=a").unwrap_err().argument(), Some("x-oss-callback"));
    let long = format!("{{{}}}", " ".repeat(4000));
    assert_eq!(headers.set_callback(&long).unwrap_err().argument(), Some("x-oss-callback"));
}

#[test]
fn a_key_for_encryption_needs_kms() {
    let mut headers = ObjectHeaders::new();
    headers.set_server_side_encryption("AES256").unwrap();
    headers.set_server_side_encryption_key_id("id").unwrap();
    let error = headers.for_request(RequestKind::Initiate, None).unwrap_err();
    assert_eq!(error.argument(), Some("x-oss-server-side-encryption-key-id"));
    headers.set_server_side_encryption("KMS").unwrap();
    assert!(headers.for_request(RequestKind::Initiate, None).is_ok());
}
