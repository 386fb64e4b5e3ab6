//! Errors in requests, and their precedence.

use oss_emulator::AccessKey;

use crate::auth::raw;
use crate::client::*;

#[test]
fn error_documents_have_the_usual_elements() {
    let emulator = start();
    let response = Request::new("GET", "none").send(&emulator);
    assert_eq!(response.code(), (404, "NoSuchKey".into()));
    assert_eq!(response.header("content-type"), Some("application/xml"));
    assert_eq!(response.element("RequestId").as_deref(), response.header("x-oss-request-id"));
    assert_eq!(response.element("HostId"), Some(emulator.addr().to_string()));
    assert_eq!(response.element("Key").as_deref(), Some("none"));
    assert_eq!(response.element("EC").as_deref(), Some("0026-00000001"));
    assert_eq!(response.header("x-oss-ec"), Some("0026-00000001"));
    assert!(response.header("x-oss-server-time").is_some());
    let id = response.header("x-oss-request-id").unwrap();
    assert!(id.len() == 24 && id.bytes().all(|b| b"0123456789ABCDEF".contains(&b)));
}

#[test]
fn the_first_failing_check_is_reported() {
    let emulator = start();
    let key = || AccessKey::new("unknown-id", "x");
    let code = |request: Request| request.send(&emulator).code();
    // Method before bucket name, bucket name before the signature.
    let request = Request::new("PATCH", "k").bucket("A_B");
    assert_eq!(code(request), (405, "MethodNotAllowed".into()));
    let request = Request::new("GET", "k").bucket("A_B").signed_by(key());
    assert_eq!(code(request), (400, "InvalidBucketName".into()));
    // Bucket before key, key before scope and date, signature before length.
    let mut request = Request::new("GET", "k").signed_by(key());
    request.unix -= 3600;
    assert_eq!(code(request.clone()), (403, "InvalidAccessKeyId".into()));
    assert_eq!(code(request.bucket("missing")), (404, "NoSuchBucket".into()));
    let mut request = Request::new("GET", "k").signed_by(key());
    request.signer.as_mut().unwrap().region = "cn-beijing".to_owned();
    assert_eq!(code(request), (403, "InvalidAccessKeyId".into()));
    let mut request = Request::new("PUT", "k").without_length();
    assert_eq!(code(request.clone()), (411, "MissingContentLength".into()));
    request.unix -= 3600;
    assert_eq!(code(request), (403, "RequestTimeTooSkewed".into()));
    // Bucket before key name, key name before parameters.
    let request = Request::new("PUT", "/k").bucket("missing");
    assert_eq!(code(request), (404, "NoSuchBucket".into()));
    let request = Request::new("PUT", "/k").query("partNumber=0&uploadId=x");
    assert_eq!(code(request), (400, "InvalidObjectName".into()));
    // Parameters before the upload ID, the upload ID before the body.
    let request = part("k", "x", 0).header("content-md5", "bad");
    assert_eq!(code(request), (400, "InvalidArgument".into()));
    let request = part("k", "x", 1).header("content-md5", "bad");
    assert_eq!(code(request), (404, "NoSuchUpload".into()));
    let request = complete("k", "x", &[(1, "none")]);
    assert_eq!(code(request), (404, "NoSuchUpload".into()));
}

#[test]
fn anonymous_requests_are_denied_after_the_bucket_is_known() {
    let emulator = start();
    let code = |bucket| Request::new("GET", "k").bucket(bucket).unsigned().send(&emulator).code();
    assert_eq!(code(BUCKET), (403, "AccessDenied".into()));
    assert_eq!(code("missing"), (404, "NoSuchBucket".into()));
}

#[test]
fn part_numbers_are_checked() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    for (number, ec) in [("0", "220"), ("10001", "220"), ("x", "220"), ("-1", "220")] {
        let request = Request::new("PUT", "k").pair("partNumber", number).pair("uploadId", &id);
        let response = request.send(&emulator);
        assert_eq!(response.code(), (400, "InvalidArgument".into()));
        assert_eq!(response.element("ArgumentName").as_deref(), Some("PartNumber"));
        assert_eq!(response.element("ArgumentValue").as_deref(), Some(number));
        assert_eq!(response.element("EC"), Some(format!("0017-00000{ec}")));
    }
    let missing = Request::new("PUT", "k").pair("uploadId", &id).send(&emulator);
    assert_eq!(missing.element("ArgumentName").as_deref(), Some("ResourceType"));
    assert_eq!(missing.element("EC").as_deref(), Some("0017-00000219"));
}

#[test]
fn upload_ids_belong_to_their_object() {
    let emulator = builder().bucket("other-bucket").start().unwrap();
    let id = initiate(&emulator, "k");
    let gone = (404, "NoSuchUpload".to_owned());
    assert_eq!(part("else", &id, 1).send(&emulator).code(), gone);
    assert_eq!(part("k", &id, 1).bucket("other-bucket").send(&emulator).code(), gone);
    let unknown = "0123456789ABCDEF0123456789ABCDEF";
    let ec = |request: Request| request.send(&emulator).element("EC").unwrap();
    assert_eq!(ec(part("k", unknown, 1)), "0042-00000104");
    assert_eq!(ec(abort("k", unknown)), "0042-00000002");
    assert_eq!(ec(list_parts("k", unknown)), "0042-00000002");
    assert_eq!(ec(part("k", "short", 1)), "0017-00000244");
    assert_eq!(ec(Request::new("PUT", "k").query("partNumber=1&uploadId")), "0017-00000244");
}

#[test]
fn digests_are_verified() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let request = |md5: &str| part("k", &id, 1).header("content-md5", md5).body("hello");
    assert_eq!(request("XUFAKrxLKna5cZ2REBfFkg==").send(&emulator).status, 200);
    let wrong = request("1B2M2Y8AsgTpgAmY7PhCfg==").send(&emulator);
    assert_eq!(wrong.code(), (400, "InvalidDigest".into()));
    assert_eq!(wrong.element("EC").as_deref(), Some("0017-00000503"));
    let bad = request("XUFA").send(&emulator);
    assert_eq!(bad.element("EC").as_deref(), Some("0017-00000502"));
    let initiate = Request::new("POST", "k").query("uploads");
    let initiate = initiate.header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==");
    assert_eq!(initiate.send(&emulator).code().1, "InvalidDigest");
    assert_eq!(emulator.uploads(BUCKET).len(), 1);
}

#[test]
fn content_length_is_checked_before_the_body() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let huge = (5_u64 << 30) + 1;
    let request = part("k", &id, 1).header("content-length", &huge.to_string());
    assert_eq!(request.send(&emulator).code(), (400, "EntityTooLarge".into()));
    let request = Request::new("PUT", "k").header("content-length", &huge.to_string());
    assert_eq!(request.send(&emulator).code(), (400, "InvalidArgument".into()));
}

#[test]
fn get_and_head_ignore_content_md5() {
    let emulator = start();
    Request::new("PUT", "k").body("hello").send(&emulator);
    for md5 in ["XUFA", "XUFAKrxLKna5cZ2REBfFkg=="] {
        let request = |method, key| Request::new(method, key).header("content-md5", md5);
        assert_eq!(request("GET", "k").send(&emulator).text(), "hello");
        assert_eq!(request("HEAD", "k").send(&emulator).status, 200);
        assert_eq!(request("GET", "").query("uploads").send(&emulator).status, 200);
    }
}

#[test]
fn head_of_an_invalid_name_finds_no_object() {
    let emulator = start();
    for key in ["/k", "//", "\\k"] {
        let head = Request::new("HEAD", key).send(&emulator);
        assert_eq!((head.status, head.header("x-oss-ec")), (404, Some("0026-00000001")), "{key}");
        assert_eq!(Request::new("HEAD", key).query("objectMeta").send(&emulator).status, 404);
        assert_eq!(Request::new("GET", key).send(&emulator).code().1, "InvalidObjectName");
    }
}

#[test]
fn initiate_ignores_if_modified_since() {
    let emulator = start();
    let date = "Wed, 15 Jan 2020 10:30:00 GMT";
    let request = Request::new("POST", "k").query("uploads").header("if-modified-since", date);
    assert_eq!(request.send(&emulator).status, 200);
    let request = Request::new("PUT", "k").header("if-modified-since", date);
    assert_eq!(request.send(&emulator).code(), (400, "NotImplemented".into()));
}

#[test]
fn unsupported_headers_are_named() {
    let emulator = start();
    let response = Request::new("PUT", "k").header("if-none-match", "*").send(&emulator);
    assert_eq!(response.code(), (400, "NotImplemented".into()));
    assert_eq!(response.element("Header").as_deref(), Some("if-none-match"));
    let request = Request::new("PUT", "k").header("content-encoding", "aws-chunked");
    assert_eq!(request.send(&emulator).code(), (400, "InvalidArgument".into()));
    let id = initiate(&emulator, "k");
    let request = part("k", &id, 1).header("x-oss-server-side-encryption", "AES256");
    assert_eq!(request.send(&emulator).code(), (400, "InvalidArgument".into()));
}

#[test]
fn attributes_are_validated() {
    let emulator = start();
    let code = |name: &str, value: &str| {
        Request::new("POST", "k").query("uploads").header(name, value).send(&emulator).code().1
    };
    assert_eq!(code("x-oss-storage-class", "IA"), "");
    assert_eq!(code("x-oss-storage-class", "Cold"), "InvalidArgument");
    let sse = "x-oss-server-side-encryption";
    assert_eq!(code(sse, "AES256"), "");
    assert_eq!(code(sse, "DES"), "InvalidEncryptionAlgorithmError");
    assert_eq!(code("x-oss-server-side-encryption-key-id", "k"), "InvalidArgument");
    assert_eq!(code("x-oss-meta-a_b", "1"), "InvalidArgument");
    assert_eq!(code("x-oss-meta-a", &"v".repeat(8192)), "InvalidArgument");
    assert_eq!(code("x-oss-tagging", "a=1&a=2"), "InvalidArgument");
    assert_eq!(code("x-oss-forbid-overwrite", "maybe"), "InvalidArgument");
    assert_eq!(code("x-oss-traffic-limit", "245760"), "");
    assert_eq!(code("x-oss-traffic-limit", "245759"), "InvalidArgument");
    assert_eq!(code("x-oss-traffic-limit", "838860801"), "InvalidArgument");
    let both = Request::new("POST", "k").query("uploads&x-oss-traffic-limit=819200");
    let both = both.header("x-oss-traffic-limit", "819200");
    assert_eq!(both.send(&emulator).code().1, "InvalidArgument");
}

#[test]
fn unknown_parameters_and_headers_are_ignored() {
    let emulator = start();
    let request =
        Request::new("PUT", "k").query("new-thing=1").header("x-oss-new-thing", "1").body("x");
    assert_eq!(request.send(&emulator).status, 200);
}

#[test]
fn bytes_that_are_not_http_do_not_stop_the_server() {
    let emulator = start();
    let response = raw(&emulator, b"nonsense\r\n\r\n", "GET");
    assert_eq!(response.status, 400);
    assert_eq!(Request::new("GET", "none").send(&emulator).status, 404);
}

#[test]
fn errors_without_a_known_ec_have_none() {
    let emulator = start();
    let response = Request::new("GET", "k").unsigned().send(&emulator);
    assert_eq!((response.element("EC"), response.element("RecommendDoc")), (None, None));
    assert_eq!(response.header("x-oss-ec"), None);
}
