//! Uploads with keys of a source, which end, rotate, come late or not at all.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use oss_emulator::AccessKey as ServerKey;
use ossmpu::{CredentialsSource, ErrorKind, LogLevel, UploadOptions};

use crate::fake_server::FakeServer;
use crate::fixture::{Fixture, Lines, PART, bytes, five_parts, small_parts};

/// A URI that gives another token each time it is asked; `life` is how long each is good.
fn tokens(life: Option<Duration>) -> FakeServer {
    let count = AtomicUsize::new(0);
    FakeServer::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let end = life.map_or(String::new(), |life| {
            format!(r#","Expiration":"{}""#, ossmpu::rfc3339(SystemTime::now() + life))
        });
        Some((200, set(number, &end)))
    })
}

fn set(number: usize, end: &str) -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"STS.{number}","AccessKeySecret":"hidden-secret",
            "SecurityToken":"hidden-token-{number}"{end}}}"#
    )
}

/// A fixture whose client has a source in its text form, and whose server knows five tokens.
fn fixture(source: &str, lines: &Lines) -> Fixture {
    let fixture = Fixture::with(|config| {
        config.set_credentials(CredentialsSource::parse(source).unwrap());
        lines.listen(config, LogLevel::Debug);
    });
    for number in 1..=5 {
        let key = ServerKey::new(format!("STS.{number}"), "hidden-secret");
        fixture.emulator.add_key(key.with_token(format!("hidden-token-{number}")));
    }
    fixture
}

fn assert_no_secret(lines: &Lines, further: &str) {
    let mut told = lines.all();
    assert!(!told.is_empty());
    told.push(further.to_owned());
    let leak = told.iter().find(|line| line.contains("hidden"));
    assert_eq!(leak, None);
}

/// Gives its bytes part by part, and lets the first token end when three of them are uploaded.
struct Ending<'a> {
    content: &'a [u8],
    given: u64,
    fixture: &'a Fixture,
}

impl Read for Ending<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == 3 * PART {
            self.fixture.wait_for("UploadPart", 3);
            self.fixture.emulator.expire_token("hidden-token-1");
        }
        let part_left = usize::try_from(PART - self.given % PART).unwrap();
        let most = buffer.len().min(part_left);
        let count = self.content.read(&mut buffer[..most])?;
        self.given += count as u64;
        Ok(count)
    }
}

#[test]
fn a_token_that_ends_in_the_middle_of_an_upload_is_renewed_by_one_of_its_threads() {
    let uri = tokens(Some(Duration::from_secs(3600)));
    let lines = Lines::default();
    let fixture = fixture(&format!("uri:{}/hidden", uri.url()), &lines);
    let content = bytes(12 * PART);
    let reader = Ending { content: &content, given: 0, fixture: &fixture };
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    client.put_reader(bucket, key, reader, &small_parts(), cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.assert_nothing_left();

    assert_eq!(uri.lines(), ["GET /hidden", "GET /hidden"]);
    for request in uri.requests() {
        assert_eq!((request.header("authorization"), request.body.as_str()), (None, ""));
    }
    let tokens: Vec<_> = fixture
        .emulator
        .requests()
        .iter()
        .map(|request| request.header("x-oss-security-token").unwrap().to_owned())
        .collect();
    let first = |token: &str| tokens.iter().filter(|known| *known == token).count();
    assert!(first("hidden-token-1") >= 4, "{tokens:?}");
    assert!(first("hidden-token-2") >= 9, "{tokens:?}");
    assert_eq!(tokens.last().map(String::as_str), Some("hidden-token-2"));
    assert_no_secret(&lines, &format!("{client:?}"));
}

#[test]
fn a_source_is_asked_once_more_in_a_call_and_not_again() {
    let uri = tokens(None);
    let lines = Lines::default();
    let fixture = fixture(&format!("uri:{}", uri.url()), &lines);
    for number in 1..=5 {
        fixture.emulator.expire_token(&format!("hidden-token-{number}"));
    }
    let error = fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    assert_eq!((error.oss_code(), error.attempts()), (Some("SecurityTokenExpired"), 2));
    assert_eq!((uri.requests().len(), fixture.count("PutObject")), (2, 2));
    assert_no_secret(&lines, &format!("{error:?}"));
}

#[test]
fn the_servers_clock_has_no_say_in_when_a_set_ends() {
    let uri = tokens(Some(Duration::from_secs(1800)));
    let lines = Lines::default();
    let fixture = fixture(&format!("uri:{}", uri.url()), &lines);
    // By that clock every set has already ended.
    fixture.emulator.set_clock_offset(3600);
    for _ in 0..3 {
        fixture.put(&bytes(10), &UploadOptions::new()).unwrap();
    }
    assert_eq!((uri.requests().len(), fixture.count("PutObject")), (1, 4));
}

#[test]
fn all_workers_of_an_upload_need_one_fetch() {
    let uri = tokens(Some(Duration::from_secs(3600)));
    let fixture = fixture(&format!("uri:{}", uri.url()), &Lines::default());
    fixture.put_five_parts().unwrap();
    fixture.put_five_parts().unwrap();
    assert_eq!(uri.requests().len(), 1);
}

#[test]
fn a_command_gives_the_key_of_an_upload() {
    let file = crate::fixture::file(set(3, "").as_bytes());
    let lines = Lines::default();
    let fixture = fixture(&format!("process:cat '{}'", file.path().display()), &lines);
    fixture.put_five_parts().unwrap();
    assert_eq!(fixture.stored().unwrap(), five_parts());
    assert_no_secret(&lines, &format!("{:?}", fixture.client));
}

#[test]
fn a_source_without_keys_is_an_error_before_any_request() {
    let uri = FakeServer::with_response(503, "hidden");
    let lines = Lines::default();
    let fixture = fixture(&format!("uri:{}/hidden", uri.url()), &lines);
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Credentials, Some(503)));
    assert_eq!((error.host(), fixture.operations().len()), (Some(uri.host().as_str()), 0));
    assert_no_secret(&lines, &format!("{error} {error:?}"));
}

#[test]
fn a_cancel_ends_the_wait_for_a_source() {
    let asked = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&asked);
    let uri = FakeServer::new(move |_| {
        *seen.lock().unwrap() = true;
        None
    });
    let lines = Lines::default();
    for source in [format!("uri:{}", uri.url()), "process:sleep 60".to_owned()] {
        let fixture = fixture(&source, &lines);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let upload = scope.spawn(|| fixture.put_five_parts().unwrap_err());
            while source.starts_with("uri") && !*asked.lock().unwrap() {
                std::thread::yield_now();
            }
            fixture.cancel.trigger();
            assert_eq!(upload.join().unwrap().kind(), ErrorKind::Canceled);
        });
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(fixture.operations(), [""; 0]);
    }
}

#[test]
fn a_text_that_is_no_source_is_unsupported() {
    let error = CredentialsSource::parse("vault:hidden").unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Unsupported, Some("credentials")));
    assert!(!error.to_string().contains("hidden"), "{error}");
}
