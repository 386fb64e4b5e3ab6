//! No secret, token, password or signature in any log line, error or `Debug` text of a session.
//!
//! The signatures that are looked for are those that the servers of the test have received.

mod mirror;
mod overheard;

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use oss_emulator::{AccessKey as Key, Action, Commit};
use ossmpu::{
    AccessKey, Client, Config, CredentialsSource, ErrorKind, LogLevel, PresignRequest,
    PresignedUrl, ProxySetting, SignatureVersion, UploadOptions, UploadPart,
};

use crate::fixture::{Fixture, Lines, PART, bytes, file, five_parts, number, small_parts};
use mirror::Mirror;
use overheard::Overheard;

const SECRET: &str = "plantedSecret0f83Qm1";
const OTHER_SECRET: &str = "plantedSecret0therXy7";
/// With characters that a URL escapes.
const TOKEN: &str = "plantedToken/CAIS+gw1q6Ft5B2y==";
const PASSWORD: &str = "plantedPassw0rd";

#[test]
fn a_whole_session_says_no_secret_with_either_signature() {
    for version in [SignatureVersion::V4, SignatureVersion::V1] {
        let overheard = Overheard::new();
        overheard.look_for(&[SECRET, OTHER_SECRET, TOKEN]);
        let fixture = session(version, &overheard);
        uploads(&fixture, &overheard);
        presigned(&fixture, &overheard);
        refusals(&fixture, version, &overheard);
        overheard.look_for_signatures(&fixture.emulator.requests());
        assert!(overheard.signatures() > 20, "the servers have seen too few signatures");
        assert!(overheard.lines() > 50, "there are too few log lines");
        overheard.assert_silent();
    }
}

#[test]
fn a_server_that_sends_everything_back_is_not_repeated() {
    for version in [SignatureVersion::V4, SignatureVersion::V1] {
        let overheard = Overheard::new();
        overheard.look_for(&[SECRET, TOKEN]);
        let fixture = session(version, &overheard);
        let signed = presign(&fixture);
        for mirror in Mirror::every_kind() {
            let client = client(version, &overheard, |config| {
                config.set_endpoint(&mirror.url()).unwrap();
            });
            let (bucket, key, cancel) = (&fixture.bucket, &fixture.key, &fixture.cancel);
            let content = bytes(PART);
            let options = UploadOptions::new();
            overheard.err(client.put_data(bucket, key, content, &options, cancel));
            overheard.err(client.start_upload(bucket, key, &options, cancel));
            let (_, query) = signed.url.split_once('?').unwrap();
            let url = format!("{}/suite-bucket/key?{query}", mirror.url());
            overheard.err(client.put_part_url(&url, bytes(1), &options, cancel));
            overheard.look_for_sent(&mirror);
            // HeadObject may be sent besides, to find out whether PutObject made the object.
            let sent = mirror.requests();
            let sent = sent.iter().filter(|head| !head.starts_with("HEAD "));
            assert_eq!(sent.count(), 3, "{mirror:?}");
        }
        overheard.assert_silent();
    }
}

#[test]
fn a_proxy_and_its_password_are_not_shown() {
    let overheard = Overheard::new();
    overheard.look_for(&[SECRET, PASSWORD, &BASE64_STANDARD.encode(format!("user:{PASSWORD}"))]);
    let fixture = session(SignatureVersion::V4, &overheard);
    for mirror in Mirror::every_kind() {
        for scheme in ["http", "socks5", "socks4a", "https"] {
            let url = format!("{scheme}://user:{PASSWORD}@{}", mirror.address());
            let client = client(SignatureVersion::V4, &overheard, |config| {
                config
                    .set_proxy(ProxySetting::Url(url))
                    .set_endpoint("http://127.0.0.1:9")
                    .unwrap();
                config.set_connect_timeout(Duration::from_millis(200)).unwrap();
            });
            overheard.debug(&client);
            let options = UploadOptions::new();
            let (bucket, key) = (&fixture.bucket, &fixture.key);
            overheard.err(client.put_data(bucket, key, bytes(1), &options, &fixture.cancel));
        }
    }
    for bad in ["ftp://user", "http://:80@user", "socks5://us er"] {
        let mut config = Config::new();
        config.set_keys("id", SECRET, None).unwrap();
        config.set_proxy(ProxySetting::Url(format!("{bad}:{PASSWORD}@")));
        overheard.debug(&config);
        overheard.err(Client::new(&config));
    }
    overheard.assert_silent();
}

#[test]
fn settings_that_hold_secrets_show_none_and_bad_ones_are_not_quoted() {
    let overheard = Overheard::new();
    overheard.look_for(&[SECRET, TOKEN, PASSWORD]);
    let key = AccessKey::new("id", SECRET).unwrap().with_token(TOKEN).unwrap();
    overheard.debug(&key);
    overheard.debug(&CredentialsSource::Fixed(key));
    overheard.debug(&ProxySetting::Url(format!("http://user:{PASSWORD}@h")));
    let mut config = Config::new();
    config.set_keys("id", SECRET, Some(TOKEN)).unwrap();
    config.set_proxy(ProxySetting::Url(format!("http://user:{PASSWORD}@h")));
    overheard.debug(&config);
    overheard.err(config.set_keys("id", &format!("{SECRET}\n"), None).map(|_| ()));
    overheard.err(config.set_keys("id", SECRET, Some(&format!("{TOKEN} "))).map(|_| ()));
    overheard.err(config.set_keys("", SECRET, None).map(|_| ()));
    overheard.err(config.set_endpoint(&format!("http://user:{PASSWORD}@h")).map(|_| ()));
    overheard.assert_silent();
}

#[test]
fn the_search_finds_what_was_planted() {
    for planted in [SECRET.to_owned(), format!("a{TOKEN}b"), "CAIS%2Bgw1q6Ft5B2y%3D%3D".to_owned()]
    {
        let overheard = Overheard::new();
        overheard.look_for(&[SECRET, TOKEN]);
        overheard.debug(&"nothing here");
        assert_eq!(overheard.found(), None);
        overheard.debug(&planted);
        assert!(overheard.found().is_some(), "{planted}");
    }
    // And in what a session says, through the log.
    let overheard = Overheard::new();
    let fixture = session(SignatureVersion::V4, &overheard);
    fixture.put(&bytes(1), &UploadOptions::new()).unwrap();
    overheard.look_for(&["Authorization: ***"]);
    assert!(overheard.found().is_some(), "no log line of a signed request was overheard");
}

/// A bucket for a temporary key, and a client with that key whose log is overheard.
fn session(version: SignatureVersion, overheard: &Overheard) -> Fixture {
    let fixture = Fixture::with(|config| temporary(config, version, overheard));
    fixture.emulator.add_key(Key::new("sts-id", SECRET).with_token(TOKEN));
    overheard.debug(&fixture.client);
    fixture
}

fn temporary(config: &mut Config, version: SignatureVersion, overheard: &Overheard) {
    config.set_keys("sts-id", SECRET, Some(TOKEN)).unwrap();
    config.set_signature(version).set_max_attempts(2).unwrap();
    overheard.lines.listen(config, LogLevel::Debug);
    overheard.debug(config);
}

fn client(
    version: SignatureVersion,
    overheard: &Overheard,
    change: impl FnOnce(&mut Config),
) -> Client {
    let mut config = Config::new();
    config.set_region("cn-hangzhou").unwrap();
    temporary(&mut config, version, overheard);
    config.set_max_attempts(1).unwrap();
    change(&mut config);
    overheard.debug(&config);
    Client::new(&config).unwrap()
}

/// Everything that succeeds.
fn uploads(fixture: &Fixture, overheard: &Overheard) {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    let source = file(&five_parts());
    let options = small_parts();
    overheard.debug(&options);
    overheard.debug(&client.put_file(bucket, key, source.path(), &options, cancel).unwrap());
    overheard.debug(&fixture.put(&bytes(1), &UploadOptions::new()).unwrap());
    let upload = fixture.initiate();
    overheard.debug(&upload.upload_part(number(1), bytes(PART), cancel).unwrap());
    overheard.debug(&upload);
    overheard.debug(&upload.complete(cancel).unwrap());
    fixture.initiate().abort().unwrap();
}

/// A part by its URL, which is then spoilt.
fn presigned(fixture: &Fixture, overheard: &Overheard) {
    let signed = presign(fixture);
    overheard.debug(&signed);
    let (_, query) = signed.url.split_once('?').unwrap();
    overheard.look_for_query(query);
    let options = UploadOptions::new();
    let send = |url: &str| fixture.client.put_part_url(url, bytes(9), &options, &fixture.cancel);
    overheard.debug(&send(&signed.url).unwrap());
    overheard.err(send(&signed.url.replace("uploadId=", "uploadId=A")));
    overheard.err(send(&signed.url.replace("partNumber=", "partNumber=A")));
    overheard.err(send(&signed.url.replace("://", "//")));
    overheard.err(send(&format!("{}#fragment", signed.url)));
}

fn presign(fixture: &Fixture) -> PresignedUrl {
    let Fixture { client, bucket, key, .. } = fixture;
    let upload = fixture.initiate();
    let part = UploadPart::new(bucket, key, upload.upload_id(), number(1));
    client.presign(&PresignRequest::UploadPart(part), Duration::from_secs(60)).unwrap()
}

/// Everything that fails.
fn refusals(fixture: &Fixture, version: SignatureVersion, overheard: &Overheard) {
    let Fixture { emulator, bucket, key, cancel, .. } = fixture;
    let reset = Action { reset: Some(Commit::Before), ..Action::default() };
    for code in ["AccessDenied", "InvalidArgument", "SignatureDoesNotMatch", "InvalidSecurityToken"]
    {
        fixture.always("UploadPart", Action::status(403, code));
        overheard.err(fixture.put_five_parts());
        emulator.clear_rules();
    }
    for operation in ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
        fixture.always(operation, Action::status(500, "InternalError"));
        overheard.err(fixture.put_five_parts());
        emulator.clear_rules();
        fixture.always(operation, reset.clone());
        overheard.err(fixture.put_five_parts());
        emulator.clear_rules();
    }
    emulator.set_clock_offset(3600);
    overheard.debug(&fixture.put(&bytes(1), &UploadOptions::new()).unwrap());
    emulator.set_clock_offset(0);
    let wrong = client(version, overheard, |config| {
        config.set_endpoint(emulator.url()).unwrap();
        config.set_keys("sts-id", OTHER_SECRET, Some(TOKEN)).unwrap();
    });
    let error = wrong.put_data(bucket, key, bytes(1), &UploadOptions::new(), cancel);
    let error = overheard.err(error);
    assert_eq!(
        (error.kind(), error.oss_code()),
        (ErrorKind::Service, Some("SignatureDoesNotMatch"))
    );
    emulator.expire_token(TOKEN);
    let error = overheard.err(fixture.put_five_parts());
    assert_eq!(error.oss_code(), Some("SecurityTokenExpired"));
}
