//! Checksums of parts and objects, from the test vectors.

use serde_json::Value;

use crate::client::*;

fn load(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn content(vector: &Value) -> Vec<u8> {
    let length = usize::try_from(vector["length"].as_u64().unwrap()).unwrap();
    if let Some(text) = vector["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let mut x: u64 = 1;
    let mut lcg = || {
        x = (x * 1_103_515_245 + 12_345) % (1 << 31);
        u8::try_from((x >> 16) % 256).unwrap()
    };
    match vector["pattern"].as_str().unwrap() {
        "zero" => vec![0; length],
        "ff" => vec![255; length],
        "index251" => (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect(),
        "lcg" => (0..length).map(|_| lcg()).collect(),
        other => panic!("pattern {other}"),
    }
}

#[test]
fn part_checksums_match_the_vectors() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    let send = |vector: &Value| part("k", &id, 1).body(content(vector)).send(&emulator);
    let md5 = load(include_str!("../../../tests/vectors/md5.json"));
    for vector in md5["single"].as_array().unwrap() {
        let response = send(vector);
        assert_eq!(response.header("etag"), vector["etag_header"].as_str(), "{}", vector["name"]);
        let digest = response.header("content-md5");
        assert_eq!(digest, vector["content_md5_base64"].as_str(), "{}", vector["name"]);
    }
    let crc = load(include_str!("../../../tests/vectors/crc64.json"));
    for vector in crc["single"].as_array().unwrap() {
        let response = send(vector);
        let found = response.header("x-oss-hash-crc64ecma");
        assert_eq!(found, vector["crc64_decimal"].as_str(), "{}", vector["name"]);
    }
}

#[test]
fn object_etags_match_the_vectors() {
    let emulator = start();
    let md5 = load(include_str!("../../../tests/vectors/md5.json"));
    for vector in md5["multipart_object_etag"]["vectors"].as_array().unwrap() {
        let id = initiate(&emulator, "k");
        let parts = vector["parts"].as_array().unwrap();
        let etags: Vec<String> = parts
            .iter()
            .zip(1..)
            .map(|(part, number)| upload_part(&emulator, "k", &id, number, &content(part)))
            .collect();
        let list: Vec<(u32, &str)> = (1..).zip(etags.iter().map(String::as_str)).collect();
        let done = complete("k", &id, &list).send(&emulator);
        assert_eq!(done.element("ETag").as_deref(), vector["object_etag_header"].as_str());
    }
}
