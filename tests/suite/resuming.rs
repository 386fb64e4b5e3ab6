//! Resumed uploads: after a failure, after `kill -9`, by upload ID alone.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use oss_emulator::{Action, Commit, Rule};
use ossmpu::{
    ByteRange, CallPhase, CopySource, Crc64, ErrorKind, FileRange, HeadObject, Integrity,
    MultipartUpload, ObjectExists, UploadId, UploadOptions,
};

use crate::examples;
use crate::fixture::{BUCKET, Fixture, MIB, PART, bytes, file, number, small_parts};

fn with_checkpoint(folder: &Path) -> UploadOptions {
    let mut options = small_parts();
    options.set_checkpoint_dir(folder);
    options
}

/// Makes part 5 fail until the rules are cleared.
fn deny_part_5(fixture: &Fixture) {
    let rule = Rule::on("UploadPart", Action::status(403, "AccessDenied")).part(5).always();
    fixture.emulator.add_rule(rule);
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_failed_upload_is_resumed_and_only_missing_parts_are_sent() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(MIB);
    let file = file(&content);
    // Sequential, so that four parts are stored when the fifth fails.
    let mut options = with_checkpoint(folder.path());
    options.set_parallelism(1).unwrap();
    deny_part_5(&fixture);
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert!(error.parts_left());
    let upload = &fixture.emulator.uploads(BUCKET)[0];
    assert_eq!(Some(&*upload.upload_id), error.upload_id());
    let there: u64 = upload.parts.iter().map(|part| part.size).sum();

    fixture.emulator.clear_rules();
    fixture.emulator.clear_requests();
    let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    // A part whose connection was closed by the client may have been stored.
    assert!(uploaded.bytes_resumed >= there && there > 0);
    assert_eq!(uploaded.upload_id.as_ref().map(UploadId::as_str), error.upload_id());
    assert_eq!(fixture.count("InitiateMultipartUpload"), 0);
    assert_eq!(fixture.count("UploadPart"), 7);
    assert_eq!(fixture.stored().unwrap(), content);
    assert_eq!(files_in(folder.path()), 0, "the checkpoint is removed");
    fixture.assert_nothing_left();
}

/// An upload that fails at its fifth part and leaves a checkpoint; returns its options.
fn fail_with_checkpoint(fixture: &Fixture, folder: &Path, source: &Path) -> UploadOptions {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    let options = with_checkpoint(folder);
    deny_part_5(fixture);
    client.put_file(bucket, key, source, &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    options
}

#[test]
fn a_checkpoint_with_an_impossible_time_is_no_panic() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let file = file(&bytes(MIB));
    let options = fail_with_checkpoint(&fixture, folder.path(), file.path());
    let checkpoint = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&checkpoint).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("crc64 "));
    let changed = lines.map(|line| match line.starts_with("initiated ") {
        true => format!("initiated {}\n", u64::MAX),
        false => format!("{line}\n"),
    });
    let changed: String = changed.collect();
    let mut crc64 = Crc64::new();
    crc64.update(changed.as_bytes());
    std::fs::write(&checkpoint, format!("{changed}crc64 {}\n", crc64.value())).unwrap();
    let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert!(uploaded.bytes_resumed > 0);
}

#[test]
fn a_changed_file_starts_a_new_upload_and_the_old_one_is_aborted() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let file = file(&bytes(MIB));
    let options = fail_with_checkpoint(&fixture, folder.path(), file.path());
    let changed: Vec<u8> = bytes(MIB).into_iter().rev().collect();
    std::fs::write(file.path(), &changed).unwrap();
    let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert_eq!(uploaded.bytes_resumed, 0);
    assert_eq!(fixture.count("AbortMultipartUpload"), 1);
    assert_eq!(fixture.stored().unwrap(), changed);
    fixture.assert_nothing_left();
}

#[test]
fn a_range_is_resumed_after_bytes_were_appended_behind_it() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(MIB);
    let mut file = file(&content);
    let mut options = with_checkpoint(folder.path());
    options.set_parallelism(1).unwrap();
    deny_part_5(&fixture);
    let range = FileRange::new(file.path(), ByteRange::new(1, Some(MIB - 1)));
    client.put_range(bucket, key, &range, &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    file.write_all(b"the next line").unwrap();
    let uploaded = client.put_range(bucket, key, &range, &options, cancel).unwrap();
    assert!(uploaded.bytes_resumed >= 4 * PART, "{uploaded:?}");
    assert_eq!(fixture.stored().unwrap(), content[1..]);
    fixture.assert_nothing_left();
}

#[test]
fn a_file_that_was_replaced_by_an_equal_one_is_resumed() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let source = tempfile::tempdir().unwrap();
    let [path, copy] = ["file", "copy"].map(|name| source.path().join(name));
    std::fs::write(&path, bytes(MIB)).unwrap();
    let mut options = with_checkpoint(folder.path());
    options.set_parallelism(1).unwrap();
    deny_part_5(&fixture);
    client.put_file(bucket, key, &path, &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    std::fs::write(&copy, bytes(MIB)).unwrap();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    File::options().write(true).open(&copy).unwrap().set_modified(modified).unwrap();
    std::fs::rename(&copy, &path).unwrap();
    let uploaded = client.put_file(bucket, key, &path, &options, cancel).unwrap();
    assert!(uploaded.bytes_resumed >= 4 * PART, "{uploaded:?}");
    fixture.assert_nothing_left();
}

#[test]
fn a_part_that_differs_from_the_file_is_sent_again() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(MIB);
    let file = file(&content);
    let options = with_checkpoint(folder.path());
    deny_part_5(&fixture);
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    // Another handle replaces one part by bytes of the same length, and another by fewer.
    let id = UploadId::parse(error.upload_id().unwrap()).unwrap();
    let other = MultipartUpload::attach(client, bucket, key, &id, &small_parts()).unwrap();
    let number = |n| ossmpu::PartNumber::new(n).unwrap();
    other.upload_part(number(1), vec![0; 100 * 1024], cancel).unwrap();
    other.upload_part(number(2), vec![0; 1000], cancel).unwrap();
    client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn an_aborted_upload_or_a_corrupted_checkpoint_starts_a_new_upload() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(MIB);
    let file = file(&content);
    let options = with_checkpoint(folder.path());
    for corrupt in [false, true] {
        deny_part_5(&fixture);
        let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
        fixture.emulator.clear_rules();
        let id = UploadId::parse(error.upload_id().unwrap()).unwrap();
        if corrupt {
            for entry in std::fs::read_dir(folder.path()).unwrap() {
                std::fs::write(entry.unwrap().path(), "ossmpu-checkpoint 1\nnonsense").unwrap();
            }
        } else {
            MultipartUpload::attach(client, bucket, key, &id, &small_parts())
                .unwrap()
                .abort()
                .unwrap();
        }
        let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
        assert_eq!(uploaded.bytes_resumed, 0);
        assert_eq!(fixture.stored().unwrap(), content);
        assert_eq!(files_in(folder.path()), 0);
    }
}

#[test]
fn an_upload_is_resumed_by_its_id_alone() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let file = file(&content);
    let mut options = small_parts();
    options.set_keep_parts(true).set_parallelism(1).unwrap();
    deny_part_5(&fixture);
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    options.set_upload_id(UploadId::parse(error.upload_id().unwrap()).unwrap());
    let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert!(uploaded.bytes_resumed > 0);
    assert_eq!(fixture.stored().unwrap(), content);

    options.set_upload_id(UploadId::parse("0004B9894A22E5B1888A1E29F8236E2D").unwrap());
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("NoSuchUpload")));
}

#[test]
fn a_checkpoint_with_other_attributes_starts_a_new_upload() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let file = file(&bytes(MIB));
    let mut options = with_checkpoint(folder.path());
    deny_part_5(&fixture);
    client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    options
        .headers_mut()
        .set_metadata("owner", "new")
        .and_then(|headers| headers.set_server_side_encryption("AES256"))
        .and_then(|headers| headers.set_storage_class("IA"))
        .and_then(|headers| headers.set_content_type("x/y"))
        .unwrap();
    let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert_eq!(uploaded.bytes_resumed, 0);
    let head = client.head_object(&HeadObject::new(bucket, key), cancel).unwrap();
    assert_eq!(head.headers.value("x-oss-meta-owner"), Some("new"));
    assert_eq!(head.headers.value("x-oss-server-side-encryption"), Some("AES256"));
    assert_eq!(head.headers.value("x-oss-storage-class"), Some("IA"));
    assert_eq!(head.headers.value("content-type"), Some("x/y"));
    fixture.assert_nothing_left();
}

#[test]
fn an_upload_id_whose_attributes_differ_is_an_error_that_reports_the_object() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let mut options = small_parts();
    options.set_upload_id(upload.upload_id().clone());
    options.headers_mut().set_server_side_encryption("AES256").unwrap();
    let error = fixture.put(&bytes(MIB), &options).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::Yes));
    assert_eq!(error.argument(), Some("x-oss-server-side-encryption"), "{error}");
}

#[test]
fn complete_all_takes_no_part_that_is_not_in_the_plan() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(MIB);
    let file = file(&content);
    let (mut by_id, mut checkpoint) = (small_parts(), with_checkpoint(folder.path()));
    for options in [&mut by_id, &mut checkpoint] {
        options.set_complete_all(true).set_integrity(Integrity::NONE);
    }
    by_id.set_upload_id(fixture.initiate().upload_id().clone());
    deny_part_5(&fixture);
    client.put_file(bucket, key, file.path(), &checkpoint, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    let stray = ossmpu::PartNumber::new(100).unwrap();
    for upload in fixture.emulator.uploads(BUCKET) {
        let id = UploadId::parse(&upload.upload_id).unwrap();
        let other = MultipartUpload::attach(client, bucket, key, &id, &small_parts()).unwrap();
        other.upload_part(stray, vec![7; 10], cancel).unwrap();
    }
    for options in [by_id, checkpoint] {
        client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
        assert_eq!(fixture.stored().unwrap(), content);
    }
    fixture.assert_nothing_left();
}

#[test]
fn an_upload_id_is_used_for_an_object_of_any_size() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    upload.upload_part(ossmpu::PartNumber::new(1).unwrap(), bytes(PART), &fixture.cancel).unwrap();
    let mut options = UploadOptions::new();
    options.set_part_size(PART).unwrap().set_upload_id(upload.upload_id().clone());
    let uploaded = fixture.put(&bytes(2 * PART), &options).unwrap();
    assert_eq!(uploaded.upload_id.as_ref(), Some(upload.upload_id()));
    assert_eq!((uploaded.bytes_resumed, fixture.count("PutObject")), (PART, 0));
    fixture.assert_nothing_left();
}

#[test]
fn an_upload_id_that_cannot_be_used_is_invalid() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file, empty) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)), file(b""));
    let mut options = small_parts();
    options.set_upload_id(UploadId::parse("0004B9894A22E5B1888A1E29F8236E2D").unwrap());
    let mut both = options.clone();
    both.set_checkpoint_dir(folder.path());
    let source = CopySource::new(bucket, key);
    for error in [
        client.put_file(bucket, key, file.path(), &both, cancel).unwrap_err(),
        client.put_file(bucket, key, empty.path(), &options, cancel).unwrap_err(),
        client.put_stream(bucket, key, &b"bytes"[..], &options, cancel).unwrap_err(),
        client.copy_object(bucket, key, &source, &options, cancel).unwrap_err(),
        MultipartUpload::initiate(client, bucket, key, &options, cancel).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("upload_id")));
    }
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn an_older_identical_object_is_not_mistaken_for_that_of_the_upload() {
    let fixture = Fixture::new();
    let content = bytes(MIB);
    let mut options = small_parts();
    options.headers_mut().set_metadata("owner", "me").unwrap();
    fixture.put(&content, &options).unwrap();
    // The times of OSS are in whole seconds.
    fixture.emulator.set_clock_offset(5);
    let gone = Action::status(404, "NoSuchUpload");
    let mut by_id = options.clone();
    by_id.set_upload_id(fixture.initiate().upload_id().clone());
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&content));
    let mut checkpoint = options.clone();
    checkpoint.set_checkpoint_dir(folder.path());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let put = |options: &UploadOptions| {
        client.put_file(bucket, key, file.path(), options, cancel).unwrap_err()
    };
    deny_part_5(&fixture);
    put(&checkpoint);
    fixture.emulator.clear_rules();
    for options in [options, by_id, checkpoint] {
        fixture.always("CompleteMultipartUpload", gone.clone());
        let error = put(&options);
        assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    }
}

#[test]
fn an_older_identical_object_is_not_mistaken_for_that_of_an_attached_upload() {
    let fixture = Fixture::new();
    let mut options = small_parts();
    options.headers_mut().set_metadata("owner", "me").unwrap();
    fixture.put(&bytes(PART), &options).unwrap();
    // The times of OSS are in whole seconds.
    fixture.emulator.set_clock_offset(5);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let first = fixture.initiate();
    first.upload_part(number(1), bytes(PART), cancel).unwrap();
    let id = first.upload_id();
    let upload =
        MultipartUpload::attach_with_parts(client, bucket, key, id, &options, cancel).unwrap();
    fixture.always("CompleteMultipartUpload", Action::status(404, "NoSuchUpload"));
    let error = upload.complete(cancel).unwrap_err();
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
}

#[test]
fn a_call_that_fails_before_complete_reports_that_of_an_earlier_process() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let file = file(&bytes(MIB));
    let mut options = with_checkpoint(folder.path());
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::Before));
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!((error.object_exists(), error.parts_left()), (ObjectExists::Unknown, true));
    options.set_progress(|progress| match progress.phase {
        CallPhase::Send => ControlFlow::Break(1),
        _ => ControlFlow::Continue(()),
    });
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.parts_left()), (ErrorKind::Canceled, true), "{error}");
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
}

#[test]
fn an_upload_whose_parts_cannot_be_listed_is_kept_and_reported() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let file = file(&bytes(MIB));
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = with_checkpoint(folder.path());
    deny_part_5(&fixture);
    client.put_file(bucket, key, file.path(), &checkpoint, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    let id = fixture.emulator.uploads(BUCKET)[0].upload_id.clone();
    let mut by_id = small_parts();
    by_id.set_upload_id(UploadId::parse(&id).unwrap());
    fixture.always("ListParts", Action::status(403, "AccessDenied"));
    for options in [checkpoint, by_id] {
        let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
        assert_eq!(
            (error.oss_code(), error.upload_id()),
            (Some("AccessDenied"), Some(id.as_str()))
        );
        assert!(error.parts_left(), "{error}");
        assert_eq!(fixture.emulator.uploads(BUCKET).len(), 1);
    }
}

#[test]
fn a_complete_of_a_killed_process_that_took_effect_is_resolved_by_head_object() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, content) = (tempfile::tempdir().unwrap(), bytes(MIB));
    let file = file(&content);
    let options = with_checkpoint(folder.path());
    let gone = Action::status(404, "NoSuchUpload");
    deny_part_5(&fixture);
    client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();

    // Without an object, the upload cannot have been completed.
    fixture.once("CompleteMultipartUpload", gone.clone());
    fixture.emulator.add_rule(Rule::on("ListParts", gone.clone()).nth(2).always());
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!(
        (error.kind(), error.oss_code()),
        (ErrorKind::Service, Some("NoSuchUpload")),
        "{error}"
    );
    assert_eq!(fixture.stored(), None);

    fixture.emulator.clear_rules();
    fixture.once("CompleteMultipartUpload", gone.after_commit());
    client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    assert_eq!(files_in(folder.path()), 0);
    fixture.assert_nothing_left();
}

#[test]
fn the_object_of_a_complete_with_an_unknown_outcome_is_found_by_the_next_call() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, content) = (tempfile::tempdir().unwrap(), bytes(MIB));
    let file = file(&content);
    let options = with_checkpoint(folder.path());
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
    fixture.once("ListParts", Action::status(403, "AccessDenied"));
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    fixture.emulator.clear_requests();

    let found = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert_eq!(fixture.operations(), ["ListParts", "HeadObject"]);
    assert_eq!(found.request_id, fixture.emulator.requests().pop().map(|last| last.request_id));
    assert_eq!((found.size, found.bytes_resumed, found.verified), (MIB, MIB, true));
    assert_eq!(found.crc64, Some(fixture.emulator.object(BUCKET, key.as_str()).unwrap().crc64));
    assert_eq!(files_in(folder.path()), 0);
}

#[test]
fn an_object_of_an_earlier_call_that_was_replaced_is_not_denied_by_a_later_failure() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
    let options = with_checkpoint(folder.path());
    let put = || client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
    fixture.once("ListParts", Action::status(403, "AccessDenied"));
    assert_eq!(put().object_exists(), ObjectExists::Unknown);
    fixture.put(b"of another writer", &UploadOptions::new()).unwrap();
    deny_part_5(&fixture);
    let error = put();
    assert_eq!((error.part_number(), error.object_exists()), (Some(5), ObjectExists::Unknown));
}

#[test]
fn a_second_upload_with_the_same_checkpoint_is_busy() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, emulator, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let file = file(&bytes(MIB));
    let options = with_checkpoint(folder.path());
    emulator.add_rule(Rule::on("UploadPart", Action::delay_response(60_000)).always());
    std::thread::scope(|scope| {
        scope.spawn(|| client.put_file(bucket, key, file.path(), &options, cancel));
        wait_until(|| fixture.count("InitiateMultipartUpload") == 1);
        let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
        assert!(error.kind() == ErrorKind::Busy && error.is_retryable(), "{error:?}");
        cancel.trigger();
    });
}

#[test]
fn an_upload_is_resumed_after_kill_9() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(12 * MIB + 7);
    let file = file(&content);
    for parts in [0, 1, 5, 9] {
        fixture.emulator.clear_requests();
        // Further parts get no response, so that the upload does not end before the kill.
        let no_response = Rule::on("UploadPart", Action::delay_response(600_000));
        fixture.emulator.add_rule(no_response.nth(parts as u64 + 1).always());
        let mut child = start(&fixture, file.path(), folder.path());
        wait_until(|| fixture.count("UploadPart") >= parts);
        child.kill().unwrap();
        child.wait().unwrap();
        fixture.emulator.clear_rules();
        let output = start(&fixture, file.path(), folder.path()).wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(fixture.stored().unwrap(), content);
        let sent = fixture.count("UploadPart");
        // Each of the two processes may send one hedged request.
        assert!(sent <= 13 + 4 + 2, "{sent} parts were sent, of 13, 4 at a time");
        assert_eq!(files_in(folder.path()), 0);
    }
}

/// Starts the example program.
fn start(fixture: &Fixture, file: &Path, folder: &Path) -> Child {
    let mut command = examples::command("resume", fixture);
    command.args([file.as_os_str(), BUCKET.as_ref(), fixture.key.as_str().as_ref()]).arg(folder);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Waits for a condition that another thread or process meets.
fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("the condition was not met");
}

/// Makes the object and loses the response, so that the outcome is unknown to the call.
fn complete_with_unknown_outcome(fixture: &Fixture, path: &Path, options: &UploadOptions) {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
    fixture.once("ListParts", Action::status(403, "AccessDenied"));
    let error = client.put_file(bucket, key, path, options, cancel).unwrap_err();
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
    assert!(fixture.stored().is_some());
}

#[test]
fn an_object_that_was_made_with_another_acl_is_made_again() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
    let mut options = with_checkpoint(folder.path());
    complete_with_unknown_outcome(&fixture, file.path(), &options);
    fixture.emulator.clear_requests();
    options.headers_mut().set_acl("public-read").unwrap();
    client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert_eq!((fixture.count("UploadPart"), fixture.count("CompleteMultipartUpload")), (11, 1));
    let complete = fixture.emulator.requests();
    let complete = complete.iter().find(|request| request.op == "CompleteMultipartUpload").unwrap();
    assert_eq!(complete.header("x-oss-object-acl"), Some("public-read"));
}

#[test]
fn the_object_of_an_earlier_call_must_have_the_expected_crc64() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
    let mut options = with_checkpoint(folder.path());
    complete_with_unknown_outcome(&fixture, file.path(), &options);
    options.set_expected_crc64(1);
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    let found = (error.kind(), error.object_exists());
    assert_eq!(found, (ErrorKind::Integrity, ObjectExists::Unknown), "{error}");
}

#[test]
fn a_call_for_a_changed_file_does_not_deny_the_object_of_an_earlier_one() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
    let mut options = with_checkpoint(folder.path());
    complete_with_unknown_outcome(&fixture, file.path(), &options);
    std::fs::write(file.path(), vec![7; MIB as usize]).unwrap();
    options.headers_mut().set_forbid_overwrite(true);
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!(error.oss_code(), Some("FileAlreadyExists"), "{error}");
    assert_eq!(error.object_exists(), ObjectExists::Unknown);
}

#[test]
fn a_file_that_has_become_small_aborts_the_upload_of_its_checkpoint() {
    for is_lost in [false, true] {
        let fixture = Fixture::new();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
        let mut options = fail_with_checkpoint(&fixture, folder.path(), file.path());
        assert_eq!((fixture.emulator.uploads(BUCKET).len(), files_in(folder.path())), (1, 1));
        options.set_single_below(PART).unwrap();
        std::fs::write(file.path(), b"small").unwrap();
        if is_lost {
            fixture.always("AbortMultipartUpload", Action::status(403, "AccessDenied"));
        }
        let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
        assert_eq!(uploaded.upload_may_exist, is_lost);
        assert_eq!(fixture.stored().unwrap(), b"small");
        assert_eq!(fixture.emulator.uploads(BUCKET).len(), usize::from(is_lost));
        assert_eq!(files_in(folder.path()), 0);
    }
}

#[test]
fn the_upload_of_a_range_without_length_is_aborted_when_the_file_has_grown() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let folder = tempfile::tempdir().unwrap();
    let mut file = file(&bytes(MIB));
    let options = with_checkpoint(folder.path());
    let range = FileRange::new(file.path(), 1..);
    deny_part_5(&fixture);
    client.put_range(bucket, key, &range, &options, cancel).unwrap_err();
    fixture.emulator.clear_rules();
    file.write_all(b"more").unwrap();
    let uploaded = client.put_range(bucket, key, &range, &options, cancel).unwrap();
    assert_eq!((uploaded.size, uploaded.upload_may_exist), (MIB + 3, false));
    assert_eq!(files_in(folder.path()), 0);
    fixture.assert_nothing_left();
}

#[test]
fn a_checkpoint_that_cannot_be_saved_does_not_hide_an_upload_whose_id_was_lost() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
    let options = fail_with_checkpoint(&fixture, folder.path(), file.path());
    let saved = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(&saved).unwrap();
    std::fs::create_dir(saved.with_extension("new")).unwrap();
    fixture.once("InitiateMultipartUpload", Action::lose_response(Commit::After));
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    assert!(error.upload_may_exist());
}

#[test]
fn an_upload_that_starts_over_has_all_the_time_to_determine_its_own_outcome() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_secs(3)).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (folder, file) = (tempfile::tempdir().unwrap(), file(&bytes(MIB)));
    let mut options = fail_with_checkpoint(&fixture, folder.path(), file.path());
    std::fs::write(file.path(), vec![7; MIB as usize]).unwrap();
    // The parts take longer than the abort timeout.
    options.set_bytes_per_sec(MIB / 4);
    fixture.once("CompleteMultipartUpload", Action::lose_response(Commit::After));
    let uploaded = client.put_file(bucket, key, file.path(), &options, cancel).unwrap();
    assert!(uploaded.verified);
    fixture.assert_nothing_left();
}
