//! Listing of parts, uploads, objects and versions.

use crate::client::*;

#[test]
fn parts_are_paginated() {
    let emulator = start();
    let id = initiate(&emulator, "k");
    for number in [10, 3, 7] {
        upload_part(&emulator, "k", &id, number, b"x");
    }
    upload_part(&emulator, "k", &id, 7, b"newer");
    let page = |query: &str| list_parts("k", &id).query(query).send(&emulator);
    let first = page("max-parts=2");
    assert_eq!(first.elements("PartNumber"), ["3", "7"]);
    assert_eq!(first.elements("Size"), ["1", "5"]);
    assert_eq!(first.element("IsTruncated").as_deref(), Some("true"));
    assert_eq!(first.element("MaxParts").as_deref(), Some("2"));
    assert_eq!(first.element("PartNumberMarker").as_deref(), Some("0"));
    assert_eq!(first.element("NextPartNumberMarker").as_deref(), Some("7"));
    let second = page("max-parts=2&part-number-marker=7");
    assert_eq!(second.elements("PartNumber"), ["10"]);
    assert_eq!(second.element("IsTruncated").as_deref(), Some("false"));
    assert_eq!(second.element("NextPartNumberMarker").as_deref(), Some("10"));
    let empty = page("part-number-marker=20000");
    assert_eq!(empty.element("NextPartNumberMarker").as_deref(), Some(""));
    for bad in ["max-parts=0", "max-parts=1001", "max-parts=x", "part-number-marker=-1"] {
        let response = page(bad);
        assert_eq!(response.code(), (400, "InvalidArgument".into()), "{bad}");
        assert_eq!(response.element("ArgumentValue").as_deref(), bad.split('=').nth(1));
    }
    assert_eq!(page("part-number-marker&max-parts").status, 200);
    emulator.change_options(|options| options.clamp_limits = true);
    assert_eq!(page("max-parts=5000").element("MaxParts").as_deref(), Some("1000"));
}

#[test]
fn uploads_are_listed_by_key_and_id() {
    let emulator = start();
    for key in ["b/1", "a", "b/2", "c d", "b/1", "ж"] {
        initiate(&emulator, key);
    }
    let list = |query: &str| Request::new("GET", "").query("uploads").query(query).send(&emulator);
    let all = list("prefix");
    assert_eq!(all.elements("Key"), ["a", "b/1", "b/1", "b/2", "c d", "ж"]);
    assert_eq!(all.element("MaxUploads").as_deref(), Some("1000"));
    assert_eq!(all.element("NextKeyMarker").as_deref(), Some("ж"));
    let ids = all.elements("UploadId");
    assert!(ids[1] < ids[2]);
    assert_eq!(list("key-marker=b/1").elements("Key"), ["b/2", "c d", "ж"]);
    assert_eq!(
        list(&format!("key-marker=b/1&upload-id-marker={}", ids[1])).elements("UploadId"),
        ids[2..]
    );
    // The ID marker is ignored without a key marker, and so are empty markers.
    assert_eq!(list("upload-id-marker=zzz").elements("Key").len(), 6);
    assert_eq!(list("key-marker&upload-id-marker").elements("Key").len(), 6);
    let page = list("max-uploads=2");
    assert_eq!(page.element("IsTruncated").as_deref(), Some("true"));
    assert_eq!(page.element("NextUploadIdMarker").as_deref(), Some(ids[1].as_str()));
    let grouped = list("delimiter=/&max-uploads=2");
    assert_eq!(grouped.elements("Key"), ["a"]);
    assert!(grouped.text().contains("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"));
    assert_eq!(grouped.element("NextKeyMarker").as_deref(), Some("b/2"));
    let next = format!("delimiter=/&key-marker=b/2&upload-id-marker={}", ids[3]);
    assert_eq!(list(&next).elements("Key"), ["c d", "ж"]);
    let empty = list("prefix=none");
    assert_eq!(empty.element("NextKeyMarker").as_deref(), Some(""));
    assert_eq!(empty.element("NextUploadIdMarker").as_deref(), Some(""));
    for bad in ["max-uploads=0", "max-uploads=1001", "encoding-type=base64"] {
        assert_eq!(list(bad).code(), (400, "InvalidArgument".into()), "{bad}");
    }
}

#[test]
fn names_can_be_encoded() {
    let emulator = start();
    initiate(&emulator, "d/a b\u{1}");
    let list = |query: &str| Request::new("GET", "").query("uploads").query(query).send(&emulator);
    let encoded = list("encoding-type=url&prefix=d/&delimiter=/&key-marker=a");
    assert_eq!(encoded.element("EncodingType").as_deref(), Some("url"));
    assert_eq!(encoded.element("Key").as_deref(), Some("d%2Fa%20b%01"));
    assert_eq!(encoded.element("Prefix").as_deref(), Some("d%2F"));
    assert_eq!(encoded.element("Delimiter").as_deref(), Some("%2F"));
    assert_eq!(list("prefix").element("EncodingType"), None);
    emulator.change_options(|options| {
        options.plus_for_space = true;
        options.xml_namespace = true;
    });
    let other = list("encoding-type=url");
    assert_eq!(other.element("Key").as_deref(), Some("d%2Fa+b%01"));
    assert!(other.text().contains("xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\""));
}

#[test]
fn markers_with_control_characters_find_the_next_page() {
    let emulator = start();
    for key in ["a\u{1}", "a\u{2}b", "a\u{7f}", "a\u{ffff}", "b"] {
        initiate(&emulator, key);
        Request::new("PUT", key).send(&emulator);
    }
    let pages = |query: &str, marker: &str, next: &str, limit: &str| {
        let mut found = Vec::new();
        let mut position = String::new();
        for _ in 0..5 {
            let request = Request::new("GET", "").query(query).pair(limit, "1");
            let page = request.pair(marker, &position).send(&emulator);
            found.extend(page.elements("Key"));
            position = page.element(next).unwrap_or_default();
        }
        found
    };
    let keys = emulator.keys(BUCKET);
    assert_eq!(pages("uploads", "key-marker", "NextKeyMarker", "max-uploads"), keys);
    assert_eq!(pages("prefix", "marker", "NextMarker", "max-keys"), keys);
    assert_eq!(pages("versions", "key-marker", "NextKeyMarker", "max-keys"), keys);
}

fn filled() -> oss_emulator::Emulator {
    let emulator = start();
    for key in ["a", "b/1", "b/2", "c"] {
        Request::new("PUT", key).body(key).send(&emulator);
    }
    emulator
}

#[test]
fn objects_are_listed_in_pages() {
    let emulator = filled();
    let list =
        |query: &str| Request::new("GET", "").query("list-type=2").query(query).send(&emulator);
    let all = list("fetch-owner=true");
    assert_eq!(all.elements("Key"), ["a", "b/1", "b/2", "c"]);
    assert_eq!(all.elements("Size"), ["1", "3", "3", "1"]);
    assert_eq!(all.element("MaxKeys").as_deref(), Some("100"));
    assert_eq!(all.element("KeyCount").as_deref(), Some("4"));
    assert_eq!(all.elements("Owner").len(), 4);
    assert_eq!(all.element("NextContinuationToken"), None);
    let page = list("max-keys=2&delimiter=/");
    assert_eq!(page.element("KeyCount").as_deref(), Some("2"));
    assert_eq!(page.elements("Key"), ["a"]);
    let token = page.element("NextContinuationToken").unwrap();
    assert!(!token.contains('='));
    let request = Request::new("GET", "").query("list-type=2&start-after=a");
    let next = request.pair("continuation-token", &token).send(&emulator);
    assert_eq!(next.elements("Key"), ["c"]);
    assert_eq!(list("start-after=b/1").elements("Key"), ["b/2", "c"]);
    for bad in ["max-keys=0", "max-keys=1001", "max-keys=-1", "continuation-token=%"] {
        assert_eq!(list(bad).code(), (400, "InvalidArgument".into()), "{bad}");
    }
}

#[test]
fn list_objects_is_paginated_by_key() {
    let emulator = filled();
    let list = |query: &str| Request::new("GET", "").query(query).send(&emulator);
    let page = list("max-keys=2");
    assert_eq!(page.elements("Key"), ["a", "b/1"]);
    assert_eq!(page.element("NextMarker").as_deref(), Some("b/1"));
    assert_eq!(list("marker=b/1&prefix=b/").elements("Key"), ["b/2"]);
}

#[test]
fn versions_are_listed_newest_first() {
    let emulator = start();
    emulator.set_versioning(BUCKET, true).unwrap();
    let put = |body: &str| {
        let response = Request::new("PUT", "k").body(body).send(&emulator);
        response.header("x-oss-version-id").unwrap().to_owned()
    };
    let (one, two) = (put("1"), put("2"));
    let marker = Request::new("DELETE", "k").send(&emulator);
    let marker = marker.header("x-oss-version-id").unwrap().to_owned();
    let list = |query: &str| Request::new("GET", "").query("versions").query(query).send(&emulator);
    let all = list("prefix");
    assert_eq!(all.elements("VersionId"), [marker.clone(), two.clone(), one.clone()]);
    assert_eq!(all.elements("IsLatest"), ["true", "false", "false"]);
    assert_eq!(all.elements("DeleteMarker").len(), 1);
    let page = list("max-keys=2");
    assert_eq!(page.element("NextVersionIdMarker").as_deref(), Some(two.as_str()));
    let rest = list(&format!("key-marker=k&version-id-marker={two}"));
    assert_eq!(rest.elements("VersionId"), [one]);
}
