//! Delta uploads: what the base has is not sent, and whatever the base is, the object is right.

use std::env;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use md5::{Digest, Md5};
use oss_emulator::{Action, Commit, Direction, Rule, Stall};
use ossmpu::{
    BucketName, ByteRange, Client, CopySource, ErrorKind, FdRange, FileRange, Integrity, LogLevel,
    MultipartUpload, ObjectExists, ObjectKey, UploadId, UploadOptions, UploadPartCopy,
    UploadResult,
};

use crate::descriptor::AsDescriptor;
use crate::fixture::{
    BUCKET, Fixture, Lines, MIB, NEVER_MS, PART, bytes, config_for, file, five_parts, number,
    small_parts,
};

/// Against the object that has the key, with parts of 100 KiB.
fn delta() -> UploadOptions {
    let mut options = small_parts();
    options.set_delta(true);
    options
}

/// A fixture with an object under its key, and no request counted.
pub fn with_base(content: &[u8]) -> Fixture {
    let fixture = Fixture::new();
    fixture.put(content, &small_parts()).unwrap();
    fixture.emulator.clear_requests();
    fixture
}

/// Five parts of which the byte at that offset is another one.
pub fn changed_at(offset: u64) -> Vec<u8> {
    let mut content = five_parts();
    content[usize::try_from(offset).unwrap()] ^= 1;
    content
}

/// The bytes of parts that the emulator has received.
fn received(fixture: &Fixture) -> u64 {
    let requests = fixture.emulator.requests();
    requests.iter().filter(|request| request.op.starts_with("UploadPart")).map(|r| r.bytes).sum()
}

/// The part numbers of the requests of an operation, in ascending order.
fn parts_of(fixture: &Fixture, operation: &str) -> Vec<u32> {
    let requests = fixture.emulator.requests();
    let requests = requests.iter().filter(|request| request.op == operation);
    let mut numbers: Vec<u32> = requests.filter_map(|request| request.part_number).collect();
    numbers.sort_unstable();
    numbers
}

/// Uploads, and checks that the object is right and that the result says what the emulator has seen.
fn put_checked(fixture: &Fixture, content: &[u8], options: &UploadOptions) -> UploadResult {
    let uploaded = fixture.put(content, options).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.assert_nothing_left();
    let sent: u64 = fixture.emulator.requests().iter().map(|request| request.bytes).sum();
    let documents = fixture.emulator.requests().into_iter();
    let documents: u64 = documents
        .filter(|request| request.op == "CompleteMultipartUpload")
        .map(|request| request.bytes)
        .sum();
    assert_eq!(uploaded.bytes_sent, sent - documents);
    assert!(uploaded.verified);
    uploaded
}

#[test]
fn of_an_unchanged_object_no_byte_is_sent() {
    for copy_crc in [false, true] {
        let fixture = with_base(&five_parts());
        fixture.emulator.change_options(|options| options.copy_crc = copy_crc);
        let uploaded = put_checked(&fixture, &five_parts(), &delta());
        assert_eq!((received(&fixture), fixture.count("UploadPart")), (0, 0));
        assert_eq!((uploaded.bytes_sent, uploaded.bytes_reused), (0, 4 * PART + 1));
        assert_eq!((uploaded.parts, uploaded.parts_reused, uploaded.copies_in_vain), (5, 5, 0));
        assert!(uploaded.delta_stopped.is_none());
        // ListParts shows the CRC-64s that the responses do not have.
        assert_eq!(fixture.count("ListParts"), usize::from(!copy_crc));
    }
}

#[test]
fn only_the_part_that_has_changed_is_sent() {
    let fixture = with_base(&five_parts());
    let uploaded = put_checked(&fixture, &changed_at(2 * PART + 7), &delta());
    assert_eq!(parts_of(&fixture, "UploadPart"), [3]);
    assert_eq!(received(&fixture), PART);
    assert_eq!((uploaded.bytes_sent, uploaded.bytes_reused), (PART, 3 * PART + 1));
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (4, 1));
    for request in fixture.emulator.requests().iter().filter(|r| r.op == "UploadPartCopy") {
        assert!(request.header("x-oss-copy-source-if-match").is_some());
    }
}

#[test]
fn what_was_appended_is_sent_with_the_last_part_of_before() {
    let fixture = with_base(&five_parts());
    let longer = bytes(6 * PART + 5);
    assert!(longer.starts_with(&five_parts()));
    let uploaded = put_checked(&fixture, &longer, &delta());
    assert_eq!(parts_of(&fixture, "UploadPartCopy"), [1, 2, 3, 4]);
    assert_eq!(parts_of(&fixture, "UploadPart"), [5, 6, 7]);
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (4, 0));
}

#[test]
fn of_a_file_that_was_shortened_nothing_is_sent() {
    let fixture = with_base(&five_parts());
    let shorter = bytes(2 * PART + 9);
    let uploaded = put_checked(&fixture, &shorter, &delta());
    assert_eq!((received(&fixture), uploaded.parts_reused), (0, 3));
    assert_eq!(uploaded.size, 2 * PART + 9);
}

#[test]
fn after_an_insertion_all_that_follows_is_sent() {
    let fixture = with_base(&five_parts());
    let content =
        [&five_parts()[..(PART + 5) as usize], b"x", &five_parts()[(PART + 5) as usize..]];
    let uploaded = put_checked(&fixture, &content.concat(), &delta());
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (1, 3));
}

#[test]
fn without_a_base_all_parts_are_sent_and_the_result_says_why() {
    let fixture = Fixture::new();
    let uploaded = put_checked(&fixture, &five_parts(), &delta());
    assert_eq!((fixture.count("UploadPartCopy"), fixture.count("UploadPart")), (0, 5));
    assert_eq!((uploaded.bytes_sent, uploaded.bytes_reused), (4 * PART + 1, 0));
    assert_eq!(uploaded.delta_stopped.unwrap().http_status(), Some(404));
}

#[test]
fn the_base_may_be_another_object_or_a_version_of_one() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, cancel, emulator, .. } = &fixture;
    emulator.set_versioning(BUCKET, true).unwrap();
    let other = ObjectKey::parse("backup of/yesterday?").unwrap();
    let old = client.put_data(bucket, &other, five_parts(), &small_parts(), cancel).unwrap();
    let new = changed_at(0);
    client.put_data(bucket, &other, new, &small_parts(), cancel).unwrap();
    let current = CopySource::new(bucket, &other);
    let version = current.clone().with_version(&old.version_id.unwrap());
    for (base, sent) in [(current, PART), (version, 0)] {
        emulator.clear_requests();
        let mut options = small_parts();
        options.set_delta_base(Some(base));
        let uploaded = put_checked(&fixture, &five_parts(), &options);
        assert_eq!((received(&fixture), uploaded.bytes_sent), (sent, sent));
    }
}

#[test]
fn a_base_that_is_replaced_meanwhile_ends_the_copies_and_not_the_upload() {
    let fixture = with_base(&five_parts());
    let late = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPartCopy", late).part(3));
    let mut options = delta();
    options.set_parallelism(1).unwrap();
    let uploaded = std::thread::scope(|scope| {
        let uploading = scope.spawn(|| fixture.put(&five_parts(), &options).unwrap());
        fixture.wait_for("UploadPartCopy", 3);
        fixture.put(&changed_at(3), &small_parts()).unwrap();
        fixture.emulator.end_delays();
        uploading.join().unwrap()
    });
    assert_eq!(fixture.stored().unwrap(), five_parts());
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (2, 1));
    let reason = uploaded.delta_stopped.unwrap();
    assert_eq!((reason.kind(), reason.http_status()), (ErrorKind::Changed, Some(412)));
    assert_eq!(fixture.count("UploadPartCopy"), 3);
}

#[test]
fn a_base_that_cannot_be_copied_is_tried_once() {
    for (operation, status, code) in [
        ("HeadObject", 403, "AccessDenied"),
        ("UploadPartCopy", 403, "AccessDenied"),
        ("UploadPartCopy", 403, "InvalidObjectState"),
        ("UploadPartCopy", 404, "NoSuchKey"),
        ("UploadPartCopy", 400, "OperationNotSupported"),
    ] {
        let lines = Lines::default();
        let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Info));
        fixture.put(&five_parts(), &small_parts()).unwrap();
        fixture.emulator.clear_requests();
        fixture.always(operation, Action::status(status, code));
        let mut options = delta();
        options.set_parallelism(1).unwrap();
        let uploaded = put_checked(&fixture, &five_parts(), &options);
        let copies = u64::from(operation == "UploadPartCopy");
        assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (0, copies));
        assert_eq!(fixture.count("UploadPartCopy") as u64, copies);
        let reason = uploaded.delta_stopped.unwrap();
        assert_eq!((reason.http_status(), reason.oss_code()), (Some(status), Some(code)));
        assert_eq!(lines.at(LogLevel::Error), [""; 0], "the upload has not failed");
        let is_logged = lines.all().iter().any(|line| line.starts_with("delta: "));
        assert!(is_logged, "{:?}", lines.all());
    }
}

#[test]
fn an_archived_base_and_one_in_another_bucket_that_is_missing_are_not_copied() {
    let fixture = Fixture::new();
    let mut archived = small_parts();
    archived.headers_mut().set_storage_class("Archive").unwrap();
    fixture.put(&five_parts(), &archived).unwrap();
    let elsewhere = BucketName::parse("no-such-bucket").unwrap();
    let elsewhere = CopySource::new(&elsewhere, &fixture.key);
    for (base, text) in [(None, "archived"), (Some(elsewhere), "NoSuchBucket")] {
        fixture.emulator.clear_requests();
        let mut options = delta();
        options.set_delta_base(base);
        let uploaded = put_checked(&fixture, &five_parts(), &options);
        assert_eq!((fixture.count("UploadPartCopy"), uploaded.parts_reused), (0, 0));
        let reason = uploaded.delta_stopped.unwrap().to_string();
        assert!(reason.contains(text) || reason.contains("404"), "{reason}");
        fixture.put(&five_parts(), &archived).unwrap();
    }
}

#[test]
fn an_archived_base_that_only_the_copy_shows_is_not_copied_either() {
    let fixture = Fixture::new();
    let mut archived = small_parts();
    archived.headers_mut().set_storage_class("ColdArchive").unwrap();
    fixture.put(&five_parts(), &archived).unwrap();
    fixture.emulator.clear_requests();
    let hidden =
        Action { remove_headers: vec!["x-oss-storage-class".to_owned()], ..Action::default() };
    fixture.always("HeadObject", hidden);
    let uploaded = put_checked(&fixture, &five_parts(), &delta());
    assert_eq!(uploaded.delta_stopped.unwrap().oss_code(), Some("InvalidObjectState"));
}

#[test]
fn parts_whose_etags_are_no_md5s_are_sent_after_the_first() {
    let fixture = with_base(&five_parts());
    fixture.emulator.change_options(|options| options.opaque_part_etags = true);
    let mut options = delta();
    options.set_parallelism(1).unwrap();
    let uploaded = put_checked(&fixture, &five_parts(), &options);
    assert_eq!((fixture.count("UploadPartCopy"), fixture.count("UploadPart")), (1, 5));
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (0, 1));
    assert!(uploaded.delta_stopped.unwrap().to_string().contains("no MD5s"));
}

#[test]
fn every_level_of_integrity_reuses_and_sends_the_same_parts() {
    for integrity in
        [Integrity::NONE, Integrity::CRC64, Integrity::MD5, Integrity::MD5 | Integrity::CRC64]
    {
        let fixture = with_base(&five_parts());
        let mut options = delta();
        options.set_integrity(integrity);
        let uploaded = fixture.put(&changed_at(PART), &options).unwrap();
        assert_eq!(fixture.stored().unwrap(), changed_at(PART));
        assert_eq!(uploaded.verified, integrity.contains(Integrity::CRC64));
        let requests = fixture.emulator.requests();
        let sent: Vec<_> = requests.iter().filter(|request| request.op == "UploadPart").collect();
        assert_eq!(sent.len(), 1);
        assert_eq!(
            sent[0].header("content-md5").is_some(),
            integrity.contains(Integrity::MD5),
            "{integrity:?}"
        );
    }
}

#[test]
fn files_ranges_and_descriptors_are_compared_with_the_base() {
    let fixture = with_base(&five_parts());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let whole = file(&five_parts());
    let around = file(&[b"before", &five_parts()[..], b"after"].concat());
    let range = FileRange::new(around.path(), ByteRange::new(6, Some(4 * PART + 1)));
    let fd = whole.as_file().as_descriptor();
    let options = delta();
    for uploaded in [
        client.put_file(bucket, key, whole.path(), &options, cancel),
        client.put_range(bucket, key, &range, &options, cancel),
        client.put_fd(bucket, key, FdRange::new(fd, ..), &options, cancel),
    ] {
        assert_eq!(uploaded.unwrap().parts_reused, 5);
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
    assert_eq!(received(&fixture), 0);
}

#[test]
fn streams_copies_and_sequential_uploads_refuse_a_delta_by_name() {
    let fixture = with_base(&five_parts());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut sequential = delta();
    sequential.set_sequential(true);
    let content = five_parts();
    let source = CopySource::new(bucket, key);
    for (error, other) in [
        (client.put_stream(bucket, key, &content[..], &delta(), cancel).unwrap_err(), "a stream"),
        (client.open_writer(bucket, key, &delta(), cancel).unwrap_err(), "a stream"),
        (client.copy_object(bucket, key, &source, &delta(), cancel).unwrap_err(), "a copy"),
        (fixture.put(&content, &sequential).unwrap_err(), "sequential"),
        (
            MultipartUpload::initiate(client, bucket, key, &sequential, cancel).unwrap_err(),
            "sequential",
        ),
    ] {
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("delta")));
        assert!(error.to_string().contains(other), "{error}");
    }
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn the_progress_counts_what_is_reused_as_done() {
    let fixture = with_base(&five_parts());
    let (reused, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut options = delta();
    let (last_reused, last_done) = (Arc::clone(&reused), Arc::clone(&done));
    options.set_progress(move |progress| {
        assert!(progress.bytes_reused <= progress.bytes_done);
        last_reused.store(progress.bytes_reused, Ordering::SeqCst);
        last_done.store(progress.bytes_done, Ordering::SeqCst);
        ControlFlow::Continue(())
    });
    fixture.put(&changed_at(0), &options).unwrap();
    assert_eq!(reused.load(Ordering::SeqCst), 3 * PART + 1);
    assert_eq!(done.load(Ordering::SeqCst), 4 * PART + 1);
}

#[test]
fn a_cancel_during_a_copy_ends_the_call() {
    let fixture = with_base(&five_parts());
    fixture.always("UploadPartCopy", Action::delay_response(60_000));
    let error = std::thread::scope(|scope| {
        let uploading = scope.spawn(|| fixture.put(&five_parts(), &delta()).unwrap_err());
        fixture.cancel_at("UploadPartCopy");
        uploading.join().unwrap()
    });
    assert_eq!(error.kind(), ErrorKind::Canceled);
    assert_eq!(fixture.count("UploadPart"), 0);
    fixture.assert_nothing_left();
}

#[test]
fn a_low_rate_does_not_keep_parts_from_being_copied_at_once() {
    let fixture = with_base(&five_parts());
    fixture.always("UploadPartCopy", Action { delay_ms: NEVER_MS, ..Action::default() });
    let mut options = delta();
    options.set_bytes_per_sec(1024).set_timeout(Some(Duration::from_secs(50)));
    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| fixture.put(&five_parts(), &options));
        fixture.wait_for("UploadPartCopy", 4);
        fixture.emulator.clear_rules();
        fixture.emulator.end_delays();
        assert_eq!(uploading.join().unwrap().unwrap().parts_reused, 5);
    });
}

#[test]
fn a_cancel_while_the_parts_are_listed_ends_the_call_without_a_warning() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Warn));
    fixture.put_five_parts().unwrap();
    fixture.once("ListParts", Action::delay_response(NEVER_MS));
    let error = std::thread::scope(|scope| {
        let uploading = scope.spawn(|| fixture.put(&five_parts(), &delta()).unwrap_err());
        fixture.cancel_at("ListParts");
        uploading.join().unwrap()
    });
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Canceled, ObjectExists::No));
    assert_eq!(lines.all(), [""; 0]);
    assert_eq!(fixture.count("CompleteMultipartUpload"), 1);
    fixture.assert_nothing_left();
}

#[test]
fn a_copy_whose_response_is_lost_is_retried_and_confirmed_before_complete() {
    let fixture = with_base(&five_parts());
    fixture.emulator.change_options(|options| options.copy_crc = true);
    fixture
        .emulator
        .add_rule(Rule::on("UploadPartCopy", Action::lose_response(Commit::After)).part(2));
    let uploaded = put_checked(&fixture, &changed_at(PART), &delta());
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (4, 1));
    assert_eq!(parts_of(&fixture, "UploadPartCopy"), [1, 2, 2, 3, 4, 5]);
    let operations = fixture.operations();
    assert_eq!(operations[operations.len() - 2..], ["ListParts", "CompleteMultipartUpload"]);
}

/// Two blocks with the same MD5, of Wang and others (2004).
const COLLISION: [&str; 2] = [
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a\
     085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0\
     e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a\
     085125e8f7cdc99fd91dbd7280373c5bd8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0\
     e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
];

/// Two objects of two parts whose first parts differ and have the same MD5.
fn colliding() -> [Vec<u8>; 2] {
    let colliding = COLLISION.map(|block| {
        let digits: Vec<u8> = block.bytes().filter(u8::is_ascii_hexdigit).collect();
        let bytes = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let block: Vec<u8> = bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        [block, bytes_of_rest()].concat()
    });
    let first = |content: &[u8]| Md5::digest(&content[..PART as usize]);
    assert_eq!(first(&colliding[0]), first(&colliding[1]));
    assert_ne!(colliding[0], colliding[1]);
    colliding
}

fn bytes_of_rest() -> Vec<u8> {
    bytes(2 * PART - 128)
}

#[test]
fn a_part_with_the_md5_of_its_predecessor_is_found_by_its_crc64_before_complete() {
    let [old, new] = colliding();
    for copy_crc in [false, true] {
        let fixture = with_base(&old);
        fixture.emulator.change_options(|options| options.copy_crc = copy_crc);
        let uploaded = put_checked(&fixture, &new, &delta());
        assert_eq!(parts_of(&fixture, "UploadPart"), [1]);
        assert_eq!((uploaded.parts_reused, uploaded.bytes_reused), (1, PART));
        assert_eq!(uploaded.copies_in_vain, 1);
    }
}

#[test]
fn without_list_parts_the_crc64_of_the_object_finds_a_part_with_the_md5_of_its_predecessor() {
    let [old, new] = colliding();
    let fixture = with_base(&old);
    fixture.always("ListParts", Action::status(403, "AccessDenied"));
    let error = fixture.put(&new, &delta()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(error.object_exists(), ObjectExists::Yes);
    // An ordinary delta upload does not need the permission.
    let fixture = with_base(&old);
    fixture.always("ListParts", Action::status(403, "AccessDenied"));
    put_checked(&fixture, &old, &delta());
}

/// Uploads five parts of which the second differs from the base, and copies that of the base over it
/// while the first request of the operation is delayed: as a copy that takes effect late.
fn put_with_late_copy(fixture: &Fixture, operation: &str) -> ossmpu::Result<UploadResult> {
    let late = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.once(operation, late);
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| fixture.put(&changed_at(PART), &delta()));
        fixture.wait_for(operation, 1);
        let upload_id = &fixture.emulator.uploads(BUCKET)[0].upload_id;
        let upload_id = UploadId::parse(upload_id).unwrap();
        let base = CopySource::new(bucket, key);
        let copy = UploadPartCopy::new(bucket, key, &upload_id, number(2), &base);
        client.upload_part_copy(&copy.with_range(PART..=2 * PART - 1), cancel).unwrap();
        fixture.emulator.end_delays();
        uploading.join().unwrap()
    })
}

#[test]
fn a_part_that_a_late_copy_has_replaced_is_sent_again() {
    let fixture = with_base(&five_parts());
    let uploaded = put_with_late_copy(&fixture, "ListParts").unwrap();
    assert_eq!(fixture.stored().unwrap(), changed_at(PART));
    assert_eq!(parts_of(&fixture, "UploadPart"), [2, 2]);
    assert!(uploaded.verified);
    assert_eq!(uploaded.bytes_sent, 2 * PART);
    fixture.assert_nothing_left();
}

#[test]
fn a_copy_that_takes_effect_just_before_complete_makes_no_object() {
    let fixture = with_base(&five_parts());
    let error = put_with_late_copy(&fixture, "CompleteMultipartUpload").unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("InvalidPart")));
    assert_eq!(error.object_exists(), ObjectExists::No);
    assert_eq!(fixture.stored().unwrap(), five_parts());
    fixture.assert_nothing_left();
}

fn with_checkpoint(folder: &Path) -> UploadOptions {
    let mut options = delta();
    options.set_checkpoint_dir(folder);
    options
}

#[test]
fn a_manifest_spares_the_copies_of_parts_that_are_known_to_differ() {
    let fixture = with_base(&five_parts());
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    let (folder, source) = (tempfile::tempdir().unwrap(), file(&five_parts()));
    let options = with_checkpoint(folder.path());
    let put = |content: &[u8]| {
        std::fs::write(source.path(), content).unwrap();
        emulator.clear_requests();
        let uploaded = client.put_file(bucket, key, source.path(), &options, cancel).unwrap();
        assert_eq!(fixture.stored().unwrap(), content);
        uploaded
    };
    assert_eq!(put(&five_parts()).parts_reused, 5);
    let uploaded = put(&changed_at(3 * PART));
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (4, 0));
    assert_eq!(parts_of(&fixture, "UploadPartCopy"), [1, 2, 3, 5]);
    // It is readable by this user only.
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&files[0].metadata().unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }
    // Another writer has replaced the object: the manifest does not describe it.
    fixture.put(&five_parts(), &small_parts()).unwrap();
    let uploaded = put(&changed_at(0));
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (4, 1));
    // One that is damaged is ignored.
    std::fs::write(files[0].path(), "ossmpu-manifest 1\n").unwrap();
    let uploaded = put(&changed_at(PART));
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (3, 2));
    // One that cannot be read is not used.
    std::fs::remove_file(files[0].path()).unwrap();
    std::fs::create_dir(files[0].path()).unwrap();
    let uploaded = put(&changed_at(0));
    assert_eq!((uploaded.parts_reused, uploaded.copies_in_vain), (3, 2));
}

#[test]
fn a_file_that_changes_during_a_delta_upload_is_noticed() {
    let fixture = with_base(&five_parts());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let source = file(&five_parts());
    let late = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPartCopy", late).part(5));
    let error = std::thread::scope(|scope| {
        let uploading = scope
            .spawn(|| client.put_file(bucket, key, source.path(), &delta(), cancel).unwrap_err());
        fixture.wait_for("UploadPartCopy", 5);
        std::fs::write(source.path(), changed_at(7)).unwrap();
        fixture.emulator.end_delays();
        uploading.join().unwrap()
    });
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(fixture.stored().unwrap(), five_parts());
    fixture.assert_nothing_left();
}

#[test]
fn parts_of_one_mib_are_compared_by_default_and_a_small_object_is_sent_whole() {
    let content = bytes(9 * MIB);
    let fixture = with_base(&content);
    let mut options = UploadOptions::new();
    options.set_delta(true);
    let uploaded = put_checked(&fixture, &content, &options);
    assert_eq!((uploaded.parts, uploaded.parts_reused), (9, 9));
    let uploaded = put_checked(&fixture, b"small", &options);
    assert_eq!((uploaded.parts, uploaded.bytes_sent), (0, 5));
}

#[test]
fn complete_lists_the_parts_although_all_are_to_be_completed() {
    let fixture = with_base(&five_parts());
    let mut options = delta();
    options.set_complete_all(true);
    put_checked(&fixture, &five_parts(), &options);
    let requests = fixture.emulator.requests();
    let complete = requests.iter().find(|r| r.op == "CompleteMultipartUpload").unwrap();
    assert!(complete.header("x-oss-complete-all").is_none() && complete.bytes > 0);
}

#[test]
fn an_upload_that_is_killed_among_copies_is_resumed_with_the_parts_that_oss_has() {
    let fixture = with_base(&five_parts());
    let (folder, content) = (tempfile::tempdir().unwrap(), changed_at(4 * PART));
    let source = file(&content);
    let stall = Stall { at: Direction::Response, byte: 0, ms: None };
    let stalled = Action { stall: Some(stall), ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPartCopy", stalled).part(3).always());
    let mut child = start(&fixture, source.path(), folder.path());
    fixture.wait_until(|requests| requests.iter().any(|request| request.part_number == Some(3)));
    child.kill().unwrap();
    child.wait().unwrap();
    fixture.emulator.clear_rules();
    let there = fixture.emulator.uploads(BUCKET)[0].parts.len();
    fixture.emulator.clear_requests();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let options = one_at_a_time(folder.path());
    let uploaded = client.put_file(bucket, key, source.path(), &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    assert!(uploaded.bytes_resumed >= 2 * PART && there >= 2);
    assert_eq!(received(&fixture), 1);
    let resumed = usize::try_from(uploaded.bytes_resumed / PART).unwrap();
    assert_eq!(fixture.count("UploadPartCopy"), 5 - resumed);
    fixture.assert_nothing_left();
}

fn one_at_a_time(folder: &Path) -> UploadOptions {
    let mut options = with_checkpoint(folder);
    options.set_parallelism(1).unwrap();
    options
}

/// Starts a process that makes a delta upload: this test program.
fn start(fixture: &Fixture, file: &Path, folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "delta::process_that_is_killed", "--nocapture"])
        .env("DELTA_ENDPOINT", fixture.emulator.url())
        .env("DELTA_KEY", fixture.key.as_str())
        .env("DELTA_FILE", file)
        .env("DELTA_FOLDER", folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The process that [`start`] starts; without its environment it does nothing.
#[test]
fn process_that_is_killed() {
    let Ok(endpoint) = env::var("DELTA_ENDPOINT") else { return };
    let client = Client::new(&config_for(&endpoint)).unwrap();
    let bucket = BucketName::parse(BUCKET).unwrap();
    let key = ObjectKey::parse(&env::var("DELTA_KEY").unwrap()).unwrap();
    let folder = env::var("DELTA_FOLDER").unwrap();
    let file = env::var("DELTA_FILE").unwrap();
    let options = one_at_a_time(Path::new(&folder));
    let cancel = ossmpu::Cancel::never();
    let result = client.put_file(&bucket, &key, file, &options, &cancel);
    panic!("it ended before the kill: {result:?}");
}

#[test]
fn parts_are_compared_step_by_step() {
    let fixture = with_base(&five_parts());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let upload = fixture.initiate();
    let content = changed_at(2 * PART);
    for (index, part) in content.chunks(PART as usize).enumerate() {
        let number = number(u16::try_from(index + 1).unwrap());
        let offset = index as u64 * PART;
        upload.upload_part_delta(number, part.to_vec(), offset, cancel).unwrap();
    }
    let uploaded = upload.complete(cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    assert_eq!((uploaded.parts_reused, uploaded.bytes_reused), (4, 3 * PART + 1));
    assert_eq!((uploaded.copies_in_vain, uploaded.bytes_sent), (1, PART));
    assert!(uploaded.verified && uploaded.delta_stopped.is_none());
    assert_eq!(fixture.count("HeadObject"), 1, "the base is looked up once");
    assert_eq!(received(&fixture), PART);

    let upload = fixture.initiate();
    upload.upload_part_delta(number(1), content[..PART as usize].to_vec(), 0, cancel).unwrap();
    upload.upload_part(number(1), vec![1; 3], cancel).unwrap();
    let uploaded = upload.complete(cancel).unwrap();
    assert_eq!((uploaded.parts_reused, uploaded.bytes_reused), (0, 0), "it was overwritten");
    assert_eq!(fixture.stored().unwrap(), [1; 3]);

    let mut sequential = small_parts();
    sequential.set_sequential(true);
    let upload = MultipartUpload::initiate(client, bucket, key, &sequential, cancel).unwrap();
    let error = upload.upload_part_delta(number(1), vec![1], 0, cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("sequential")));
    upload.abort().unwrap();
}

#[test]
fn a_part_that_was_replaced_before_complete_is_named_step_by_step() {
    let [old, new] = colliding();
    let fixture = with_base(&old);
    let cancel = &fixture.cancel;
    let upload = fixture.initiate();
    for (index, part) in new.chunks(PART as usize).enumerate() {
        let number = number(u16::try_from(index + 1).unwrap());
        upload.upload_part_delta(number, part.to_vec(), index as u64 * PART, cancel).unwrap();
    }
    let error = upload.complete(cancel).unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Integrity, Some(1)));
    assert_eq!(fixture.stored().unwrap(), old);
    upload.upload_part(number(1), new[..PART as usize].to_vec(), cancel).unwrap();
    assert!(upload.complete(cancel).unwrap().verified);
    assert_eq!(fixture.stored().unwrap(), new);
}
