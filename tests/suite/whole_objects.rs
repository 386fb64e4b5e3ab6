//! Uploads of files and memory.

use ossmpu::{
    HeadObject, Integrity, ListMultipartUploads, MultipartUpload, ObjectKey, UploadOptions,
    UploadsEntry,
};

use crate::fixture::{BUCKET, Fixture, MIB, bytes, file, five_parts, number, small_parts};

#[test]
fn an_object_has_as_many_metadata_as_oss_stores() {
    let fixture = Fixture::new();
    // The limit of 8 KiB in short names and values, and in long ones.
    let short: Vec<_> = (0..1600).map(|n| (format!("{n:04}"), "v".to_owned())).collect();
    let long: Vec<_> = (0..8).map(|n| (format!("{n}"), "v".repeat(1000))).collect();
    for metadata in [&short[..90], &short[..125], &short[..400], &short[..], &long[..]] {
        let mut options = UploadOptions::new();
        for (name, value) in metadata {
            options.headers_mut().set_metadata(name, value).unwrap();
        }
        fixture.put(b"a", &options).unwrap();
        let head = HeadObject::new(&fixture.bucket, &fixture.key);
        let object = fixture.client.head_object(&head, &fixture.cancel).unwrap();
        let mut found = object.metadata.clone();
        found.sort();
        assert_eq!(found, metadata);
        assert_eq!(object.size, 1);
    }
}

#[test]
fn a_file_is_uploaded_in_parts() {
    let fixture = Fixture::new();
    let content = bytes(17 * MIB + 12_345);
    let file = file(&content);
    let uploaded = fixture
        .client
        .put_file(
            &fixture.bucket,
            &fixture.key,
            file.path(),
            &UploadOptions::new(),
            &fixture.cancel,
        )
        .unwrap();
    assert_eq!(uploaded.size, content.len() as u64);
    assert_eq!(usize::from(uploaded.parts), fixture.count("UploadPart"));
    assert_eq!(fixture.stored().unwrap(), content);
    let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
    assert_eq!(uploaded.crc64, Some(object.crc64));
    fixture.assert_nothing_left();
}

#[test]
fn every_part_of_memory_is_sent_with_its_md5() {
    let fixture = Fixture::new();
    let content = bytes(MIB + 1);
    let mut options = small_parts();
    options.set_integrity(Integrity::CRC64 | Integrity::MD5);
    let uploaded = fixture
        .client
        .put_data(&fixture.bucket, &fixture.key, content.clone(), &options, &fixture.cancel)
        .unwrap();
    assert_eq!(uploaded.parts, 11);
    assert_eq!(fixture.stored().unwrap(), content);
    let requests = fixture.emulator.requests();
    let parts: Vec<_> = requests.iter().filter(|request| request.op == "UploadPart").collect();
    assert!(parts.iter().all(|part| part.header("content-md5").is_some()));
}

#[test]
fn small_and_empty_objects_take_one_request() {
    let fixture = Fixture::new();
    for content in [bytes(0), bytes(1), bytes(MIB)] {
        fixture.emulator.clear_requests();
        let uploaded = fixture
            .client
            .put_data(
                &fixture.bucket,
                &fixture.key,
                content.clone(),
                &UploadOptions::new(),
                &fixture.cancel,
            )
            .unwrap();
        assert_eq!((uploaded.parts, uploaded.size), (0, content.len() as u64));
        assert_eq!(fixture.operations(), ["PutObject"]);
        assert_eq!(fixture.stored().unwrap(), content);
    }
}

#[test]
fn keys_with_special_characters_are_preserved() {
    let fixture = Fixture::new();
    let longest = "k".repeat(1023);
    let keys = [
        "a b+c",
        "%41%",
        "?q=1&r#f",
        ".",
        "..",
        "a/./b/../c",
        "a//b/",
        "\u{1}\t\u{7f}",
        "&<>\"'",
        "back\\slash",
        "~*()!$;:@,=",
        "ключ/中文/\u{1f600}",
        &longest,
    ];
    let Fixture { client, bucket, cancel, .. } = &fixture;
    for text in keys {
        let key = ObjectKey::parse(text).unwrap();
        for options in [UploadOptions::new(), small_parts()] {
            let content = five_parts();
            client.put_data(bucket, &key, content, &options, cancel).unwrap();
            assert!(fixture.emulator.object(BUCKET, text).is_some(), "{text:?}");
        }
        let upload =
            MultipartUpload::initiate(client, bucket, &key, &small_parts(), cancel).unwrap();
        upload.upload_part(number(1), bytes(1), cancel).unwrap();
        let request = ListMultipartUploads::new(bucket).with_prefix(text);
        let entries = client.uploads_iter(request, cancel).map(Result::unwrap);
        let listed: Vec<_> = entries.filter_map(UploadsEntry::into_upload).collect();
        assert_eq!(listed.len(), 1, "{text:?}");
        assert_eq!((listed[0].key.as_str(), &listed[0].upload_id), (text, upload.upload_id()));
        upload.abort().unwrap();
    }
    let mut sorted = keys.map(str::to_owned);
    sorted.sort();
    assert_eq!(fixture.emulator.keys(BUCKET), sorted);
}
