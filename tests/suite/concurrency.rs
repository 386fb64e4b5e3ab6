//! Many parts, uploads and threads at the same time.

use ossmpu::{ObjectKey, UploadOptions};

use crate::fixture::{BUCKET, Fixture, PART, bytes, small_parts};

#[test]
fn a_thousand_parts_are_completed_in_order() {
    let fixture = Fixture::new();
    let content = bytes(999 * PART + 1);
    let mut options = small_parts();
    options.set_parallelism(16).unwrap();
    let uploaded = fixture.put(&content, &options).unwrap();
    assert_eq!((uploaded.parts, uploaded.size), (1000, content.len() as u64));
    assert!(fixture.stored().unwrap() == content);
    assert_eq!(fixture.count("UploadPart"), 1000);
    let mut numbers: Vec<_> =
        fixture.emulator.requests().iter().filter_map(|request| request.part_number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=1000));
    fixture.assert_nothing_left();
}

#[test]
fn two_uploads_at_once_share_one_client() {
    let fixture = Fixture::with(|config| {
        config.set_threads(2).unwrap();
    });
    let contents = [bytes(20 * PART), bytes(30 * PART + 1)];
    std::thread::scope(|scope| {
        for (name, content) in ["first", "second"].iter().zip(&contents) {
            let fixture = &fixture;
            scope.spawn(move || {
                let key = ObjectKey::parse(name).unwrap();
                let Fixture { client, bucket, cancel, .. } = fixture;
                client.put_data(bucket, &key, content.clone(), &small_parts(), cancel).unwrap();
            });
        }
    });
    for (name, content) in ["first", "second"].iter().zip(&contents) {
        assert!(fixture.emulator.object(BUCKET, name).unwrap().bytes().unwrap() == *content);
    }
    fixture.assert_nothing_left();
}

#[test]
fn eight_threads_use_one_client() {
    let fixture = Fixture::new();
    let key = |thread: u64, index: u64| format!("{thread}/{index}");
    let size = |thread: u64, index: u64| PART * index + thread;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let fixture = &fixture;
            scope.spawn(move || {
                for index in 0..8 {
                    let key = ObjectKey::parse(&key(thread, index)).unwrap();
                    let content = bytes(size(thread, index));
                    let mut options = UploadOptions::new();
                    options.set_part_size(PART).unwrap();
                    options.set_single_below(if index % 2 == 0 { 0 } else { 1 << 30 }).unwrap();
                    let Fixture { client, bucket, cancel, .. } = fixture;
                    client.put_data(bucket, &key, content, &options, cancel).unwrap();
                }
            });
        }
    });
    for thread in 0..8 {
        for index in 0..8 {
            let object = fixture.emulator.object(BUCKET, &key(thread, index)).unwrap();
            assert!(object.bytes().unwrap() == bytes(size(thread, index)), "{thread}/{index}");
        }
    }
    fixture.assert_nothing_left();
}

#[test]
fn an_upload_that_fails_does_not_affect_another_of_the_same_client() {
    let fixture = Fixture::with(|config| {
        config.set_threads(2).unwrap();
    });
    let denied = oss_emulator::Action::status(403, "AccessDenied");
    let rule = oss_emulator::Rule::on("UploadPart", denied).key("bad").part(2);
    fixture.emulator.add_rule(rule);
    std::thread::scope(|scope| {
        for name in ["good", "bad"] {
            let fixture = &fixture;
            scope.spawn(move || {
                let key = ObjectKey::parse(name).unwrap();
                let Fixture { client, bucket, cancel, .. } = fixture;
                let content = bytes(10 * PART);
                let outcome = client.put_data(bucket, &key, content, &small_parts(), cancel);
                assert_eq!(outcome.is_ok(), name == "good");
            });
        }
    });
    assert_eq!(fixture.emulator.keys(BUCKET), ["good"]);
    fixture.assert_nothing_left();
}
