//! Files that cannot be uploaded, and files that change during the upload.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use oss_emulator::{Action, Direction, Rule, Stall};
use ossmpu::{Error, ErrorKind, ObjectExists, UploadOptions};

use crate::fixture::{Fixture, MIB, PART, bytes, file, small_parts};

/// The error numbers of Linux.
const ENOENT: i32 = 2;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
const ENAMETOOLONG: i32 = 36;

fn open_error(path: &Path) -> Error {
    let fixture = Fixture::new();
    let (client, options) = (&fixture.client, UploadOptions::new());
    let error = client
        .put_file(&fixture.bucket, &fixture.key, path, &options, &fixture.cancel)
        .unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("path")), "{error}");
    assert_eq!(fixture.operations(), [""; 0]);
    error
}

#[test]
fn a_missing_file_is_an_error_before_any_request() {
    let error = open_error(Path::new("/nonexistent/file.bin"));
    assert_eq!(error.os_errno(), Some(ENOENT));
    assert!(error.to_string().contains("/nonexistent/file.bin"), "{error}");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert_eq!(open_error(&file.join("below")).os_errno(), Some(ENOTDIR));
    assert_eq!(open_error(&folder.path().join("n".repeat(256))).os_errno(), Some(ENAMETOOLONG));
}

#[test]
fn a_directory_and_a_device_are_refused() {
    assert_eq!(open_error(Path::new("/tmp")).os_errno(), Some(EISDIR));
    open_error(Path::new("/dev/null"));
}

#[test]
fn a_fifo_is_refused_without_waiting_for_its_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (done, outcome) = mpsc::channel();
    std::thread::spawn(move || done.send(open_error(&path).kind()));
    let kind = outcome.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(kind, ErrorKind::File);
}

#[test]
fn a_file_with_more_bytes_than_its_size_is_an_error_before_any_request() {
    let error = open_error(Path::new("/proc/self/status"));
    assert!(error.to_string().contains("upload it as a stream"), "{error}");
}

#[test]
fn an_empty_file_becomes_an_empty_object() {
    let fixture = Fixture::new();
    let file = crate::fixture::file(b"");
    let uploaded = fixture
        .client
        .put_file(&fixture.bucket, &fixture.key, file.path(), &small_parts(), &fixture.cancel)
        .unwrap();
    assert_eq!((uploaded.size, uploaded.parts, uploaded.crc64), (0, 0, Some(0)));
    assert_eq!(fixture.stored().unwrap(), b"");
    assert_eq!(fixture.operations(), ["PutObject"]);
}

/// Uploads five parts sequentially, each of which takes 200 ms, and applies `change` to the file at
/// the first progress report.
fn change_while_uploading(change: impl Fn(&Path) + Send + Sync + 'static) {
    let fixture = Fixture::new();
    fixture.always("UploadPart", Action { delay_ms: 200, ..Action::default() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes(5 * PART)).unwrap();
    let mut options = small_parts();
    options.set_parallelism(1).unwrap();
    let changed: PathBuf = path.clone();
    let once = std::sync::Once::new();
    options.set_progress(move |_| {
        once.call_once(|| change(&changed));
        ControlFlow::Continue(())
    });
    let client = &fixture.client;
    let error = client
        .put_file(&fixture.bucket, &fixture.key, &path, &options, &fixture.cancel)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    assert_eq!(error.object_exists(), ObjectExists::No);
    assert!(!error.parts_left() && error.upload_id().is_some(), "{error}");
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    fixture.assert_bucket_empty();
}

#[test]
fn a_file_that_shrinks_is_not_completed_and_leaves_nothing_behind() {
    change_while_uploading(|path| {
        OpenOptions::new().write(true).open(path).unwrap().set_len(PART + 1).unwrap();
    });
}

#[test]
fn a_file_that_is_appended_to_is_not_completed_and_leaves_nothing_behind() {
    change_while_uploading(|path| {
        OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    });
}

#[test]
fn a_file_that_is_overwritten_is_not_completed_and_leaves_nothing_behind() {
    change_while_uploading(|path| {
        OpenOptions::new().write(true).open(path).unwrap().write_all(b"other").unwrap();
    });
}

#[test]
fn a_file_that_is_replaced_is_not_completed_and_leaves_nothing_behind() {
    change_while_uploading(|path| {
        let other = path.with_extension("new");
        fs::write(&other, bytes(5 * PART)).unwrap();
        fs::rename(&other, path).unwrap();
    });
}

#[test]
fn a_file_that_is_removed_is_not_completed_and_leaves_nothing_behind() {
    change_while_uploading(|path| fs::remove_file(path).unwrap());
}

/// Overwrites the file while OSS responds to that part of five, and returns how many were sent.
fn change_while_part_is_answered(part: u32) -> usize {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    emulator.add_rule(Rule::on("UploadPart", Action::delay_response(3000)).part(part));
    let file = file(&bytes(5 * PART));
    let mut options = small_parts();
    options.set_parallelism(1).unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| client.put_file(bucket, key, file.path(), &options, cancel));
        fixture.wait_for("UploadPart", part as usize);
        OpenOptions::new().write(true).open(file.path()).unwrap().write_all(b"other").unwrap();
        let error = call.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    });
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    fixture.assert_bucket_empty();
    fixture.count("UploadPart")
}

#[test]
fn a_file_that_changes_after_its_last_part_is_not_completed() {
    assert_eq!(change_while_part_is_answered(5), 5);
}

#[test]
fn no_more_parts_of_a_file_that_has_changed_are_sent() {
    assert_eq!(change_while_part_is_answered(2), 2);
}

#[test]
fn a_file_that_shrinks_during_put_object_creates_no_object() {
    let fixture = Fixture::new();
    // The server stalls long before the end, until progress has been reported.
    let stall = Stall { at: Direction::Request, byte: MIB, ms: Some(1_000) };
    fixture.once("PutObject", Action { stall: Some(stall), ..Action::default() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes(64 * MIB)).unwrap();
    let mut options = UploadOptions::new();
    options.set_single_below(65 * MIB).unwrap();
    let shrinking = path.clone();
    options.set_progress(move |_| {
        OpenOptions::new().write(true).open(&shrinking).unwrap().set_len(40 * MIB).unwrap();
        ControlFlow::Continue(())
    });
    let client = &fixture.client;
    let error = client
        .put_file(&fixture.bucket, &fixture.key, &path, &options, &fixture.cancel)
        .unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Changed, Some("PutObject")));
    assert_eq!(error.object_exists(), ObjectExists::No);
    fixture.assert_bucket_empty();
}

/// Memory that changes during the upload.
struct ChangingMemory {
    contents: [Vec<u8>; 2],
    changed: Arc<AtomicBool>,
}

impl AsRef<[u8]> for ChangingMemory {
    fn as_ref(&self) -> &[u8] {
        &self.contents[usize::from(self.changed.load(Ordering::SeqCst))]
    }
}

#[test]
fn memory_that_changes_between_attempts_is_not_completed() {
    // The first attempt sends all bytes and fails late; the second reads them again.
    for action in [
        Action { bad_crc: true, ..Action::default() },
        Action::status(500, "InternalError").after_commit(),
        Action::status(503, "ServiceUnavailable").after_commit(),
    ] {
        let fixture = Fixture::new();
        fixture.once("UploadPart", Action { delay_response_ms: 2_000, ..action });
        let changed = Arc::new(AtomicBool::new(false));
        let contents = [vec![1; 1000], vec![2; 1000]];
        let data = ChangingMemory { contents, changed: Arc::clone(&changed) };
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        std::thread::scope(|scope| {
            let upload = scope.spawn(|| client.put_data(bucket, key, data, &small_parts(), cancel));
            fixture.wait_until(|requests| {
                requests.iter().any(|request| request.op == "UploadPart" && request.status != 0)
            });
            changed.store(true, Ordering::SeqCst);
            let error = upload.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
            assert_eq!(error.part_number(), Some(1));
        });
        assert_eq!(fixture.count("UploadPart"), 2);
        fixture.assert_bucket_empty();
    }
}
