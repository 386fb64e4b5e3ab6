//! Authentication: signatures, dates, tokens, scopes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use oss_emulator::{AccessKey, Addressing, Emulator};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::client::*;

fn get() -> Request {
    Request::new("GET", "").query("list-type=2")
}

pub(crate) fn v1(text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(b"secret").unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

pub(crate) fn http_date(unix: i64) -> String {
    let since = std::time::Duration::from_secs(u64::try_from(unix).unwrap());
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since)
}

/// Edits the V4 Authorization header of a signed request before it is sent.
fn edited(emulator: &Emulator, request: &Request, from: &str, to: &str) -> Response {
    let head = String::from_utf8(request.bytes(emulator)).unwrap();
    assert!(head.contains(from), "{head}");
    raw(emulator, head.replace(from, to).as_bytes(), request.method)
}

pub(crate) fn raw(emulator: &Emulator, bytes: &[u8], method: &str) -> Response {
    use std::io::Write;
    let mut stream = connect(emulator);
    stream.write_all(bytes).unwrap();
    read_response(&mut std::io::BufReader::new(stream), method).unwrap()
}

#[test]
fn a_wrong_signature_returns_the_string_to_sign() {
    let emulator = start();
    let response = get().signed_by(AccessKey::new("id", "wrong")).send(&emulator);
    assert_eq!(response.code(), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(response.element("OSSAccessKeyId").as_deref(), Some("id"));
    assert_eq!(response.element("SignatureProvided").unwrap().len(), 64);
    let text = response.element("StringToSign").unwrap();
    assert!(text.starts_with("OSS4-HMAC-SHA256\n"));
    let bytes: Vec<String> = text.bytes().map(|b| format!("{b:02X}")).collect();
    assert_eq!(response.element("StringToSignBytes"), Some(bytes.join(" ")));
    let canonical = response.element("CanonicalRequest").unwrap().replace("&amp;", "&");
    assert!(canonical.starts_with("GET\n/test-bucket/\nlist-type=2\n"));
    assert!(text.ends_with(&hex::encode(Sha256::digest(canonical))));
}

#[test]
fn keys_and_tokens_must_match() {
    let emulator = builder().key(AccessKey::new("sts", "s").with_token("token")).start().unwrap();
    let code = |key: AccessKey| get().signed_by(key).send(&emulator).code().1;
    assert_eq!(code(AccessKey::new("unknown-id", "s")), "InvalidAccessKeyId");
    assert_eq!(code(AccessKey::new("sts", "s").with_token("token")), "");
    assert_eq!(code(AccessKey::new("sts", "s")), "InvalidAccessKeyId");
    assert_eq!(code(AccessKey::new("sts", "s").with_token("else")), "InvalidSecurityToken");
    let foreign = AccessKey::new("id", "secret").with_token("token");
    assert_eq!(code(foreign), "AccessKeyIdAndSecurityTokenNotMatch");
    emulator.expire_token("token");
    assert_eq!(code(AccessKey::new("sts", "s").with_token("token")), "SecurityTokenExpired");
    emulator.add_key(AccessKey::new("sts", "s").with_token("token2"));
    assert_eq!(code(AccessKey::new("sts", "s").with_token("token2")), "");
}

#[test]
fn the_date_window_is_fifteen_minutes() {
    let emulator = start();
    emulator.set_clock_offset(1000);
    let response = get().send(&emulator);
    assert_eq!(response.code(), (403, "RequestTimeTooSkewed".into()));
    let server = httpdate::parse_http_date(response.header("date").unwrap()).unwrap();
    assert!(server.duration_since(std::time::SystemTime::now()).unwrap().as_secs() > 900);
    emulator.set_clock_offset(-800);
    assert_eq!(get().send(&emulator).status, 200);
}

#[test]
fn the_v4_form_is_strict() {
    let emulator = start();
    let check = |from: &str, to: &str| {
        let response = edited(&emulator, &get(), from, to);
        (response.status, response.element("Code").unwrap(), response.element("EC"))
    };
    let invalid = |ec: Option<&str>| (400, "InvalidArgument".to_owned(), ec.map(str::to_owned));
    assert_eq!(check("/cn-hangzhou/", "/oss-cn-hangzhou/"), invalid(Some("0002-00000226")));
    assert_eq!(check("/cn-hangzhou/", "/cn-beijing/"), invalid(Some("0002-00000228")));
    assert_eq!(check("/oss/", "/s3/"), invalid(None));
    assert_eq!(check("aliyun_v4_request", "aws4_request"), invalid(Some("0002-00000213")));
    assert_eq!(check("Credential=id", "Credential=i d"), invalid(Some("0002-00000206")));
    assert_eq!(check("OSS4-HMAC-SHA256", "OSS5"), invalid(Some("0002-00000061")));
    assert_eq!(check("UNSIGNED-PAYLOAD", "abc"), invalid(None));
    assert_eq!(check("x-oss-content-sha256", "x-other"), invalid(None));
    assert_eq!(check(",Signature=", ",Sig="), invalid(None));
    let no_date = check("x-oss-date: 2", "x-oss-date: x2");
    assert_eq!((no_date.0, no_date.1.as_str()), (403, "AccessDenied"));
    let mut request = get();
    request.additional = vec!["host"];
    let missing = edited(&emulator, &request, "AdditionalHeaders=host", "AdditionalHeaders=absent");
    assert_eq!(missing.code(), (400, "InvalidArgument".into()));
    let head = String::from_utf8(get().bytes(&emulator)).unwrap();
    let scope = head.split("Credential=id/").nth(1).unwrap().get(..8).unwrap();
    let other_day = edited(&emulator, &get(), &format!("{scope}/"), "20200101/");
    assert_eq!(other_day.code(), (400, "InvalidArgument".into()));
}

#[test]
fn authorization_fields_can_be_spaced_and_reordered() {
    let emulator = start();
    let mut request = get();
    request.additional = vec!["host"];
    let response = edited(&emulator, &request, ",", ", ");
    assert_eq!(response.status, 200, "{}", response.text());
}

/// Presigns with V4 from a string to sign that is written out here.
fn presigned(method: &str, extra: &[(&str, &str)], headers: &str) -> String {
    let now = httpdate::parse_http_date(&http_date(Request::new("GET", "").unix)).unwrap();
    let unix = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let date = jiff::Timestamp::from_second(i64::try_from(unix).unwrap()).unwrap();
    let date = date.strftime("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/cn-hangzhou/oss/aliyun_v4_request", date.get(..8).unwrap());
    let credential = format!("id%2F{}", scope.replace('/', "%2F"));
    let mut pairs: Vec<(String, String)> = [
        ("x-oss-signature-version", "OSS4-HMAC-SHA256"),
        ("x-oss-date", date.as_str()),
        ("x-oss-expires", "600"),
        ("x-oss-credential", credential.as_str()),
    ]
    .into_iter()
    .filter(|(name, _)| !extra.iter().any(|(other, _)| other == name))
    .chain(extra.iter().copied())
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    pairs.sort();
    let listed = extra.iter().find(|(name, _)| *name == "x-oss-additional-headers");
    let listed = listed.map(|(_, value)| *value).unwrap_or_default();
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let query = query.join("&");
    let canonical =
        format!("{method}\n/{BUCKET}/k\n{query}\n{headers}\n{listed}\nUNSIGNED-PAYLOAD");
    let digest = hex::encode(Sha256::digest(canonical));
    let text = format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
    let mut key = b"aliyun_v4secret".to_vec();
    for step in scope.split('/') {
        key = mac(&key, step);
    }
    let signature = hex::encode(mac(&key, &text));
    format!("/{BUCKET}/k?{query}&x-oss-signature={signature}")
}

pub(crate) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn open(emulator: &Emulator, method: &str, target: &str, headers: &str) -> Response {
    let text = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", emulator.addr());
    raw(emulator, text.as_bytes(), method)
}

#[test]
fn v4_urls_are_verified() {
    let emulator = start();
    Request::new("PUT", "k").body("hello").send(&emulator);
    let url = presigned("GET", &[], "");
    assert_eq!(open(&emulator, "GET", &url, "").text(), "hello");
    let wrong = url.replace("x-oss-expires=600", "x-oss-expires=601");
    assert_eq!(open(&emulator, "GET", &wrong, "").code().1, "SignatureDoesNotMatch");
    emulator.set_clock_offset(700);
    assert_eq!(open(&emulator, "GET", &url, "").code(), (403, "AccessDenied".into()));
    emulator.set_clock_offset(-1000);
    assert_eq!(open(&emulator, "GET", &url, "").code().1, "RequestTimeTooSkewed");
    emulator.set_clock_offset(0);
    for bad in ["604801", "0", "x"] {
        let url = presigned("GET", &[("x-oss-expires", bad)], "");
        let response = open(&emulator, "GET", &url, "");
        assert_eq!(response.code(), (400, "AuthorizationArgumentError".into()), "{bad}");
        assert_eq!(response.element("EC").as_deref(), Some("0002-00000232"));
        assert_eq!(response.element("ArgumentValue").as_deref(), Some(bad));
    }
    let both = open(&emulator, "GET", &url, "authorization: OSS a:b\r\n");
    assert_eq!(both.code(), (400, "InvalidArgument".into()));
}

#[test]
fn headers_signed_by_a_v4_url_must_come() {
    let emulator = start();
    Request::new("PUT", "k").body("hello").send(&emulator);
    let extra = [("x-oss-additional-headers", "zz")];
    let url = presigned("GET", &extra, "zz:1\n");
    assert_eq!(open(&emulator, "GET", &url, "zz: 1\r\n").status, 200);
    assert_eq!(open(&emulator, "GET", &url, "").code(), (400, "InvalidArgument".into()));
    assert_eq!(open(&emulator, "GET", &url, "zz: 2\r\n").code().1, "SignatureDoesNotMatch");
}

#[test]
fn v1_headers_and_urls_are_verified() {
    let emulator = start();
    Request::new("PUT", "k").body("hello").send(&emulator);
    let unix = Request::new("GET", "").unix;
    let date = http_date(unix);
    let signature = v1(&format!("GET\n\n\n{date}\n/{BUCKET}/k"));
    let target = format!("/{BUCKET}/k");
    let signed = |signature: &str, date: &str| {
        open(
            &emulator,
            "GET",
            &target,
            &format!("date: {date}\r\nauthorization: OSS id:{signature}\r\n"),
        )
    };
    assert_eq!(signed(&signature, &date).text(), "hello");
    let wrong = signed(&v1("x"), &date);
    assert_eq!(wrong.code(), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(wrong.element("StringToSign"), Some(format!("GET\n\n\n{date}\n/{BUCKET}/k")));
    assert_eq!(signed(&signature, "yesterday").code(), (403, "AccessDenied".into()));
    let late = signed(&signature, &http_date(unix - 1000));
    assert_eq!(late.code(), (403, "RequestTimeTooSkewed".into()));
    let malformed = open(
        &emulator,
        "GET",
        &target,
        &format!("date: {date}\r\nauthorization: OSS nonsense\r\n"),
    );
    assert_eq!(malformed.code(), (400, "InvalidArgument".into()));

    let until = unix + 60;
    let signature = v1(&format!("GET\n\n\n{until}\n/{BUCKET}/k")).replace('+', "%2B");
    let url = format!("{target}?OSSAccessKeyId=id&Expires={until}&Signature={signature}");
    assert_eq!(open(&emulator, "GET", &url, "").text(), "hello");
    let without = format!("{target}?OSSAccessKeyId=id&Signature={signature}");
    assert_eq!(open(&emulator, "GET", &without, "").code(), (403, "AccessDenied".into()));
    emulator.set_clock_offset(120);
    assert_eq!(open(&emulator, "GET", &url, "").code(), (403, "AccessDenied".into()));
}

#[test]
fn addressing_can_be_restricted() {
    let emulator = builder().addressing(Addressing::Virtual).start().unwrap();
    let rejected = get().send(&emulator);
    assert_eq!(rejected.code(), (403, "SecondLevelDomainForbidden".into()));
    let host = format!("{BUCKET}.oss.localhost:80");
    assert_eq!(get().host(&host).send(&emulator).status, 200);
    let emulator = start();
    assert_eq!(Request::new("PUT", "a b").host(&host).body("x").send(&emulator).status, 200);
    assert_eq!(emulator.keys(BUCKET), ["a b"]);
}

#[test]
fn repeated_and_binary_headers_are_signed_as_they_are() {
    let emulator = start();
    let request =
        Request::new("PUT", "k").header("x-oss-meta-a", "ключ").header("x-oss-meta-a", "two");
    assert_eq!(request.send(&emulator).status, 200);
}

#[test]
fn the_signed_date_takes_precedence() {
    let emulator = start();
    let head = String::from_utf8(get().bytes(&emulator)).unwrap();
    let date = head.lines().find(|line| line.starts_with("date: ")).unwrap();
    let response = edited(&emulator, &get(), date, "date: Wed, 15 Jan 2020 10:30:00 GMT");
    assert_eq!(response.status, 200);
}
