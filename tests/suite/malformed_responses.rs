//! Malformed, truncated and false responses.

use oss_emulator::{Action, Rule};
use ossmpu::{
    ErrorKind, Integrity, ListMultipartUploads, LogLevel, MultipartUpload, ObjectExists, Result,
    SentPart, UploadOptions,
};

use crate::fixture::{
    BUCKET, Fixture, Lines, MIB, PART, RefusedPort, bytes, five_parts, number, small_parts,
};

const INITIATE: &str = "InitiateMultipartUpload";
const COMPLETE: &str = "CompleteMultipartUpload";
const LIST_UPLOADS: &str = "ListMultipartUploads";
const ERROR: &str = "<Error><Code>InternalError</Code><Message>Sorry.</Message></Error>";

/// Malformed bodies of a response with status 200.
const MALFORMED: [&str; 6] = [
    "",
    "gibberish",
    "<html><body>Sign in to the hotel network</body></html>",
    "<CompleteMultipartUploadResult><ETag>\"A",
    "<InitiateMultipartUploadResult/>",
    "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>",
];

fn list_uploads(fixture: &Fixture) -> Result<usize> {
    let request = ListMultipartUploads::new(&fixture.bucket);
    let page = fixture.client.list_multipart_uploads(&request, &fixture.cancel)?;
    Ok(page.uploads.len())
}

#[test]
fn an_initiate_response_without_an_upload_id_is_a_protocol_error() {
    for body in MALFORMED {
        let fixture = Fixture::new();
        fixture.always(INITIATE, Action::raw(200, body));
        let error = fixture.put_five_parts().unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Protocol, Some(INITIATE)));
        assert_eq!((error.http_status(), error.attempts()), (Some(200), 1), "{error}");
        assert!(error.request_id().is_some(), "{error}");
        assert!(error.upload_may_exist() && error.is_retryable(), "{error}");
        assert_eq!(fixture.operations(), [INITIATE]);
    }
}

#[test]
fn an_error_document_with_status_200_fails_initiate() {
    let fixture = Fixture::new();
    fixture.always(INITIATE, Action::raw(200, ERROR));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("InternalError")));
    assert_eq!((error.http_status(), error.oss_message()), (Some(200), Some("Sorry.")));
    fixture.assert_bucket_empty();
}

#[test]
fn a_complete_with_one_malformed_response_is_retried() {
    for body in MALFORMED.into_iter().chain([ERROR]) {
        let fixture = Fixture::new();
        fixture.once(COMPLETE, Action::raw(200, body));
        fixture.put_five_parts().unwrap();
        assert_eq!(fixture.count(COMPLETE), 2, "{body}");
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
}

#[test]
fn a_complete_with_only_malformed_responses_fails_and_leaves_nothing_behind() {
    for body in ["", ERROR] {
        let fixture = Fixture::with(|config| {
            config.set_max_attempts(2).unwrap();
        });
        fixture.always(COMPLETE, Action::raw(200, body));
        let error = fixture.put_five_parts().unwrap_err();
        // A success response before the end of the request violates the protocol.
        assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Service), "{error}");
        assert_eq!((error.operation(), error.http_status().unwrap_or(200)), (Some(COMPLETE), 200));
        assert_eq!(error.object_exists(), ObjectExists::No);
        assert!(!error.parts_left(), "{error}");
        fixture.assert_bucket_empty();
    }
}

#[test]
fn a_complete_that_took_effect_with_a_malformed_response_is_resolved_by_head_object() {
    for body in MALFORMED.into_iter().chain([ERROR]) {
        let fixture = Fixture::new();
        fixture.once(COMPLETE, Action::raw(200, body).after_commit());
        let uploaded = fixture.put_five_parts().unwrap();
        let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
        assert_eq!(uploaded.crc64, Some(object.crc64));
        assert_eq!(uploaded.etag.unwrap().unquoted(), object.etag);
        assert_eq!((fixture.count(COMPLETE), fixture.count("HeadObject")), (1, 1));
    }
}

#[test]
fn a_document_that_declares_entities_is_refused() {
    let mut bomb = "<!DOCTYPE b [<!ENTITY e0 \"boom\">".to_owned();
    for level in 1..20 {
        let reference = format!("&e{};", level - 1).repeat(10);
        bomb.push_str(&format!("<!ENTITY e{level} \"{reference}\">"));
    }
    bomb.push_str("]><ListMultipartUploadsResult><Prefix>&e19;</Prefix>");
    bomb.push_str("<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
    let stolen = "<!DOCTYPE b [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
        <ListMultipartUploadsResult><Prefix>&f;</Prefix></ListMultipartUploadsResult>";
    for document in [&bomb, stolen] {
        let fixture = Fixture::new();
        fixture.always(LIST_UPLOADS, Action::raw(200, document));
        let error = list_uploads(&fixture).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(!error.to_string().contains("root:"), "{error}");
    }
}

#[test]
fn a_truncated_response_is_retried() {
    for byte in [1, 20, 250] {
        let fixture = Fixture::new();
        fixture.once(LIST_UPLOADS, Action { cut_response_at: Some(byte), ..Action::default() });
        assert_eq!(list_uploads(&fixture).unwrap(), 0);
        assert_eq!(fixture.count(LIST_UPLOADS), 2);
    }
}

#[test]
fn a_response_that_is_always_truncated_is_a_network_error() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(2).unwrap();
    });
    fixture.always(LIST_UPLOADS, Action { cut_response_at: Some(100), ..Action::default() });
    let error = list_uploads(&fixture).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 2), "{error}");
    assert!(error.is_retryable());
}

#[test]
fn the_size_of_a_response_is_limited() {
    let fixture = Fixture::new();
    let body = "<ListMultipartUploadsResult>".repeat(17 * 1024 * 1024 / 28);
    fixture.always(LIST_UPLOADS, Action::raw(200, body));
    let error = list_uploads(&fixture).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[test]
fn a_part_with_a_wrong_crc_is_retried() {
    let fixture = Fixture::new();
    let action = Action { bad_crc: true, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPart", action).part(3));
    fixture.put_five_parts().unwrap();
    assert_eq!(fixture.count("UploadPart"), 6);
    assert_eq!(fixture.stored().unwrap(), five_parts());
}

#[test]
fn a_part_whose_crc_stays_wrong_is_an_integrity_error_and_leaves_nothing_behind() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(2).unwrap();
    });
    let action = Action { bad_crc: true, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPart", action).part(3).always());
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.part_number()), (ErrorKind::Integrity, Some(3)), "{error}");
    assert_eq!((error.attempts(), error.bytes_sent()), (2, PART));
    assert_eq!(error.object_exists(), ObjectExists::No);
    fixture.assert_bucket_empty();
}

#[test]
fn an_object_with_a_wrong_crc_is_an_error_that_reports_the_object() {
    let fixture = Fixture::new();
    fixture.once(COMPLETE, Action { bad_crc: true, ..Action::default() });
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(error.object_exists(), ObjectExists::Yes);
    assert!(!error.parts_left() && error.to_string().contains("the object exists"), "{error}");
    assert_eq!(fixture.count("AbortMultipartUpload"), 0);
    assert!(fixture.stored().is_some());
}

#[test]
fn a_put_object_with_a_wrong_crc_is_retried() {
    let fixture = Fixture::new();
    fixture.once("PutObject", Action { bad_crc: true, ..Action::default() });
    fixture.put(&bytes(1000), &UploadOptions::new()).unwrap();
    assert_eq!(fixture.count("PutObject"), 2);
}

#[test]
fn a_put_object_whose_crc_stays_wrong_is_an_error_that_reports_the_object() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(2).unwrap();
    });
    fixture.always("PutObject", Action { bad_crc: true, ..Action::default() });
    let error = fixture.put(&bytes(1000), &UploadOptions::new()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Integrity, 2), "{error}");
    assert_eq!(error.object_exists(), ObjectExists::Yes, "{error}");
    assert!(fixture.stored().is_some());
}

#[test]
fn without_any_crc_the_upload_succeeds_and_a_warning_is_logged() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Warn));
    fixture.emulator.set_option("no_crc").unwrap();
    let uploaded = fixture.put_five_parts().unwrap();
    assert_eq!(uploaded.crc64, None);
    let warnings = lines.at(LogLevel::Warn);
    assert!(warnings.iter().any(|line| line.starts_with("UploadPart: ")), "{warnings:?}");
    assert!(warnings.iter().any(|line| line.contains("object was not compared")), "{warnings:?}");
}

#[test]
fn a_crc_that_is_missing_from_complete_is_read_with_head_object() {
    let fixture = Fixture::new();
    let header = "x-oss-hash-crc64ecma".to_owned();
    let without_crc = Action { remove_headers: vec![header], ..Action::default() };
    fixture.always(COMPLETE, without_crc);
    let uploaded = fixture.put_five_parts().unwrap();
    let object = fixture.emulator.object(BUCKET, fixture.key.as_str()).unwrap();
    assert_eq!(uploaded.crc64, Some(object.crc64));
    assert_eq!(fixture.count("HeadObject"), 1);

    fixture.always("HeadObject", Action { bad_crc: true, ..Action::default() });
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::Yes));
    fixture.assert_nothing_left();
}

#[test]
fn an_object_of_another_size_is_an_error_when_crcs_are_missing() {
    let fixture = Fixture::new();
    fixture.emulator.set_option("no_crc").unwrap();
    fixture.always("HeadObject", Action::default().header("Content-Length", "1"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::Yes));

    // The CRC-64 of an added part is not known.
    let upload = fixture.initiate();
    let part = upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    upload.add_part(SentPart { crc64: None, ..part }).unwrap();
    fixture.emulator.set_option("no_crc=false").unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Integrity, ObjectExists::Yes));
}

#[test]
fn a_wrong_etag_is_detected_where_an_md5_was_sent() {
    let fixture = Fixture::new();
    let action = Action { bad_etag: true, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPart", action).part(2));
    let upload = fixture.initiate();
    let mut options = small_parts();
    options.set_integrity(Integrity::MD5);
    let upload = MultipartUpload::attach(
        &fixture.client,
        &fixture.bucket,
        &fixture.key,
        upload.upload_id(),
        &options,
    )
    .unwrap();
    upload.upload_part(number(2), bytes(PART), &fixture.cancel).unwrap();
    assert_eq!(fixture.count("UploadPart"), 2);
}

#[test]
fn a_wrong_etag_without_an_md5_fails_at_complete_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let action = Action { bad_etag: true, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPart", action).part(2));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("InvalidPart")));
    assert_eq!(error.part_number(), Some(2), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn an_early_error_response_to_a_large_body_is_read() {
    let fixture = Fixture::new();
    let denied = Action::status(403, "AccessDenied");
    fixture.emulator.add_rule(Rule::on("PutObject", denied).always());
    let mut options = UploadOptions::new();
    options.set_single_below(100 * MIB).unwrap();
    let error = fixture.put(&bytes(64 * MIB), &options).unwrap_err();
    assert_eq!(
        (error.kind(), error.oss_code()),
        (ErrorKind::Service, Some("AccessDenied")),
        "{error}"
    );
    assert_eq!((error.attempts(), error.object_exists()), (1, ObjectExists::No));
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fixture::new();
    for status in [301, 302, 307, 308] {
        let fixture = Fixture::new();
        let moved = Action::raw(status, "").header("Location", elsewhere.emulator.url());
        fixture.always(INITIATE, moved);
        let error = fixture.put_five_parts().unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(status)));
        assert!(error.cause().unwrap().contains(elsewhere.emulator.url()), "{error:?}");
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(elsewhere.operations(), [""; 0]);
}

#[test]
fn a_failed_callback_is_reported_in_a_successful_result() {
    let fixture = Fixture::new();
    fixture.emulator.set_option("private_callbacks").unwrap();
    let port = RefusedPort::new();
    let url = format!("http://{}/", port.address());
    let callback = format!(r#"{{"callbackUrl":"{url}","callbackBody":"a"}}"#);
    for single_below in [0, 1 << 30] {
        let mut options = small_parts();
        options.headers_mut().set_callback(&callback).unwrap();
        options.set_single_below(single_below).unwrap();
        let uploaded = fixture.put(&five_parts(), &options).unwrap();
        let failed = uploaded.callback_error.unwrap();
        assert_eq!((failed.http_status(), failed.oss_code()), (Some(203), Some("CallbackFailed")));
        assert_eq!(failed.object_exists(), ObjectExists::Yes);
        assert_eq!(fixture.stored().unwrap(), five_parts());
    }
    assert_eq!((fixture.count(COMPLETE), fixture.count("PutObject")), (1, 1));
    assert_eq!(fixture.count("AbortMultipartUpload"), 0);
}

#[test]
fn variants_of_responses_are_parsed() {
    for switch in ["xml_namespace", "odd_upload_ids", "plus_for_space", "empty_last_marker"] {
        let fixture = Fixture::new();
        fixture.emulator.set_option(switch).unwrap();
        let uploaded = fixture.put_five_parts().unwrap();
        assert_eq!(uploaded.parts, 5, "{switch}");
        assert_eq!(fixture.stored().unwrap(), five_parts(), "{switch}");
        let upload = fixture.initiate();
        upload.upload_part(number(1), bytes(1), &fixture.cancel).unwrap();
        assert_eq!(list_uploads(&fixture).unwrap(), 1, "{switch}");
        upload.abort().unwrap();
        fixture.assert_nothing_left();
    }
}
