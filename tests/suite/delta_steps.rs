//! Delta uploads step by step: what the base and copies that take effect late mean for a handle.

use oss_emulator::{Action, Rule};
use ossmpu::{
    Cancel, CopySource, ErrorKind, LogLevel, MultipartUpload, ObjectExists, Result, SentPart,
    UploadOptions, UploadPartCopy,
};

use crate::delta::{changed_at, with_base};
use crate::fixture::{BUCKET, Fixture, Lines, NEVER_MS, PART, five_parts, number};

const COPY: &str = "UploadPartCopy";
const LIST: &str = "ListParts";

/// Sends the part with that number of the content, or has it copied.
fn send(upload: &MultipartUpload, part: u16, content: &[u8], cancel: &Cancel) -> Result<SentPart> {
    let index = part - 1;
    let chunk = content.chunks(PART as usize).nth(usize::from(index)).unwrap();
    upload.upload_part_delta(number(part), chunk.to_vec(), u64::from(index) * PART, cancel)
}

/// Sends all five parts of the content, or has them copied.
fn send_all(upload: &MultipartUpload, content: &[u8], cancel: &Cancel) {
    for part in 1..=5 {
        send(upload, part, content, cancel).unwrap();
    }
}

/// A fixture with five parts as its base, whose copies have CRC-64s: only an uncertain one requires
/// a list.
fn with_crc64s() -> Fixture {
    let fixture = with_base(&five_parts());
    fixture.emulator.change_options(|options| options.copy_crc = true);
    fixture
}

/// Copies the first part of the base over part 2: as a copy that takes effect late.
fn copy_late(fixture: &Fixture, upload: &MultipartUpload) {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    let base = CopySource::new(bucket, key);
    let copy = UploadPartCopy::new(bucket, key, upload.upload_id(), number(2), &base);
    client.upload_part_copy(&copy.with_range(0..=PART - 1), cancel).unwrap();
}

/// Asserts that part 2 has to be sent again before the upload is completed, and does so.
fn assert_part_2_is_replaced(fixture: &Fixture, upload: &MultipartUpload, content: &[u8]) {
    let error = upload.complete(&fixture.cancel).unwrap_err();
    let found = (error.kind(), error.part_number(), error.object_exists());
    assert_eq!(found, (ErrorKind::Integrity, Some(2), ObjectExists::No), "{error}");
    assert!(error.parts_left(), "{error}");
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    send(upload, 2, content, &fixture.cancel).unwrap();
    upload.complete(&fixture.cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn without_a_base_all_parts_are_sent_and_the_result_says_why() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    send_all(&upload, &five_parts(), &fixture.cancel);
    let uploaded = upload.complete(&fixture.cancel).unwrap();
    assert_eq!((uploaded.bytes_sent, uploaded.parts_reused), (4 * PART + 1, 0));
    assert_eq!(uploaded.delta_stopped.unwrap().http_status(), Some(404));
    assert_eq!(fixture.stored().unwrap(), five_parts());
}

#[test]
fn a_base_whose_lookup_was_canceled_is_used_by_the_next_part() {
    let fixture = with_base(&five_parts());
    fixture.once("HeadObject", Action { delay_ms: NEVER_MS, ..Action::default() });
    let upload = fixture.initiate();
    let error = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&upload, 1, &five_parts(), &fixture.cancel).unwrap_err());
        fixture.cancel_at("HeadObject");
        sending.join().unwrap()
    });
    assert_eq!(error.kind(), ErrorKind::Canceled, "{error}");
    let cancel = Cancel::never();
    send_all(&upload, &five_parts(), &cancel);
    let uploaded = upload.complete(&cancel).unwrap();
    assert_eq!((uploaded.parts_reused, uploaded.bytes_sent), (5, 0));
    assert!(uploaded.delta_stopped.is_none());
}

#[test]
fn a_late_copy_of_an_earlier_process_is_found_before_complete() {
    let fixture = with_crc64s();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let initiated = fixture.initiate();
    let (id, options) = (initiated.upload_id(), UploadOptions::new());
    let upload = MultipartUpload::attach(client, bucket, key, id, &options).unwrap();
    send_all(&upload, &five_parts(), cancel);
    copy_late(&fixture, &upload);
    assert_part_2_is_replaced(&fixture, &upload, &five_parts());
}

#[test]
fn a_late_copy_of_a_part_that_was_copied_twice_is_found_before_complete() {
    let fixture = with_crc64s();
    let upload = fixture.initiate();
    send(&upload, 2, &five_parts(), &fixture.cancel).unwrap();
    send_all(&upload, &five_parts(), &fixture.cancel);
    copy_late(&fixture, &upload);
    assert_part_2_is_replaced(&fixture, &upload, &five_parts());
}

#[test]
fn a_late_copy_that_failed_with_an_uncertain_outcome_is_found_before_complete() {
    let fixture = Fixture::with_one_attempt();
    fixture.put_five_parts().unwrap();
    fixture.emulator.clear_requests();
    fixture.emulator.change_options(|options| options.copy_crc = true);
    let failed = Action::status(500, "InternalError");
    fixture.emulator.add_rule(Rule::on(COPY, failed).part(2));
    let upload = fixture.initiate();
    send_all(&upload, &five_parts(), &fixture.cancel);
    assert_eq!(fixture.count(COPY), 2, "no other part is copied");
    copy_late(&fixture, &upload);
    assert_part_2_is_replaced(&fixture, &upload, &five_parts());
}

#[test]
fn copies_without_an_uncertain_one_are_completed_without_a_list() {
    let fixture = with_crc64s();
    let upload = fixture.initiate();
    send_all(&upload, &changed_at(PART), &fixture.cancel);
    assert!(upload.complete(&fixture.cancel).unwrap().verified);
    assert_eq!(fixture.stored().unwrap(), changed_at(PART));
    assert_eq!(fixture.count(LIST), 0);
}

#[test]
fn without_list_parts_the_upload_is_completed_and_a_warning_says_so() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Warn));
    fixture.put_five_parts().unwrap();
    fixture.always(LIST, Action::status(403, "AccessDenied"));
    let upload = fixture.initiate();
    send_all(&upload, &changed_at(PART), &fixture.cancel);
    assert!(upload.complete(&fixture.cancel).unwrap().verified);
    assert_eq!(fixture.stored().unwrap(), changed_at(PART));
    let warnings = lines.at(LogLevel::Warn);
    assert!(warnings.iter().any(|line| line.contains("not compared")), "{warnings:?}");
}

#[test]
fn a_cancel_while_the_parts_are_listed_ends_the_call() {
    let fixture = with_base(&five_parts());
    let upload = fixture.initiate();
    send_all(&upload, &five_parts(), &fixture.cancel);
    fixture.once(LIST, Action { delay_ms: NEVER_MS, ..Action::default() });
    let error = std::thread::scope(|scope| {
        let completing = scope.spawn(|| upload.complete(&fixture.cancel).unwrap_err());
        fixture.cancel_at(LIST);
        completing.join().unwrap()
    });
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Canceled, Some(LIST)), "{error}");
    assert!(error.parts_left() && error.object_exists() == ObjectExists::No, "{error}");
    assert!(upload.complete(&Cancel::never()).unwrap().verified);
}

#[test]
fn complete_lists_the_parts_although_all_are_to_be_completed() {
    let fixture = with_base(&five_parts());
    let upload = fixture.initiate();
    send_all(&upload, &five_parts(), &fixture.cancel);
    let mut options = UploadOptions::new();
    options.set_complete_all(true);
    assert!(upload.complete_with(&options, &fixture.cancel).unwrap().verified);
    let requests = fixture.emulator.requests();
    let complete = requests.iter().find(|r| r.op == "CompleteMultipartUpload").unwrap();
    assert!(complete.header("x-oss-complete-all").is_none() && complete.bytes > 0);
}

#[test]
fn an_upload_that_is_gone_ends_the_call_with_the_copy() {
    let fixture = with_base(&five_parts());
    let upload = fixture.initiate();
    send(&upload, 1, &five_parts(), &fixture.cancel).unwrap();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let (id, options) = (upload.upload_id(), UploadOptions::new());
    MultipartUpload::attach(client, bucket, key, id, &options).unwrap().abort().unwrap();
    let error = send(&upload, 2, &five_parts(), cancel).unwrap_err();
    assert_eq!((error.oss_code(), error.operation()), (Some("NoSuchUpload"), Some(COPY)));
    assert!(fixture.emulator.uploads(BUCKET).is_empty());
}

#[test]
fn a_part_without_bytes_is_sent() {
    let fixture = with_base(&five_parts());
    let upload = fixture.initiate();
    upload.upload_part_delta(number(1), Vec::<u8>::new(), 0, &fixture.cancel).unwrap();
    assert_eq!((fixture.count(COPY), fixture.count("UploadPart")), (0, 1));
    upload.complete(&fixture.cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), [0; 0]);
}
