//! Objects and parts whose CRC-64 is missing, malformed or wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oss_emulator::{AccessKey as ServerKey, Action, Commit, Rule};
use ossmpu::{
    AccessKey, Credentials, CredentialsProvider, ErrorKind, Integrity, LogLevel, MultipartUpload,
    ObjectExists, PresignRequest, SentPart, UploadOptions, UploadPart,
};

use crate::fixture::{
    BUCKET, Fixture, Lines, NEVER_MS, PART, RefusedPort, bytes, five_parts, number, small_parts,
};

const COMPLETE: &str = "CompleteMultipartUpload";
const CRC64: &str = "x-oss-hash-crc64ecma";
/// The operations whose responses have the CRC-64 of the object.
const OF_OBJECT: [&str; 3] = ["PutObject", COMPLETE, "HeadObject"];

fn without_crc64() -> Action {
    Action { remove_headers: vec![CRC64.to_owned()], ..Action::default() }
}

fn with_crc64(value: &str) -> Action {
    Action { headers: [(CRC64.to_owned(), value.to_owned())].into(), ..Action::default() }
}

/// One PutObject, and five parts.
fn ways() -> [(UploadOptions, &'static str); 2] {
    [(UploadOptions::new(), "PutObject"), (small_parts(), COMPLETE)]
}

#[test]
fn a_malformed_crc64_is_an_error() {
    for value in ["", "abc", "-5", "+5", "99999999999999999999999", "1 2"] {
        for (options, creates) in ways() {
            let fixture = Fixture::new();
            fixture.always(creates, with_crc64(value));
            fixture.always("HeadObject", with_crc64(value));
            let error = fixture.put(&five_parts(), &options).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Unknown), "{error}");
            assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
            let names_it = error.to_string().contains(CRC64);
            assert!(names_it || error.kind() == ErrorKind::Unknown, "{error}");
        }
        let fixture = Fixture::new();
        fixture.always("UploadPart", with_crc64(value));
        let error = fixture.put_five_parts().unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Protocol, Some("UploadPart")));
        fixture.assert_bucket_empty();
    }
}

/// Bytes in memory that change when credentials are fetched: after the MD5, before they are sent.
struct Changing {
    has_changed: Arc<AtomicBool>,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl AsRef<[u8]> for Changing {
    fn as_ref(&self) -> &[u8] {
        if self.has_changed.load(Ordering::SeqCst) { &self.after } else { &self.before }
    }
}

struct ChangingKeys(Arc<AtomicBool>);

impl CredentialsProvider for ChangingKeys {
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
        self.0.store(true, Ordering::SeqCst);
        Ok(Credentials { access_key: AccessKey::new("id", "secret")?, expires: None })
    }
}

#[test]
fn bytes_that_change_after_their_md5_was_computed_are_refused() {
    let has_changed = Arc::new(AtomicBool::new(false));
    let keys = ChangingKeys(Arc::clone(&has_changed));
    let fixture = Fixture::with(|config| {
        config.set_credentials_provider(keys);
    });
    fixture.emulator.add_key(ServerKey::new("id", "secret"));
    let (before, after) = (bytes(1000), vec![7; 1000]);
    let data = Changing { has_changed, before, after };
    let mut options = UploadOptions::new();
    options.set_integrity(Integrity::MD5);
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let error = client.put_data(bucket, key, data, &options, cancel).unwrap_err();
    assert_eq!(error.oss_code(), Some("InvalidDigest"), "{error}");
    assert_eq!(error.object_exists(), ObjectExists::No);
    fixture.assert_bucket_empty();
}

#[test]
fn a_malformed_crc64_is_replaced_by_that_of_head_object() {
    for (options, creates) in ways() {
        let fixture = Fixture::new();
        fixture.always(creates, with_crc64("abc"));
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert!(uploaded.verified && uploaded.crc64.is_some());
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
}

#[test]
fn head_object_has_the_crc64_that_a_response_does_not_have() {
    for (options, creates) in ways() {
        let fixture = Fixture::new();
        fixture.always(creates, without_crc64());
        fixture.always("UploadPart", without_crc64());
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
        assert_eq!((uploaded.verified, uploaded.crc64), (true, Some(object.crc64)));
        assert_eq!(fixture.count("HeadObject"), 1);
        // Without damage in between no other request is necessary.
        fixture.emulator.clear_rules();
        assert!(fixture.put(&five_parts(), &options).unwrap().verified);
        assert_eq!(fixture.count("HeadObject"), 1);
    }
}

#[test]
fn a_damaged_object_is_an_error_although_the_response_has_no_crc64() {
    for (options, creates) in ways() {
        let fixture = Fixture::new();
        fixture.always(creates, without_crc64());
        fixture.always("HeadObject", Action { bad_crc: true, ..Action::default() });
        let error = fixture.put(&five_parts(), &options).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Integrity, Some(creates)));
        assert_eq!(error.object_exists(), ObjectExists::Yes);
    }
}

#[test]
fn without_an_etag_the_object_of_another_writer_is_not_taken_for_a_damaged_one() {
    let port = RefusedPort::new();
    let url = format!("http://{}/", port.address());
    let callback = format!(r#"{{"callbackUrl":"{url}","callbackBody":"a"}}"#);
    for (mut options, creates) in ways() {
        let fixture = Fixture::new();
        fixture.emulator.set_option("private_callbacks").unwrap();
        options.headers_mut().set_callback(&callback).unwrap();
        let remove_headers = vec![CRC64.to_owned(), "etag".to_owned()];
        fixture.always(creates, Action { remove_headers, ..Action::default() });
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert!(uploaded.etag.is_none() && uploaded.verified, "{creates}");

        fixture.once("HeadObject", with_crc64("1").header("ETag", "\"OTHER\""));
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert!(uploaded.callback_error.is_some() && !uploaded.verified, "{creates}");

        // The ETags of the parts identify the object, and the CRC-64 says that it is damaged.
        if creates == COMPLETE {
            fixture.once("HeadObject", with_crc64("1"));
            let error = fixture.put(&five_parts(), &options).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        }
    }
}

#[test]
fn an_object_whose_crc64_differs_once_is_sent_again() {
    let fixture = Fixture::new();
    fixture.once("PutObject", Action { bad_crc: true, ..Action::default() });
    assert!(fixture.put(b"x", &UploadOptions::new()).unwrap().verified);
    assert_eq!(fixture.operations(), ["PutObject", "PutObject"]);
}

#[test]
fn an_object_without_any_crc64_is_reported_as_not_verified() {
    for (options, _) in ways() {
        let lines = Lines::default();
        let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Warn));
        OF_OBJECT.iter().for_each(|operation| fixture.always(operation, without_crc64()));
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert_eq!((uploaded.verified, uploaded.crc64), (false, None));
        assert!(lines.all().iter().any(|line| line.contains("was not compared")));
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
}

#[test]
fn verification_can_be_required() {
    for (mut options, creates) in ways() {
        // The option implies the check.
        options.set_require_verified(true).set_integrity(Integrity::NONE);
        let fixture = Fixture::new();
        assert!(fixture.put(&five_parts(), &options).unwrap().verified);
        OF_OBJECT.iter().for_each(|operation| fixture.always(operation, without_crc64()));
        let error = fixture.put(&five_parts(), &options).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Integrity, Some(creates)));
        assert_eq!(error.object_exists(), ObjectExists::Yes);
        fixture.assert_nothing_left();
    }
}

#[test]
fn verification_can_be_required_of_an_object_that_head_object_shows() {
    for (mut options, operation) in ways() {
        let fixture = Fixture::with(|config| {
            config.set_max_attempts(1).unwrap();
        });
        fixture.always(operation, Action::lose_response(Commit::After));
        options.set_require_verified(true);
        assert!(fixture.put(&five_parts(), &options).unwrap().verified, "{operation}");
        fixture.always("HeadObject", without_crc64());
        let error = fixture.put(&five_parts(), &options).unwrap_err();
        assert_eq!(
            (error.kind(), error.object_exists()),
            (ErrorKind::Integrity, ObjectExists::Yes)
        );
        options.set_require_verified(false);
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert!(!uploaded.verified, "only its ETag shows that it is the object");
    }
}

#[test]
fn nothing_is_verified_without_the_check() {
    for (mut options, _) in ways() {
        options.set_integrity(Integrity::NONE);
        let fixture = Fixture::new();
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        assert!(!uploaded.verified && uploaded.crc64.is_some());
        assert_eq!(fixture.count("HeadObject"), 0);
    }
}

#[test]
fn an_object_that_another_writer_replaces_is_not_taken_for_a_damaged_one() {
    let fixture = Fixture::new();
    let slow = Action { delay_response_ms: NEVER_MS, ..without_crc64() };
    fixture.once(COMPLETE, slow);
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| fixture.put_five_parts());
        fixture.wait_until(|requests| requests.iter().any(|r| r.op == COMPLETE && r.status != 0));
        fixture.put(b"other", &UploadOptions::new()).unwrap();
        fixture.emulator.end_delays();
        assert!(!upload.join().unwrap().unwrap().verified);
    });
    assert_eq!(fixture.stored().unwrap(), b"other");
}

/// The presigned URL of the first part of an upload.
fn url_of_part(fixture: &Fixture, upload: &MultipartUpload) -> String {
    let part = UploadPart::new(&fixture.bucket, &fixture.key, upload.upload_id(), number(1));
    let request = PresignRequest::UploadPart(part);
    let signed = fixture.client.presign(&request, Duration::from_secs(60), &fixture.cancel);
    signed.unwrap().url
}

#[test]
fn the_etag_of_a_part_that_is_sent_to_a_url_is_compared_with_its_md5() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let url = url_of_part(&fixture, &upload);
    let mut options = UploadOptions::new();
    options.set_integrity(Integrity::MD5);
    client.put_part_url(&url, bytes(9), &options, cancel).unwrap();
    fixture.once("UploadPart", Action { bad_etag: true, ..Action::default() });
    let error = client.put_part_url(&url, bytes(9), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Integrity, Some(1)), "{error}");

    // The ETag of an encrypted part need not be its MD5.
    let mut encrypted = UploadOptions::new();
    encrypted.headers_mut().set_server_side_encryption("KMS").unwrap();
    let upload = MultipartUpload::initiate(client, bucket, key, &encrypted, cancel).unwrap();
    let url = url_of_part(&fixture, &upload);
    fixture.emulator.change_options(|options| options.opaque_part_etags = true);
    upload.add_part(client.put_part_url(&url, bytes(9), &options, cancel).unwrap()).unwrap();
    assert!(upload.complete(cancel).unwrap().verified);
}

#[test]
fn the_crc64_of_a_part_is_not_compared_if_it_is_unwanted() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", Action { bad_crc: true, ..Action::default() });
    let mut options = small_parts();
    options.set_integrity(Integrity::NONE);
    fixture.put(&five_parts(), &options).unwrap();
    assert_eq!(fixture.count("UploadPart"), 5);
}

#[test]
fn the_crc64_of_a_put_object_is_not_compared_if_it_is_unwanted() {
    let fixture = Fixture::with_one_attempt();
    fixture.always("PutObject", Action { bad_crc: true, ..Action::default() });
    let mut options = UploadOptions::new();
    options.set_integrity(Integrity::NONE);
    assert!(!fixture.put(&bytes(9), &options).unwrap().verified);
}

#[test]
fn the_crc64_of_a_part_that_is_sent_to_a_url_is_compared_unless_it_is_unwanted() {
    let fixture = Fixture::with_one_attempt();
    let upload = fixture.initiate();
    let Fixture { client, cancel, .. } = &fixture;
    let url = url_of_part(&fixture, &upload);
    fixture.always("UploadPart", Action { bad_crc: true, ..Action::default() });
    let mut options = UploadOptions::new();
    let error = client.put_part_url(&url, bytes(9), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Integrity, Some(1)), "{error}");
    options.set_integrity(Integrity::NONE);
    client.put_part_url(&url, bytes(9), &options, cancel).unwrap();
}

#[test]
fn options_of_whole_objects_are_refused_for_a_part_that_is_sent_to_a_url() {
    let fixture = Fixture::new();
    let Fixture { client, cancel, .. } = &fixture;
    let upload = fixture.initiate();
    let url = url_of_part(&fixture, &upload);
    let refused = |change: &dyn Fn(&mut UploadOptions)| {
        let mut options = UploadOptions::new();
        change(&mut options);
        let error = client.put_part_url(&url, bytes(9), &options, cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        error.argument().unwrap().to_owned()
    };
    let named = [
        refused(&|options| _ = options.set_checkpoint_dir("/tmp")),
        refused(&|options| _ = options.set_upload_id(upload.upload_id().clone())),
        refused(&|options| _ = options.set_delta(true)),
        refused(&|options| _ = options.set_expected_crc64(1)),
        refused(&|options| _ = options.set_expected_md5([0; 16])),
    ];
    let names = ["checkpoint_dir", "upload_id", "delta", "expected_crc64", "expected_md5"];
    assert_eq!(named, names);
    assert_eq!(fixture.count("UploadPart"), 0);
}

#[test]
fn complete_all_compares_the_bytes_that_were_sent_with_those_that_oss_has() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let sent = upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    // As if the part was damaged on its way, and the response had no CRC-64.
    upload.add_part(SentPart { crc64: sent.crc64.map(|crc64| crc64 ^ 1), ..sent }).unwrap();
    let mut options = UploadOptions::new();
    options.set_complete_all(true);
    let error = upload.complete_with(&options, &fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::No));
    assert_eq!(fixture.stored(), None);
}

#[test]
fn a_repeated_put_object_that_a_rule_of_the_bucket_refuses_was_successful() {
    for code in ["FileAlreadyExists", "FileImmutable"] {
        for has_connection in [false, true] {
            let fixture = Fixture::new();
            if has_connection {
                // On a kept connection the second request does not count as another attempt.
                let upload = fixture.initiate();
                upload.abort().unwrap();
            }
            fixture.once("PutObject", Action::lose_response(Commit::After));
            let refused = Rule::on("PutObject", Action::status(409, code));
            fixture.emulator.add_rule(refused.nth(2).always());
            let uploaded = fixture.put(b"once", &UploadOptions::new()).unwrap();
            assert!(uploaded.verified, "{code}");
            assert_eq!(fixture.stored().unwrap(), b"once");
            assert_eq!((fixture.count("PutObject"), fixture.count("HeadObject")), (2, 1));
        }
    }
}

#[test]
fn a_put_object_that_a_rule_of_the_bucket_refuses_at_once_has_failed() {
    let fixture = Fixture::new();
    fixture.put(b"same", &UploadOptions::new()).unwrap();
    fixture.always("PutObject", Action::status(409, "FileImmutable"));
    let error = fixture.put(b"other", &UploadOptions::new()).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Service, ObjectExists::No));
    // Even if another call has stored the same bytes in this second.
    let error = fixture.put(b"same", &UploadOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
}
