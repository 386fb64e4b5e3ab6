//! Compares each step of the signatures in `tests/vectors`, so that a failure names the step.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::canonical::{SignedHeaders, canonical_query, canonical_request, canonical_uri};
use super::{AccessKey, AdditionalHeaders, SignatureVersion, Signer, v1, v4};
use crate::error::ErrorKind;
use crate::model::{BucketName, ObjectKey};
use crate::wire::{Body, Headers, Method, Request, encode_query_sorted};

/// One vector in the form of the signer.
struct Case {
    name: String,
    expected: Value,
    signer: Signer,
    key: AccessKey,
    request: Request,
    implied: Vec<(String, String)>,
    input: Value,
}

impl Case {
    fn read(vector: &Value, version: SignatureVersion) -> Self {
        let input = vector["input"].clone();
        let (mut headers, mut implied) = (Headers::default(), Vec::new());
        for (name, value) in pairs(&input["headers"]) {
            match name.as_str() {
                "Host" | "Content-Length" => implied.push((name, value)),
                _ => headers.set(&name, value).unwrap(),
            }
        }
        let key = AccessKey::new(text(&input["access_key_id"]), text(&input["access_key_secret"]));
        let key = match input["security_token"].as_str() {
            Some(token) => key.unwrap().with_token(token).unwrap(),
            None => key.unwrap(),
        };
        let additional = names(&input["additional_headers"]);
        Self {
            name: text(&vector["name"]),
            expected: vector["expected"].clone(),
            signer: Signer {
                version,
                region: input["region"].as_str().unwrap_or_default().to_owned(),
                product: input["product"].as_str().unwrap_or_default().to_owned(),
                additional_headers: AdditionalHeaders::parse(&additional).unwrap(),
            },
            key,
            request: Request {
                method: method(&text(&input["method"])),
                bucket: input["bucket"].as_str().map(|name| BucketName::parse(name).unwrap()),
                key: input["key"].as_str().map(|key| ObjectKey::parse(key).unwrap()),
                query: pairs(&input["query"]),
                headers,
                body: Body::Empty,
            },
            implied,
            input,
        }
    }

    fn implied(&self) -> Vec<(&str, &str)> {
        self.implied.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn time(&self) -> SystemTime {
        instant(&self.input["timestamp_unix"])
    }

    /// The request as it is sent.
    fn signed(&self) -> Request {
        let mut request = self.request.clone();
        self.signer.sign(&mut request, &self.key, &self.implied(), self.time()).unwrap();
        request
    }

    /// The presigned request and its last parameter, the signature.
    fn presigned(&self, time: SystemTime, expires: Duration) -> (Request, String) {
        let mut request = self.request.clone();
        self.signer.presign(&mut request, &self.key, &self.implied(), time, expires).unwrap();
        let sorted = encode_query_sorted(&request.query);
        self.compare("sorted_final_query", &sorted);
        let (_, signature) = request.query.pop().unwrap();
        (request, signature)
    }

    /// Compares the steps of a V4 signature; `request` has everything that the signature covers.
    fn compare_v4_steps(&self, request: &Request) -> String {
        let uri = canonical_uri(request.bucket.as_ref(), request.key.as_ref());
        self.compare("canonical_uri", &uri);
        let query = canonical_query(&request.query);
        self.compare("canonical_query", &query);
        let implied = self.implied();
        let additional = &self.signer.additional_headers;
        let headers = SignedHeaders::of(&request.headers, &implied, additional);
        let used = names(&self.expected["additional_headers_used"]).join(";");
        assert_eq!(headers.additional(), used, "{}: additional_headers_used", self.name);
        let canonical =
            canonical_request(request.method, &uri, &query, &headers, v4::UNSIGNED_PAYLOAD);
        self.compare("canonical_request", &canonical);
        let scope = v4::Scope::new(&self.signer.region, &self.signer.product, self.time()).unwrap();
        let to_sign = v4::string_to_sign(&scope, &canonical);
        self.compare("string_to_sign", &to_sign);
        let key = v4::signing_key(self.key.secret(), &scope).unwrap();
        if self.expected.get("signing_key_hex").is_some() {
            self.compare("signing_key_hex", &hex(&*key));
        }
        let signature = v4::signature(&*key, &to_sign).unwrap();
        self.compare("signature", &signature);
        signature
    }

    fn compare(&self, step: &str, actual: &str) {
        assert_eq!(actual, text(&self.expected[step]), "{}: {step}", self.name);
    }

    fn compare_added_headers(&self, request: &Request) {
        for (name, value) in self.expected["headers_added_by_signer"].as_object().unwrap() {
            let sent = request.headers.get(name);
            assert_eq!(sent, value.as_str(), "{}: header {name}", self.name);
        }
    }
}

#[test]
fn v4_headers_match_the_vectors() {
    let file = file(include_str!("../../tests/vectors/v4-header.json"));
    for case in cases(&file, SignatureVersion::V4, 32) {
        let request = case.signed();
        case.compare_added_headers(&request);
        case.compare_v4_steps(&request);
        case.compare("authorization", request.headers.get("Authorization").unwrap());
    }
}

#[test]
fn v4_signing_keys_match_the_vectors() {
    let file = file(include_str!("../../tests/vectors/v4-header.json"));
    let vectors = file["signing_key_level_vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 1);
    for vector in vectors {
        let to_sign = text(&vector["string_to_sign"]);
        let mut lines = to_sign.lines().skip(1);
        let stamp = lines.next().unwrap().to_owned();
        let mut parts = lines.next().unwrap().split('/').skip(1);
        let (region, product) = (parts.next().unwrap(), parts.next().unwrap());
        let scope = v4::Scope { stamp, region, product };
        let canonical = text(&vector["canonical_request"]);
        assert_eq!(v4::string_to_sign(&scope, &canonical), to_sign, "{vector}: string_to_sign");
        let key = unhex(&text(&vector["signing_key_hex"]));
        let signature = v4::signature(&key, &to_sign).unwrap();
        assert_eq!(signature, text(&vector["signature"]), "{vector}: signature");
    }
}

#[test]
fn v4_urls_match_the_vectors() {
    let file = file(include_str!("../../tests/vectors/v4-query.json"));
    for case in cases(&file, SignatureVersion::V4, 12) {
        let expires = Duration::from_secs(case.input["expires_seconds"].as_u64().unwrap());
        let (request, signature) = case.presigned(case.time(), expires);
        assert_eq!(case.compare_v4_steps(&request), signature, "{}", case.name);
        assert_eq!(request.headers, case.request.headers, "{}: headers", case.name);
    }
}

#[test]
fn v1_headers_match_the_vectors() {
    let file = file(include_str!("../../tests/vectors/v1-header.json"));
    for case in cases(&file, SignatureVersion::V1, 16) {
        let request = case.signed();
        case.compare_added_headers(&request);
        let date = request.headers.get("Date").unwrap();
        let to_sign = v1::string_to_sign(&request, date);
        case.compare("string_to_sign", &to_sign);
        case.compare("signature", &v1::signature(case.key.secret(), &to_sign).unwrap());
        case.compare("authorization", request.headers.get("Authorization").unwrap());
    }
}

#[test]
fn v1_urls_match_the_vectors() {
    let file = file(include_str!("../../tests/vectors/v1-query.json"));
    for case in cases(&file, SignatureVersion::V1, 4) {
        let expires = Duration::from_secs(900);
        let time = instant(&case.input["expires_unix"]) - expires;
        let (mut request, signature) = case.presigned(time, expires);
        request.query.retain(|(name, _)| !matches!(name.as_str(), "Expires" | "OSSAccessKeyId"));
        let end = case.input["expires_unix"].to_string();
        case.compare("string_to_sign", &v1::string_to_sign(&request, &end));
        case.compare("signature", &signature);
        assert_eq!(request.headers, case.request.headers, "{}: headers", case.name);
    }
}

#[test]
fn signing_twice_replaces_the_first_signature() {
    for version in [SignatureVersion::V4, SignatureVersion::V1] {
        let case = example(version);
        let temporary = case.key.clone().with_token("token").unwrap();
        let mut again = case.request.clone();
        case.signer.sign(&mut again, &temporary, &[], UNIX_EPOCH).unwrap();
        assert_eq!(again.headers.get("x-oss-security-token"), Some("token"));
        case.signer.sign(&mut again, &case.key, &[], case.time()).unwrap();
        let sorted = |request: &Request| {
            let mut headers: Vec<_> =
                request.headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            headers.sort();
            headers
        };
        assert_eq!(sorted(&again), sorted(&case.signed()), "{version:?}");
    }
}

#[test]
fn every_signed_input_changes_the_signature() {
    let case = example(SignatureVersion::V4);
    let original = case.signed();
    let changes: [fn(&mut Case); 7] = [
        |case| case.key = AccessKey::new("ak", "other").unwrap(),
        |case| case.signer.region = "cn-beijing".to_owned(),
        |case| case.signer.product = "oss-cloudbox".to_owned(),
        |case| case.request.method = Method::Put,
        |case| case.request.key = Some(ObjectKey::parse("other").unwrap()),
        |case| case.request.query.push(("a".to_owned(), String::new())),
        |case| case.request.headers.set("x-oss-meta-a", "1").unwrap(),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut changed = example(SignatureVersion::V4);
        change(&mut changed);
        let signature = |request: &Request| {
            let authorization = request.headers.get("Authorization").unwrap();
            authorization.rsplit('=').next().unwrap().to_owned()
        };
        assert_ne!(signature(&changed.signed()), signature(&original), "change {index}");
    }
}

#[test]
fn v4_without_a_region_is_refused() {
    let mut case = example(SignatureVersion::V4);
    case.signer.region.clear();
    let mut request = case.request.clone();
    let hour = Duration::from_secs(3600);
    for error in [
        case.signer.sign(&mut request, &case.key, &[], case.time()).unwrap_err(),
        case.signer.presign(&mut request, &case.key, &[], case.time(), hour).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("region")));
    }
    assert_eq!(request.headers, case.request.headers);
    assert_eq!(request.query, case.request.query);
}

#[test]
fn urls_are_valid_for_one_second_to_seven_days_in_v4() {
    let week = 7 * 24 * 3600;
    for (version, expires, good) in [
        (SignatureVersion::V4, Duration::ZERO, false),
        (SignatureVersion::V4, Duration::from_millis(999), false),
        (SignatureVersion::V4, Duration::from_secs(1), true),
        (SignatureVersion::V4, Duration::from_secs(week), true),
        (SignatureVersion::V4, Duration::from_millis(week * 1000 + 1), false),
        (SignatureVersion::V1, Duration::ZERO, false),
        (SignatureVersion::V1, Duration::from_secs(week + 1), true),
        (SignatureVersion::V1, Duration::MAX, false),
    ] {
        let case = example(version);
        let mut request = case.request.clone();
        let result = case.signer.presign(&mut request, &case.key, &[], case.time(), expires);
        assert_eq!(result.is_ok(), good, "{version:?} {expires:?}");
        if let Err(error) = result {
            assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("expires")));
            assert_eq!(request.query, case.request.query);
        }
    }
}

fn example(version: SignatureVersion) -> Case {
    let file = file(include_str!("../../tests/vectors/v4-header.json"));
    let initiate = file["vectors"].as_array().unwrap().iter();
    let initiate = initiate.clone().find(|vector| vector["name"] == "initiate-minimal").unwrap();
    Case::read(initiate, version)
}

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn cases(file: &Value, version: SignatureVersion, count: usize) -> Vec<Case> {
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), count);
    vectors.iter().map(|vector| Case::read(vector, version)).collect()
}

fn method(name: &str) -> Method {
    let all = [Method::Get, Method::Head, Method::Put, Method::Post, Method::Delete];
    all.into_iter().find(|method| method.as_str() == name).unwrap()
}

fn instant(seconds: &Value) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.as_u64().unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn names(value: &Value) -> Vec<String> {
    value.as_array().map(|names| names.iter().map(text).collect()).unwrap_or_default()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    value.as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
