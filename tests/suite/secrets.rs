//! No secret, token, password or signature occurs in any log line, error or `Debug` output.
//!
//! The signatures are those that the servers of the test have received.

mod mirror;
mod secret_scan;

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use oss_emulator::{AccessKey as Key, Action, Commit};
use ossmpu::{
    AccessKey, Cancel, Client, Config, CredentialsSource, ErrorKind, LogLevel, MultipartUpload,
    PresignRequest, PresignedUrl, ProxySetting, SignatureVersion, UploadOptions, UploadPart,
};

use crate::fixture::{Fixture, Lines, PART, bytes, file, five_parts, number, small_parts};
use mirror::Mirror;
use secret_scan::SecretScan;

const SECRET: &str = "plantedSecret0f83Qm1";
const OTHER_SECRET: &str = "plantedSecret0therXy7";
/// Contains characters that a URL escapes.
const TOKEN: &str = "plantedToken/CAIS+gw1q6Ft5B2y==";
const PASSWORD: &str = "plantedPassw0rd";

#[test]
fn no_secret_is_in_any_output_with_either_signature_version() {
    for version in [SignatureVersion::V4, SignatureVersion::V1] {
        let scan = SecretScan::new();
        scan.add_secrets(&[SECRET, OTHER_SECRET, TOKEN]);
        let fixture = session(version, &scan);
        uploads(&fixture, &scan);
        presigned(&fixture, &scan);
        failures(&fixture, version, &scan);
        scan.add_signatures(&fixture.emulator.requests());
        assert!(scan.signatures() > 20, "the servers have received too few signatures");
        assert!(scan.lines() > 50, "there are too few log lines");
        scan.assert_no_secret();
    }
}

#[test]
fn secrets_that_a_server_echoes_are_redacted() {
    for version in [SignatureVersion::V4, SignatureVersion::V1] {
        let scan = SecretScan::new();
        scan.add_secrets(&[SECRET, TOKEN]);
        let fixture = session(version, &scan);
        let signed = presign(&fixture);
        for mirror in Mirror::every_kind() {
            let client = client(version, &scan, |config| {
                config.set_endpoint(&mirror.url()).unwrap();
            });
            let (bucket, key, cancel) = (&fixture.bucket, &fixture.key, &fixture.cancel);
            let content = bytes(PART);
            let options = UploadOptions::new();
            scan.err(client.put_data(bucket, key, content, &options, cancel));
            scan.err(MultipartUpload::initiate(&client, bucket, key, &options, cancel));
            let (_, query) = signed.url.split_once('?').unwrap();
            let url = format!("{}/suite-bucket/key?{query}", mirror.url());
            scan.err(client.put_part_url(&url, bytes(1), &options, cancel));
            scan.add_mirrored(&mirror);
            // HeadObject may be sent as well, to resolve the outcome of PutObject.
            let sent = mirror.requests();
            let sent = sent.iter().filter(|head| !head.starts_with("HEAD "));
            assert_eq!(sent.count(), 3, "{mirror:?}");
        }
        scan.assert_no_secret();
    }
}

#[test]
fn the_password_of_a_proxy_is_redacted() {
    let scan = SecretScan::new();
    scan.add_secrets(&[SECRET, PASSWORD, &BASE64_STANDARD.encode(format!("user:{PASSWORD}"))]);
    let fixture = session(SignatureVersion::V4, &scan);
    for mirror in Mirror::every_kind() {
        for scheme in ["http", "socks5", "socks4a", "https"] {
            let url = format!("{scheme}://user:{PASSWORD}@{}", mirror.address());
            let client = client(SignatureVersion::V4, &scan, |config| {
                config
                    .set_proxy(ProxySetting::Url(url))
                    .set_endpoint("http://127.0.0.1:9")
                    .unwrap();
                config.set_connect_timeout(Duration::from_millis(200)).unwrap();
            });
            scan.debug(&client);
            let options = UploadOptions::new();
            let (bucket, key) = (&fixture.bucket, &fixture.key);
            scan.err(client.put_data(bucket, key, bytes(1), &options, &fixture.cancel));
        }
    }
    for bad in ["ftp://user", "http://:80@user", "socks5://us er"] {
        let mut config = Config::new();
        config.set_keys("id", SECRET, None).unwrap();
        config.set_proxy(ProxySetting::Url(format!("{bad}:{PASSWORD}@")));
        scan.debug(&config);
        scan.err(Client::new(&config));
    }
    scan.assert_no_secret();
}

#[test]
fn secrets_in_valid_and_invalid_settings_are_redacted() {
    let scan = SecretScan::new();
    scan.add_secrets(&[SECRET, TOKEN, PASSWORD]);
    let key = AccessKey::new("id", SECRET).unwrap().with_token(TOKEN).unwrap();
    scan.debug(&key);
    scan.debug(&CredentialsSource::Fixed(key));
    scan.debug(&ProxySetting::Url(format!("http://user:{PASSWORD}@h")));
    let mut config = Config::new();
    config.set_keys("id", SECRET, Some(TOKEN)).unwrap();
    config.set_proxy(ProxySetting::Url(format!("http://user:{PASSWORD}@h")));
    scan.debug(&config);
    scan.err(config.set_keys("id", &format!("{SECRET}\n"), None).map(|_| ()));
    scan.err(config.set_keys("id", SECRET, Some(&format!("{TOKEN} "))).map(|_| ()));
    scan.err(config.set_keys("", SECRET, None).map(|_| ()));
    scan.err(config.set_endpoint(&format!("http://user:{PASSWORD}@h")).map(|_| ()));
    scan.assert_no_secret();
}

#[test]
fn the_scan_finds_planted_secrets() {
    for planted in [SECRET.to_owned(), format!("a{TOKEN}b"), "CAIS%2Bgw1q6Ft5B2y%3D%3D".to_owned()]
    {
        let scan = SecretScan::new();
        scan.add_secrets(&[SECRET, TOKEN]);
        scan.debug(&"nothing here");
        assert_eq!(scan.found(), None);
        scan.debug(&planted);
        assert!(scan.found().is_some(), "{planted}");
    }
    // It also finds text in log lines.
    let scan = SecretScan::new();
    let fixture = session(SignatureVersion::V4, &scan);
    fixture.put(&bytes(1), &UploadOptions::new()).unwrap();
    scan.add_secrets(&["Authorization: ***"]);
    assert!(scan.found().is_some(), "no log line of a signed request was scanned");
}

/// A fixture with a temporary key, whose log is scanned.
fn session(version: SignatureVersion, scan: &SecretScan) -> Fixture {
    let fixture = Fixture::with(|config| temporary(config, version, scan));
    fixture.emulator.add_key(Key::new("sts-id", SECRET).with_token(TOKEN));
    scan.debug(&fixture.client);
    fixture
}

fn temporary(config: &mut Config, version: SignatureVersion, scan: &SecretScan) {
    config.set_keys("sts-id", SECRET, Some(TOKEN)).unwrap();
    config.set_signature(version).set_max_attempts(2).unwrap();
    scan.lines.listen(config, LogLevel::Debug);
    scan.debug(config);
}

fn client(
    version: SignatureVersion,
    scan: &SecretScan,
    change: impl FnOnce(&mut Config),
) -> Client {
    let mut config = Config::new();
    config.set_region("cn-hangzhou").unwrap();
    temporary(&mut config, version, scan);
    config.set_max_attempts(1).unwrap();
    change(&mut config);
    scan.debug(&config);
    Client::new(&config).unwrap()
}

/// Calls that succeed.
fn uploads(fixture: &Fixture, scan: &SecretScan) {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    let source = file(&five_parts());
    let options = small_parts();
    scan.debug(&options);
    scan.debug(&client.put_file(bucket, key, source.path(), &options, cancel).unwrap());
    scan.debug(&fixture.put(&bytes(1), &UploadOptions::new()).unwrap());
    let upload = fixture.initiate();
    scan.debug(&upload.upload_part(number(1), bytes(PART), cancel).unwrap());
    scan.debug(&upload);
    scan.debug(&upload.complete(cancel).unwrap());
    fixture.initiate().abort().unwrap();
}

/// Sends a part with a presigned URL, then with malformed ones.
fn presigned(fixture: &Fixture, scan: &SecretScan) {
    let signed = presign(fixture);
    scan.debug(&signed);
    let (_, query) = signed.url.split_once('?').unwrap();
    scan.add_query(query);
    let options = UploadOptions::new();
    let send = |url: &str| fixture.client.put_part_url(url, bytes(9), &options, &fixture.cancel);
    scan.debug(&send(&signed.url).unwrap());
    scan.err(send(&signed.url.replace("uploadId=", "uploadId=A")));
    scan.err(send(&signed.url.replace("partNumber=", "partNumber=A")));
    scan.err(send(&signed.url.replace("://", "//")));
    scan.err(send(&format!("{}#fragment", signed.url)));
}

fn presign(fixture: &Fixture) -> PresignedUrl {
    let Fixture { client, bucket, key, .. } = fixture;
    let upload = fixture.initiate();
    let part = UploadPart::new(bucket, key, upload.upload_id(), number(1));
    client
        .presign(&PresignRequest::UploadPart(part), Duration::from_secs(60), &Cancel::never())
        .unwrap()
}

/// Calls that fail.
fn failures(fixture: &Fixture, version: SignatureVersion, scan: &SecretScan) {
    let Fixture { emulator, bucket, key, cancel, .. } = fixture;
    let reset = Action { reset: Some(Commit::Before), ..Action::default() };
    for code in ["AccessDenied", "InvalidArgument", "SignatureDoesNotMatch", "InvalidSecurityToken"]
    {
        fixture.always("UploadPart", Action::status(403, code));
        scan.err(fixture.put_five_parts());
        emulator.clear_rules();
    }
    for operation in ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
        fixture.always(operation, Action::status(500, "InternalError"));
        scan.err(fixture.put_five_parts());
        emulator.clear_rules();
        fixture.always(operation, reset.clone());
        scan.err(fixture.put_five_parts());
        emulator.clear_rules();
    }
    emulator.set_clock_offset(3600);
    scan.debug(&fixture.put(&bytes(1), &UploadOptions::new()).unwrap());
    emulator.set_clock_offset(0);
    let wrong = client(version, scan, |config| {
        config.set_endpoint(emulator.url()).unwrap();
        config.set_keys("sts-id", OTHER_SECRET, Some(TOKEN)).unwrap();
    });
    let error = wrong.put_data(bucket, key, bytes(1), &UploadOptions::new(), cancel);
    let error = scan.err(error);
    assert_eq!(
        (error.kind(), error.oss_code()),
        (ErrorKind::Service, Some("SignatureDoesNotMatch"))
    );
    emulator.expire_token(TOKEN);
    let error = scan.err(fixture.put_five_parts());
    assert_eq!(error.oss_code(), Some("SecurityTokenExpired"));
}
