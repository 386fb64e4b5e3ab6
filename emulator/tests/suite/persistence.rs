//! Persistence across restarts.

use crate::client::*;

#[test]
fn uploads_parts_and_objects_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = builder().dir(folder.path()).start().unwrap();
    let id = initiate(&emulator, "big");
    let etag = upload_part(&emulator, "big", &id, 1, b"content");
    Request::new("PUT", "small").body("hello").header("x-oss-meta-a", "b").send(&emulator);
    emulator.stop();

    let emulator = builder().dir(folder.path()).start().unwrap();
    assert_eq!(emulator.object(BUCKET, "small").unwrap().bytes().unwrap(), b"hello");
    assert_eq!(emulator.object(BUCKET, "small").unwrap().metadata["a"], "b");
    assert_eq!(emulator.uploads(BUCKET)[0].upload_id, id);
    assert_eq!(complete("big", &id, &[(1, &etag)]).send(&emulator).status, 200);
    assert_eq!(emulator.object(BUCKET, "big").unwrap().bytes().unwrap(), b"content");
    drop(emulator);

    let emulator = builder().dir(folder.path()).start().unwrap();
    assert_eq!(emulator.keys(BUCKET), ["big", "small"]);
    assert!(emulator.uploads(BUCKET).is_empty());
    let blobs = std::fs::read_dir(folder.path().join("blobs")).unwrap().count();
    assert_eq!(blobs, 2);
}

#[test]
fn replaced_and_aborted_data_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = builder().dir(folder.path()).start().unwrap();
    for body in ["one", "two"] {
        Request::new("PUT", "k").body(body).send(&emulator);
    }
    let id = initiate(&emulator, "k");
    for body in [b"three", b"fours"] {
        upload_part(&emulator, "k", &id, 1, body);
    }
    abort("k", &id).send(&emulator);
    let blobs = std::fs::read_dir(folder.path().join("blobs")).unwrap().count();
    assert_eq!(blobs, 1);
}
