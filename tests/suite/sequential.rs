//! Sequential uploads: parts in order, each stored once.

use md5::{Digest, Md5};
use oss_emulator::{Action, Commit, RequestRecord, Rule};
use ossmpu::{ErrorKind, MultipartUpload, UploadOptions};

use crate::fixture::{Fixture, MIB, PART, bytes, five_parts, number, small_parts};

fn in_order() -> UploadOptions {
    let mut options = small_parts();
    options.set_sequential(true);
    options
}

fn part_numbers(requests: &[RequestRecord]) -> Vec<u32> {
    requests.iter().filter_map(|request| request.part_number).collect()
}

#[test]
fn parts_are_sent_in_order_and_a_slow_one_is_not_hedged() {
    let fixture = Fixture::new();
    fixture.emulator.add_rule(Rule::on("UploadPart", Action::delay_response(1_500)).part(5));
    fixture.put(&five_parts(), &in_order()).unwrap();
    assert_eq!(part_numbers(&fixture.emulator.requests()), [1, 2, 3, 4, 5]);
    assert_eq!(fixture.stored().unwrap(), five_parts());
}

#[test]
fn a_part_whose_response_was_lost_is_already_stored() {
    let fixture = Fixture::new();
    let lost = Action::lose_response(Commit::After);
    fixture.emulator.add_rule(Rule::on("UploadPart", lost).part(3));
    fixture.put(&five_parts(), &in_order()).unwrap();
    let requests = fixture.emulator.requests();
    assert_eq!(part_numbers(&requests), [1, 2, 3, 3, 4, 5]);
    assert!(requests.iter().any(|request| request.code.as_deref() == Some("PartAlreadyExist")));
    assert_eq!(fixture.stored().unwrap(), five_parts());
    fixture.assert_nothing_left();
}

/// The error response arrives before the body is read; the CRC-64 of the object is known anyway.
#[test]
fn a_stored_part_may_be_refused_before_its_body_is_read() {
    let fixture = Fixture::new();
    let content = bytes(16 * MIB + 1);
    let etag: String =
        Md5::digest(&content[..16 << 20]).iter().map(|byte| format!("{byte:02X}")).collect();
    let conflict = format!(
        "<?xml version=\"1.0\"?><Error><Code>PartAlreadyExist</Code>\
         <PartNumber>1</PartNumber><ETag>\"{etag}\"</ETag></Error>"
    );
    let lost = Rule::on("UploadPart", Action::lose_response(Commit::After)).part(1);
    fixture.emulator.add_rule(lost);
    fixture.emulator.add_rule(Rule::on("UploadPart", Action::raw(409, conflict)).part(1).nth(2));
    let mut options = in_order();
    options.set_part_size(16 * MIB).unwrap();
    fixture.put(&content, &options).unwrap();
    let requests = fixture.emulator.requests();
    let unread = requests.iter().filter(|request| request.status == 409);
    assert!(
        unread.map(|request| request.bytes).eq([0]),
        "the response must arrive before the body is read"
    );
    assert!(fixture.stored().unwrap() == content);
}

#[test]
fn a_part_that_another_client_has_stored_is_an_error() {
    let fixture = Fixture::new();
    let lost = Action::lose_response(Commit::Before);
    fixture.emulator.add_rule(Rule::on("UploadPart", lost).part(2));
    let conflict = "<Error><Code>PartAlreadyExist</Code><PartNumber>2</PartNumber>\
                   <ETag>\"00000000000000000000000000000000\"</ETag></Error>";
    let other = Rule::on("UploadPart", Action::raw(409, conflict)).part(2).nth(2);
    fixture.emulator.add_rule(other);
    let error = fixture.put(&five_parts(), &in_order()).unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(409)), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_part_that_an_earlier_call_has_stored_is_accepted_only_with_the_same_bytes() {
    let fixture = Fixture::with_one_attempt();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let upload = MultipartUpload::initiate(client, bucket, key, &in_order(), cancel).unwrap();
    let content = bytes(PART);
    // The caller of this call may not know that it was successful.
    upload.upload_part(number(1), content.clone(), cancel).unwrap();
    let error = upload.upload_part(number(1), b"other".to_vec(), cancel).unwrap_err();
    assert_eq!(error.oss_code(), Some("PartAlreadyExist"), "{error}");
    upload.upload_part(number(1), content.clone(), cancel).unwrap();
    upload.complete(cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
}
