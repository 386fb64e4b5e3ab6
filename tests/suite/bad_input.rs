//! Invalid arguments: the error names the argument, and no request is sent.

use ossmpu::{
    BucketName, Client, CompleteMultipartUpload, Config, ErrorKind, ObjectKey, PartNumber,
    SentPart, UploadOptions,
};

use crate::fixture::{Fixture, PART, bytes, config, number, small_parts};

#[test]
fn bucket_names_outside_the_rules_are_invalid() {
    let too_long = "b".repeat(64);
    for bad in ["", "ab", "Bucket", "a_bucket", "a.bucket", "-bucket", "bucket-", &too_long] {
        let error = BucketName::parse(bad).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("bucket")), "{bad}");
        assert!(error.to_string().starts_with("bucket: a bucket name"), "{error}");
    }
}

#[test]
fn keys_outside_the_rules_are_invalid() {
    let too_long = "中".repeat(342);
    for bad in ["", "/key", "\\key", &too_long] {
        let error = ObjectKey::parse(bad).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("key")), "{bad}");
    }
}

#[test]
fn part_numbers_outside_1_to_10000_are_invalid() {
    for bad in [0, 10_001, -1_i64] {
        let error = PartNumber::try_from(bad).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("part_number")));
        assert!(error.to_string().contains(&bad.to_string()), "{error}");
    }
}

#[test]
fn part_sizes_outside_the_limits_are_invalid() {
    for bad in [PART - 1, 5 * 1024 * 1024 * 1024 + 1] {
        let error = UploadOptions::new().set_part_size(bad).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("part_size")));
    }
}

#[test]
fn a_small_part_that_is_not_the_last_is_an_error_before_complete_is_sent() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    upload.upload_part(number(2), bytes(PART - 1), &fixture.cancel).unwrap();
    upload.upload_part(number(3), bytes(1), &fixture.cancel).unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("size")));
    assert_eq!(error.part_number(), Some(2));
    assert_eq!(fixture.count("CompleteMultipartUpload"), 0);
    // Nothing is lost: the part can be replaced and the upload completed.
    upload.upload_part(number(2), bytes(PART), &fixture.cancel).unwrap();
    assert_eq!(upload.complete(&fixture.cancel).unwrap().size, 2 * PART + 1);
}

#[test]
fn a_small_part_that_only_the_service_detects_can_be_replaced() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let small = upload.upload_part(number(1), bytes(10), &fixture.cancel).unwrap();
    upload.upload_part(number(2), bytes(10), &fixture.cancel).unwrap();
    let all = CompleteMultipartUpload::all(&fixture.bucket, &fixture.key, upload.upload_id());
    let error = fixture.client.complete_multipart_upload(&all, &fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("EntityTooSmall")));
    assert_eq!(error.operation(), Some("CompleteMultipartUpload"));

    upload.add_part(SentPart { size: PART, ..small }).unwrap();
    let error = upload.complete(&fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("EntityTooSmall")));
    assert_eq!(error.upload_id(), Some(upload.upload_id().as_str()));
    assert!(error.parts_left());

    upload.upload_part(number(1), bytes(PART), &fixture.cancel).unwrap();
    upload.complete(&fixture.cancel).unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn a_bucket_that_does_not_exist_is_a_service_error() {
    let fixture = Fixture::new();
    let bucket = BucketName::parse("no-such-bucket").unwrap();
    let client = &fixture.client;
    let error = client
        .put_data(&bucket, &fixture.key, bytes(3 * PART), &small_parts(), &fixture.cancel)
        .unwrap_err();
    assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("NoSuchBucket")));
    assert_eq!(fixture.operations(), ["InitiateMultipartUpload"]);
}

#[test]
fn a_client_without_a_region_is_invalid() {
    let fixture = Fixture::new();
    let mut config = Config::new();
    config.set_endpoint(fixture.emulator.url()).unwrap();
    config.set_keys("test-id", "test-secret", None).unwrap();
    let error = Client::new(&config).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("region")));
}

#[test]
fn a_client_without_credentials_is_an_error() {
    let mut config = Config::new();
    config.set_region("cn-hangzhou").unwrap();
    let error = Client::new(&config).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Credentials, Some("credentials")));
}

#[test]
fn invalid_access_keys_are_not_shown_in_the_error() {
    for (id, secret) in [("", "hidden-secret"), ("id", ""), ("a\nb", "hidden-secret")] {
        let error = Config::new().set_keys(id, secret, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.argument().unwrap().starts_with("access_key_"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hidden-secret"), "{error}");
    }
}

#[test]
fn malformed_endpoints_are_invalid() {
    for bad in [
        "",
        "ftp://oss.invalid",
        "http://",
        "http://host:port",
        "http://host:0",
        "http://a b",
        "http://host/path",
        "http://user@host",
        "http://[::1",
        "http://1.2.3",
    ] {
        let error = Config::new().set_endpoint(bad).unwrap_err();
        assert_eq!(
            (error.kind(), error.argument()),
            (ErrorKind::Invalid, Some("endpoint")),
            "{bad}"
        );
    }
}

#[test]
fn the_error_for_an_endpoint_that_contains_the_bucket_names_the_right_one() {
    let fixture = Fixture::with(|config| {
        config.set_endpoint("http://suite-bucket.oss.invalid").unwrap();
    });
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("endpoint")));
    assert!(error.to_string().contains("use oss.invalid as the endpoint"), "{error}");
}

#[test]
fn a_region_with_the_prefix_of_the_host_is_invalid() {
    let fixture = Fixture::new();
    let error = config(&fixture.emulator).set_region("oss-cn-hangzhou").unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("region")));
}
