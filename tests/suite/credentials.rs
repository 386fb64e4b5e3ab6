//! Credentials of a source that expire, rotate, arrive late or are unavailable.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant, SystemTime};

use oss_emulator::{AccessKey as ServerKey, Action};
use ossmpu::{
    AccessKey, Credentials, CredentialsProvider, CredentialsSource, ErrorKind, LogLevel,
    UploadOptions,
};

use crate::fake_server::FakeServer;
use crate::fixture::{Fixture, Lines, PART, bytes, five_parts, small_parts};

/// A server that returns a new token for each request; each expires after `lifetime`.
fn tokens(lifetime: Option<Duration>) -> FakeServer {
    let count = AtomicUsize::new(0);
    FakeServer::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let expiration = lifetime.map_or(String::new(), |lifetime| {
            format!(r#","Expiration":"{}""#, ossmpu::rfc3339(SystemTime::now() + lifetime))
        });
        Some((200, credentials(number, &expiration)))
    })
}

fn credentials(number: usize, expiration: &str) -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"STS.{number}","AccessKeySecret":"hidden-secret",
            "SecurityToken":"hidden-token-{number}"{expiration}}}"#
    )
}

/// A fixture whose client has this source, and whose server accepts five tokens.
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

fn assert_no_secret(lines: &Lines, more: &str) {
    let mut texts = lines.all();
    assert!(!texts.is_empty());
    texts.push(more.to_owned());
    let leak = texts.iter().find(|text| text.contains("hidden"));
    assert_eq!(leak, None);
}

/// Returns its bytes part by part, and expires the first token when three parts are uploaded.
struct ExpiringReader<'a> {
    content: &'a [u8],
    read: u64,
    fixture: &'a Fixture,
}

impl Read for ExpiringReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read == 3 * PART {
            self.fixture.wait_for("UploadPart", 3);
            self.fixture.emulator.expire_token("hidden-token-1");
        }
        let part_left = usize::try_from(PART - self.read % PART).unwrap();
        let most = buffer.len().min(part_left);
        let count = self.content.read(&mut buffer[..most])?;
        self.read += count as u64;
        Ok(count)
    }
}

#[test]
fn a_token_that_expires_during_an_upload_is_refreshed_once() {
    let uri = tokens(Some(Duration::from_secs(3600)));
    let lines = Lines::default();
    let fixture = fixture(&format!("uri:{}/hidden", uri.url()), &lines);
    let content = bytes(12 * PART);
    let reader = ExpiringReader { content: &content, read: 0, fixture: &fixture };
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    client.put_stream(bucket, key, reader, &small_parts(), cancel).unwrap();
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
fn credentials_are_refreshed_once_in_a_call() {
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
fn clock_skew_of_the_server_does_not_affect_the_expiry() {
    let uri = tokens(Some(Duration::from_secs(1800)));
    let lines = Lines::default();
    let fixture = fixture(&format!("uri:{}", uri.url()), &lines);
    // By the clock of the server, all credentials have expired.
    fixture.emulator.set_clock_offset(3600);
    for _ in 0..3 {
        fixture.put(&bytes(10), &UploadOptions::new()).unwrap();
    }
    assert_eq!((uri.requests().len(), fixture.count("PutObject")), (1, 4));
}

#[test]
fn all_workers_of_an_upload_share_one_fetch() {
    let uri = tokens(Some(Duration::from_secs(3600)));
    let fixture = fixture(&format!("uri:{}", uri.url()), &Lines::default());
    fixture.put_five_parts().unwrap();
    fixture.put_five_parts().unwrap();
    assert_eq!(uri.requests().len(), 1);
}

#[test]
fn a_command_provides_credentials() {
    // Closed, because `type` does not share it with a writer.
    let file = crate::fixture::file(credentials(3, "").as_bytes()).into_temp_path();
    let lines = Lines::default();
    let print = if cfg!(windows) { "cmd /c type" } else { "cat" };
    let fixture = fixture(&format!("process:{print} '{}'", file.display()), &lines);
    fixture.put_five_parts().unwrap();
    assert_eq!(fixture.stored().unwrap(), five_parts());
    assert_no_secret(&lines, &format!("{:?}", fixture.client));
}

#[test]
fn an_unavailable_source_is_an_error_before_any_request() {
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
    let requested = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&requested);
    let uri = FakeServer::new(move |_| {
        *seen.lock().unwrap() = true;
        None
    });
    let lines = Lines::default();
    for source in [format!("uri:{}", uri.url()), "process:sleep 60".to_owned()] {
        let fixture = fixture(&source, &lines);
        let started = Instant::now();
        thread::scope(|scope| {
            let upload = scope.spawn(|| fixture.put_five_parts().unwrap_err());
            while source.starts_with("uri") && !*requested.lock().unwrap() {
                thread::yield_now();
            }
            fixture.cancel.trigger();
            assert_eq!(upload.join().unwrap().kind(), ErrorKind::Canceled);
        });
        assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
        assert_eq!(fixture.operations(), [""; 0]);
    }
}

#[test]
fn an_unknown_source_is_unsupported() {
    let error = CredentialsSource::parse("vault:hidden").unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Unsupported, Some("credentials")));
    assert!(!error.to_string().contains("hidden"), "{error}");
}

/// Returns the key of the fixture, and remembers on which threads.
#[derive(Clone, Default)]
struct ThreadSpy(Arc<Mutex<Vec<ThreadId>>>);

impl CredentialsProvider for ThreadSpy {
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
        self.0.lock().unwrap().push(thread::current().id());
        Ok(Credentials { access_key: AccessKey::new("test-id", "test-secret")?, expires: None })
    }
}

/// Uploads parts of which two are refused because of their key, in one call and with a writer.
/// Returns the threads of the fetches.
fn threads_of_fetches(callbacks_on_caller: bool) -> Vec<ThreadId> {
    let spy = ThreadSpy::default();
    let fixture = Fixture::with(|config| {
        config.set_credentials_provider(spy.clone());
        config.set_callbacks_on_caller(callbacks_on_caller);
    });
    let expired = || Action::status(403, "SecurityTokenExpired");
    fixture.once("UploadPart", expired());
    fixture.put(&five_parts(), &small_parts()).unwrap();
    fixture.once("UploadPart", expired());
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut writer = client.open_writer(bucket, key, &small_parts(), cancel).unwrap();
    writer.write_all(&five_parts()).unwrap();
    writer.finish().unwrap();
    assert_eq!(fixture.stored().unwrap(), five_parts());
    let threads = spy.0.lock().unwrap().clone();
    assert!(threads.len() >= 3, "{threads:?}");
    threads
}

#[test]
fn a_provider_runs_on_the_thread_of_the_call_if_the_client_is_set_so() {
    let here = thread::current().id();
    assert!(threads_of_fetches(true).iter().all(|thread| *thread == here));
    assert!(threads_of_fetches(false).iter().any(|thread| *thread != here));
}

#[test]
fn a_call_that_is_canceled_does_not_wait_for_a_thread_that_fetches() {
    let spy = ThreadSpy::default();
    let fixture = Fixture::with(|config| {
        config.set_credentials_provider(spy.clone());
        config.set_callbacks_on_caller(true);
    });
    fixture.once("UploadPart", Action::status(403, "SecurityTokenExpired"));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut writer = client.open_writer(bucket, key, &small_parts(), cancel).unwrap();
    writer.write_all(&bytes(PART + 1)).unwrap();
    fixture.wait_for("UploadPart", 1);
    cancel.trigger();
    writer.write_all(&bytes(1)).unwrap_err();
    drop(writer);
}
