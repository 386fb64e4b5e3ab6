//! Files and memory as whole objects.

use ossmpu::{Integrity, UploadOptions};

use crate::fixture::{Fixture, MIB, bytes, file, small_parts};

#[test]
fn a_file_arrives_in_parts_as_it_is() {
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
    let object = fixture.emulator.object(crate::fixture::BUCKET, fixture.key.as_str()).unwrap();
    assert_eq!(uploaded.crc64, Some(object.crc64));
    fixture.assert_nothing_left();
}

#[test]
fn memory_arrives_with_md5_of_every_part() {
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
