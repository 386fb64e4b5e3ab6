//! Files that cannot be uploaded, and files that change during the upload.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use md5::{Digest, Md5};
use oss_emulator::{Action, Commit, Direction, Rule, Stall};
use ossmpu::{
    ByteRange, CallPhase, Error, ErrorKind, FdRange, FileRange, ObjectExists, Result,
    UploadOptions, UploadResult,
};

use crate::descriptor::AsDescriptor;
use crate::fixture::{Fixture, MIB, NEVER_MS, PART, bytes, file, number, small_parts};

/// The error numbers of Linux, or of Windows.
const NO_DIRECTORY: i32 = if cfg!(windows) { 3 } else { 2 };
const NOT_A_DIRECTORY: i32 = if cfg!(windows) { 3 } else { 20 };
#[cfg(unix)]
const NAME_TOO_LONG: i32 = 36;

pub fn open_error(path: &Path) -> Error {
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
    assert_eq!(error.os_errno(), Some(NO_DIRECTORY));
    assert!(error.to_string().contains("/nonexistent/file.bin"), "{error}");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert_eq!(open_error(&file.join("below")).os_errno(), Some(NOT_A_DIRECTORY));
    #[cfg(unix)]
    assert_eq!(open_error(&folder.path().join("n".repeat(256))).os_errno(), Some(NAME_TOO_LONG));
}

#[test]
fn an_empty_file_becomes_an_empty_object() {
    let fixture = Fixture::new();
    let file = file(b"");
    let uploaded = fixture
        .client
        .put_file(&fixture.bucket, &fixture.key, file.path(), &small_parts(), &fixture.cancel)
        .unwrap();
    assert_eq!((uploaded.size, uploaded.parts, uploaded.crc64), (0, 0, Some(0)));
    assert_eq!(fixture.stored().unwrap(), b"");
    assert_eq!(fixture.operations(), ["PutObject"]);
}

/// Calls `change` as soon as the first part of an upload is done; the others wait for it.
pub fn change_after_first_part(
    fixture: &Fixture,
    options: &mut UploadOptions,
    change: impl Fn() + Send + Sync + 'static,
) {
    let delayed = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPart", delayed).nth(2).always());
    options.set_parallelism(1).unwrap();
    let emulator = Arc::clone(&fixture.emulator);
    let once = Once::new();
    options.set_progress(move |progress| {
        if progress.parts_done > 0 {
            once.call_once(|| {
                change();
                emulator.clear_rules();
                emulator.end_delays();
            });
        }
        ControlFlow::Continue(())
    });
}

/// Uploads five parts one after the other, and applies `change` to the file after the first.
fn upload_and_change(
    fixture: &Fixture,
    range: ByteRange,
    change: impl Fn(&Path) + Send + Sync + 'static,
) -> Result<UploadResult> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes(5 * PART)).unwrap();
    let mut options = small_parts();
    let changed: PathBuf = path.clone();
    change_after_first_part(fixture, &mut options, move || change(&changed));
    let range = FileRange::new(&path, range);
    fixture.client.put_range(&fixture.bucket, &fixture.key, &range, &options, &fixture.cancel)
}

fn is_not_completed(range: impl Into<ByteRange>, change: impl Fn(&Path) + Send + Sync + 'static) {
    let fixture = Fixture::new();
    let error = upload_and_change(&fixture, range.into(), change).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    assert_eq!(error.object_exists(), ObjectExists::No);
    assert!(!error.parts_left() && error.upload_id().is_some(), "{error}");
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    fixture.assert_bucket_empty();
}

fn is_uploaded(range: impl Into<ByteRange>, change: impl Fn(&Path) + Send + Sync + 'static) {
    let (fixture, range) = (Fixture::new(), range.into());
    upload_and_change(&fixture, range, change).unwrap();
    let offset = usize::try_from(range.offset()).unwrap();
    let content = &bytes(5 * PART)[offset..];
    let end = range.length().map_or(content.len(), |length| usize::try_from(length).unwrap());
    assert_eq!(fixture.stored().unwrap(), content[..end]);
}

fn truncate(path: &Path) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(PART + 1).unwrap();
}

fn append(path: &Path) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
}

fn overwrite_start(path: &Path) {
    OpenOptions::new().write(true).open(path).unwrap().write_all(b"other").unwrap();
}

#[test]
fn a_file_that_shrinks_is_not_completed_and_leaves_nothing_behind() {
    is_not_completed(.., truncate);
    is_not_completed(ByteRange::new(0, Some(4 * PART)), truncate);
}

#[test]
fn a_file_that_is_appended_to_is_not_completed_and_leaves_nothing_behind() {
    is_not_completed(.., append);
    is_not_completed(PART.., append);
}

#[test]
fn a_file_that_is_overwritten_is_not_completed_and_leaves_nothing_behind() {
    is_not_completed(.., overwrite_start);
    is_not_completed(ByteRange::new(1, Some(4 * PART)), overwrite_start);
}

#[test]
fn a_file_whose_time_is_restored_after_a_write_is_not_completed() {
    is_not_completed(.., |path| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        overwrite_start(path);
        OpenOptions::new().write(true).open(path).unwrap().set_modified(modified).unwrap();
    });
}

#[test]
fn an_old_file_whose_time_is_restored_after_a_write_is_not_completed() {
    let fixture = Fixture::new();
    let source = file(&bytes(5 * PART));
    let modified = SystemTime::now() - Duration::from_secs(3600);
    source.as_file().set_modified(modified).unwrap();
    let changed = source.reopen().unwrap();
    let mut options = small_parts();
    change_after_first_part(&fixture, &mut options, move || {
        (&changed).write_all(b"other").unwrap();
        changed.set_modified(modified).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let error = client.put_file(bucket, key, source.path(), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Changed, ObjectExists::No));
    fixture.assert_bucket_empty();
}

#[test]
fn a_range_is_uploaded_while_bytes_are_appended_behind_it_or_change_before_it() {
    is_uploaded(ByteRange::new(0, Some(4 * PART)), append);
    is_uploaded(ByteRange::new(0, Some(5 * PART)), append);
    is_uploaded(ByteRange::new(PART, Some(4 * PART)), |path| {
        overwrite_start(path);
        append(path);
    });
}

#[test]
fn a_range_of_a_descriptor_is_uploaded_while_bytes_are_appended_behind_it() {
    let fixture = Fixture::new();
    let file = file(&bytes(5 * PART));
    let appended = file.path().to_owned();
    let mut options = small_parts();
    change_after_first_part(&fixture, &mut options, move || append(&appended));
    let range = FdRange::new(file.as_file().as_descriptor(), ByteRange::new(0, Some(5 * PART)));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    client.put_fd(bucket, key, range, &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), bytes(5 * PART));
    assert_eq!(file.as_file().metadata().unwrap().len(), 5 * PART + 4);
}

#[test]
fn a_file_that_is_renamed_linked_or_given_other_permissions_is_uploaded() {
    is_uploaded(.., |path| fs::rename(path, path.with_extension("new")).unwrap());
    is_uploaded(.., |path| fs::hard_link(path, path.with_extension("new")).unwrap());
    is_uploaded(.., |path| {
        let mut permissions = fs::metadata(path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(path, permissions).unwrap();
    });
    is_uploaded(.., |path| fs::remove_file(path).unwrap());
}

// Windows before version 10 gives no other file the name of one that is open.
#[cfg(unix)]
#[test]
fn a_file_whose_name_is_given_to_another_is_uploaded() {
    is_uploaded(.., |path| {
        let other = path.with_extension("new");
        fs::write(&other, bytes(4 * PART)).unwrap();
        fs::rename(&other, path).unwrap();
    });
}

#[test]
fn a_part_of_a_range_is_sent_while_bytes_are_appended_behind_it() {
    let fixture = Fixture::new();
    let file = file(&bytes(2 * PART));
    let upload = fixture.initiate();
    fixture.once("UploadPart", Action { delay_ms: NEVER_MS, ..Action::default() });
    let part = FileRange::new(file.path(), ByteRange::new(0, Some(PART)));
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| upload.upload_part_file(number(1), &part, &fixture.cancel));
        fixture.wait_for("UploadPart", 1);
        append(file.path());
        fixture.emulator.end_delays();
        sent.join().unwrap().unwrap();
    });
}

/// Overwrites the file while OSS responds to that part of five, and returns how many were sent.
fn change_while_part_is_answered(part: u32) -> usize {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    emulator.add_rule(Rule::on("UploadPart", Action::delay_response(NEVER_MS)).part(part));
    let file = file(&bytes(5 * PART));
    let mut options = small_parts();
    options.set_parallelism(1).unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| client.put_file(bucket, key, file.path(), &options, cancel));
        fixture.wait_for("UploadPart", part as usize);
        overwrite_start(file.path());
        emulator.end_delays();
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
    let stall = Stall { at: Direction::Request, byte: MIB, ms: Some(3_000) };
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
        fixture.once("UploadPart", Action { delay_response_ms: NEVER_MS, ..action });
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
            fixture.emulator.end_delays();
            let error = upload.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
            assert_eq!(error.part_number(), Some(1));
        });
        assert_eq!(fixture.count("UploadPart"), 2);
        fixture.assert_bucket_empty();
    }
}

#[test]
fn a_settled_range_has_the_expected_md5_when_it_is_sent_too() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let source = file(&bytes(2 * PART));
    let mut options = small_parts();
    options.set_expected_md5(Md5::digest(bytes(2 * PART)).into());
    let (changed, emulator) = (source.path().to_owned(), Arc::clone(&fixture.emulator));
    // After the source was read, and before the first of its bytes is sent.
    options.set_progress(move |progress| {
        if progress.phase == CallPhase::Initiate {
            fs::write(&changed, vec![7; 2 * PART as usize]).unwrap();
            emulator.clear_rules();
            emulator.end_delays();
        }
        ControlFlow::Continue(())
    });
    fixture.once("InitiateMultipartUpload", Action { delay_ms: NEVER_MS, ..Action::default() });
    let range = FileRange::new(source.path(), ByteRange::new(0, Some(2 * PART)));
    let error = client.put_range(bucket, key, &range, &options, cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_file_that_changes_while_a_lost_put_object_is_determined_is_an_error() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    fixture.once("PutObject", Action::lose_response(Commit::After));
    fixture.always("HeadObject", Action { delay_ms: NEVER_MS, ..Action::default() });
    let source = file(&bytes(PART));
    let mut options = UploadOptions::new();
    let (changed, emulator) = (source.path().to_owned(), Arc::clone(&fixture.emulator));
    options.set_progress(move |progress| {
        if progress.phase == CallPhase::Complete {
            fs::write(&changed, vec![7; PART as usize]).unwrap();
            emulator.clear_rules();
            emulator.end_delays();
        }
        ControlFlow::Continue(())
    });
    let error = client.put_file(bucket, key, source.path(), &options, cancel).unwrap_err();
    let found = (error.kind(), error.object_exists());
    assert_eq!(found, (ErrorKind::Changed, ObjectExists::Yes), "{error}");
}
