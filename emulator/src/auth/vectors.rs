//! Signature test vectors, verified as a server does: from the received request.

use std::collections::BTreeMap;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::canonical::{Signable, v1_string, v4_request, v4_string};
use super::{AccessKey, Claim, Verifier};
use crate::clock;
use crate::error::OssError;
use crate::escape;
use crate::query::Query;

const V4_HEADER: &str = include_str!("../../../tests/vectors/v4-header.json");

/// A test vector as a received request.
struct Received {
    input: Value,
    expected: Value,
    query: Query,
    headers: HeaderMap,
}

impl Received {
    fn of(vector: &Value) -> Self {
        let input = vector["input"].clone();
        let expected = vector["expected"].clone();
        let mut headers = HeaderMap::new();
        for pair in input["headers"].as_array().unwrap() {
            set(&mut headers, pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        }
        if let Some(added) = expected["headers_added_by_signer"].as_object() {
            for (name, value) in added {
                set(&mut headers, name, value.as_str().unwrap());
            }
        }
        if let Some(authorization) = expected["authorization"].as_str() {
            set(&mut headers, "authorization", authorization);
        }
        // Escape and parse again, so that both are tested.
        let wire = match expected["sorted_final_query"].as_str() {
            Some(whole) => whole.to_owned(),
            None => {
                let pairs = input["query"].as_array().unwrap().iter();
                let pairs: Vec<String> = pairs
                    .map(|pair| match (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()) {
                        (name, "") => escape::query(name),
                        (name, value) => {
                            format!("{}={}", escape::query(name), escape::query(value))
                        }
                    })
                    .collect();
                pairs.join("&")
            }
        };
        Self { input, expected, query: Query::parse(&wire).unwrap(), headers }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.input[name].as_str().filter(|text| !text.is_empty())
    }

    fn signable(&self) -> Signable<'_> {
        Signable {
            method: self.text("method").unwrap(),
            bucket: self.text("bucket"),
            key: self.text("key"),
            is_path_style: false,
            query: &self.query.0,
            headers: &self.headers,
        }
    }

    fn expected(&self, name: &str) -> &str {
        self.expected[name].as_str().unwrap()
    }

    fn keys(&self) -> Vec<AccessKey> {
        let mut key = AccessKey::new(
            self.text("access_key_id").unwrap(),
            self.text("access_key_secret").unwrap(),
        );
        key.token = self.text("security_token").map(str::to_owned);
        vec![key]
    }

    fn verify(&self, now: i64, keys: &[AccessKey]) -> Result<bool, OssError> {
        let extra: Vec<String> = strings(&self.input["sub_resources"]);
        let verifier = Verifier {
            keys,
            region: self.text("region").unwrap_or_default(),
            product: self.text("product").unwrap_or_default(),
            now,
            sub_resources: &extra,
        };
        let signable = self.signable();
        let claim = Claim::read(&signable)?;
        claim.map(|claim| verifier.verify(&signable, &claim)).transpose().map(|key| key.is_some())
    }

    /// The correct secret verifies; another does not.
    fn check(&self, name: &str, now: i64) {
        let keys = self.keys();
        assert_eq!(self.verify(now, &keys), Ok(true), "{name}");
        let mut wrong = keys;
        wrong[0].secret.push('x');
        assert_eq!(self.verify(now, &wrong).unwrap_err().code, "SignatureDoesNotMatch", "{name}");
    }
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    headers.insert(
        HeaderName::try_from(name.to_ascii_lowercase()).unwrap(),
        HeaderValue::from_bytes(value.as_bytes()).unwrap(),
    );
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn vectors(text: &str) -> BTreeMap<String, Received> {
    let file: Value = serde_json::from_str(text).unwrap();
    let vectors = file["vectors"].as_array().unwrap().iter();
    let named = vectors.map(|v| (v["name"].as_str().unwrap().to_owned(), Received::of(v)));
    named.collect()
}

fn check_v4_strings(name: &str, vector: &Received) {
    let extra = strings(&vector.expected["additional_headers_used"]);
    let signable = vector.signable();
    let request = v4_request(&signable, &signable.resource(), &extra);
    assert_eq!(String::from_utf8_lossy(&request), vector.expected("canonical_request"), "{name}");
    let unix = vector.input["timestamp_unix"].as_i64().unwrap();
    let text = v4_string(&clock::v4_date(unix), vector.expected("scope"), &request);
    assert_eq!(text, vector.expected("string_to_sign"), "{name}");
}

#[test]
fn v4_header_vectors_verify() {
    let vectors = vectors(V4_HEADER);
    assert_eq!(vectors.len(), 32);
    for (name, vector) in &vectors {
        check_v4_strings(name, vector);
        let scope = vector.expected("scope");
        let key = super::sign::v4_key(vector.text("access_key_secret").unwrap(), scope).unwrap();
        assert_eq!(hex::encode(key), vector.expected("signing_key_hex"), "{name}");
        vector.check(name, vector.input["timestamp_unix"].as_i64().unwrap());
    }
}

#[test]
fn v4_query_vectors_verify() {
    let vectors = vectors(include_str!("../../../tests/vectors/v4-query.json"));
    assert_eq!(vectors.len(), 12);
    for (name, vector) in &vectors {
        check_v4_strings(name, vector);
        vector.check(name, vector.input["timestamp_unix"].as_i64().unwrap());
    }
}

#[test]
fn v1_header_vectors_verify() {
    let vectors = vectors(include_str!("../../../tests/vectors/v1-header.json"));
    assert_eq!(vectors.len(), 16);
    for (name, vector) in &vectors {
        let date = vector.headers["date"].to_str().unwrap();
        let extra = strings(&vector.input["sub_resources"]);
        let signable = vector.signable();
        let text = v1_string(&signable, &signable.resource(), date, &extra);
        assert_eq!(String::from_utf8_lossy(&text), vector.expected("string_to_sign"), "{name}");
        vector.check(name, vector.input["timestamp_unix"].as_i64().unwrap());
    }
}

#[test]
fn v1_query_vectors_verify() {
    let vectors = vectors(include_str!("../../../tests/vectors/v1-query.json"));
    assert_eq!(vectors.len(), 4);
    for (name, vector) in &vectors {
        let expires = vector.input["expires_unix"].as_i64().unwrap();
        let extra = strings(&vector.input["sub_resources"]);
        let signable = vector.signable();
        let date = expires.to_string();
        let text = v1_string(&signable, &signable.resource(), &date, &extra);
        assert_eq!(String::from_utf8_lossy(&text), vector.expected("string_to_sign"), "{name}");
        vector.check(name, expires);
        let keys = vector.keys();
        let late = vector.verify(expires + 1, &keys).unwrap_err();
        assert_eq!(late.code, "AccessDenied", "{name}");
    }
}
