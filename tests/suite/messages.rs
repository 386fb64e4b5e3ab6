//! The messages of errors: what was tried, the cause and the remedy, in one line.

use std::ffi::OsString;

use oss_emulator::Action;
use ossmpu::{Client, Config, Error, ProxySetting, UploadOptions};

use crate::fake_server::FakeServer;
use crate::fixture::{Fixture, RefusedPort, bytes, small_parts};

fn assert_message(error: &Error, parts: &[&str]) {
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message}");
    let mut rest = message.as_str();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("{part:?} is not in {rest:?} of {message:?}");
        };
        rest = after;
    }
}

#[test]
fn an_invalid_setting_names_the_mistake() {
    for (endpoint, text) in [
        ("oss-cn-hangzhou.aliyuncs.com.", "no dot at its end: use oss-cn-hangzhou.aliyuncs.com"),
        ("http://localhost.:80", "no dot at its end: use localhost"),
        (
            "http://[fe80::1%eth0]:80",
            "an IPv6 address with a zone, such as %eth0, is not supported",
        ),
        ("oss-cn-hangzhou.aliyuncs.com\r", "a line end or another control character"),
        ("http://localhost:80\r\n", "a line end or another control character"),
        (" http://localhost", "a space, a line end"),
        ("http://local host", "a space, a line end"),
        ("http://local\u{a0}host", "a space, a line end"),
    ] {
        let error = Config::new().set_endpoint(endpoint).unwrap_err();
        assert_message(&error, &["endpoint: ", text]);
    }
    for secret in ["secret ", "secret\r\n", " secret"] {
        let error = Config::new().set_keys("id", secret, None).unwrap_err();
        assert_message(&error, &["access_key_secret: this begins or ends with a space"]);
    }
    let error = Client::new(Config::new().set_region("cn-hangzhou").unwrap()).unwrap_err();
    assert_message(
        &error,
        &[
            "credentials: no credentials were set; ",
            "OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET",
            "or set a source of credentials",
        ],
    );
}

/// All tests of a process share its environment, so the test runs itself in a child process.
#[test]
fn a_variable_that_is_not_utf_8_is_named() {
    const VARIABLE: &str = "OSSMPU_TEST_VARIABLE";
    let Ok(name) = std::env::var(VARIABLE) else {
        for name in ["OSS_REGION", "OSS_ENDPOINT", "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"] {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "messages::a_variable_that_is_not_utf_8_is_named"]);
            child.env(VARIABLE, name).env(name, not_unicode());
            let output = child.output().unwrap();
            assert!(output.status.success(), "{name}: {output:?}");
        }
        return;
    };
    let error = Config::new().set_env().unwrap_err();
    assert_eq!(error.argument(), Some(name.as_str()));
    assert_message(&error, &["the value of the environment variable is not UTF-8"]);
}

#[test]
fn a_refused_connection_names_address_and_cause() {
    let port = RefusedPort::new();
    let fixture = Fixture::with(|config| {
        config.set_endpoint(&format!("http://{}", port.address())).unwrap();
        config.set_max_attempts(1).unwrap();
    });
    let error = fixture.put(&bytes(9), &UploadOptions::new()).unwrap_err();
    let address = format!("PutObject: cannot connect to {}: ", port.address());
    assert_message(&error, &[&address, "refused", "; nothing accepts connections there"]);
}

#[test]
fn a_refusal_of_the_proxy_is_not_repeated() {
    for (status, attempts, text) in [
        (407, 1, "it requires a user name and a password"),
        (403, 1, "it does not allow connections to "),
        (502, 2, "it did not connect to "),
    ] {
        let proxy = FakeServer::with_response(status, "");
        let fixture = Fixture::with(|config| {
            config.set_proxy(ProxySetting::Url(proxy.url())).set_max_attempts(2).unwrap();
        });
        let error = fixture.put(&bytes(9), &UploadOptions::new()).unwrap_err();
        let name = format!("proxy {}: ", proxy.url());
        assert_message(&error, &["PutObject: ", &name, text]);
        assert_eq!((error.attempts(), proxy.lines().len()), (attempts, attempts as usize));
        assert_eq!(fixture.operations(), [""; 0]);
    }
}

/// A value that is neither UTF-8 nor UTF-16.
fn not_unicode() -> OsString {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(b"cn-hangzhou\xff".to_vec());
    #[cfg(windows)]
    return std::os::windows::ffi::OsStringExt::from_wide(&[u16::from(b'c'), 0xd800]);
}

#[cfg(unix)]
#[test]
fn a_fifo_is_pointed_to_the_ways_that_read_it() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    for (path, text) in [
        (
            path.as_path(),
            "fifo is a FIFO, not a regular file; open it and upload its descriptor (`ossmpu put - <",
        ),
        (std::path::Path::new("/dev/null"), "/dev/null is not a regular file; open it"),
        (folder.path(), "is a directory"),
    ] {
        let (bucket, key) = (&fixture.bucket, &fixture.key);
        let options = UploadOptions::new();
        let error = fixture.client.put_file(bucket, key, path, &options, &fixture.cancel);
        assert_message(&error.unwrap_err(), &[text]);
    }
}

#[test]
fn a_failed_upload_says_whether_it_was_aborted() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", Action::status(403, "AccessDenied"));
    let error = fixture.put_five_parts().unwrap_err();
    let upload = format!("; upload {} was aborted", error.upload_id().unwrap());
    assert_message(&error, &["UploadPart part ", "refused by the service", &upload]);
    fixture.assert_nothing_left();

    let mut options = small_parts();
    options.set_keep_parts(true);
    let error = fixture.put(&crate::fixture::five_parts(), &options).unwrap_err();
    let upload = format!("; parts may be left in upload {}", error.upload_id().unwrap());
    assert_message(&error, &[&upload]);
    assert!(!error.to_string().contains("aborted"), "{error}");
}
