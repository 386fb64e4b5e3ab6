//! Tests commands, URIs and invalid text forms.

#[cfg(unix)]
use std::time::Instant;

use super::*;
use crate::transport::ProxySetting;

/// Returns the text form of a shell script.
#[cfg(unix)]
fn script(script: &str) -> String {
    format!("process:sh -c '{script}'")
}

#[cfg(unix)]
#[test]
fn a_command_runs_without_a_shell_and_may_use_either_spelling() {
    let machine = Machine::new();
    let file = machine.write("with blank/keys.json", &members("STS.cmd"));
    let text = format!("process:cat '{}'", file.display());
    assert_temporary(&machine.fetch(&text).unwrap(), "STS.cmd");

    let json = format!(r#"{{"mode":"AK","access_key_id":"AK","access_key_secret":"{SECRET}"}}"#);
    machine.write("with blank/keys.json", &json);
    let credentials = machine.fetch(&text).unwrap();
    assert_eq!((credentials.access_key.id(), credentials.expires), ("AK", None));

    // Without a shell, the variable and the wildcard are not expanded.
    let error = machine.failure("process:cat $HOME/with*");
    assert!(error.to_string().contains("status 1"), "{error}");
}

#[cfg(unix)]
#[test]
fn standard_error_is_ignored() {
    let machine = Machine::new();
    let file = machine.write("keys.json", &members("STS.cmd"));
    let text = script(&format!("echo hidden >&2; cat {}", file.display()));
    assert_eq!(machine.id(&text), "STS.cmd");
}

#[cfg(unix)]
#[test]
fn errors_of_commands_do_not_contain_their_output() {
    let machine = Machine::new();
    for (text, words) in [
        (script("echo hidden; echo hidden >&2; exit 1"), "status 1"),
        (script("kill -9 $$"), "signal"),
        (script("true"), "printed nothing"),
        (script("echo"), "printed nothing"),
        (script("echo hidden"), "not JSON"),
        (script("echo {}"), "AccessKeyId"),
        (script("yes hidden"), "printed more"),
        (script(r#"echo "{\"mode\":\"hidden\"}""#), "mode"),
        ("process:/there/is/no/hidden-program".to_owned(), "could not be started"),
    ] {
        let error = machine.failure(&text);
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().starts_with("the credentials command"), "{error}");
    }
    let half = r#"{"mode":"StsToken","access_key_id":"a","access_key_secret":"hidden"}"#;
    let file = machine.write("half", half);
    let error = machine.failure(&format!("process:cat {}", file.display()));
    assert!(error.to_string().contains("sts_token"), "{error}");
}

#[cfg(unix)]
#[test]
fn cancellation_and_deadline_end_a_command() {
    let machine = Machine::new();
    let source = machine.source("process:sleep 60").unwrap();
    let start = Instant::now();
    let CredentialsSource::Builtin(builtin) = &source else { panic!("{source:?}") };
    let late = Deadline::after(Duration::from_millis(100));
    let error =
        builtin.source.fetch(&FetchContext { deadline: late, ..machine.context() }).unwrap_err();
    assert!(error.to_string().contains("exceeded the deadline"), "{error}");
    machine.cancel.trigger_after(Duration::from_millis(100)).unwrap();
    assert_eq!(machine.fetch_from(&source).unwrap_err().kind(), ErrorKind::Canceled);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_uri_is_requested_with_its_query() {
    let uri = FakeServer::with_response(200, &members("STS.uri"));
    let machine = Machine::new();
    let text = format!("uri:{}/keys?for=hidden&x=%20", uri.url());
    assert_temporary(&machine.fetch(&text).unwrap(), "STS.uri");
    assert_eq!(uri.lines(), ["GET /keys?for=hidden&x=%20"]);
}

#[test]
fn code_and_expiry_are_optional_for_a_uri() {
    let keys = format!(r#"{{"AccessKeyId":"AK","AccessKeySecret":"{SECRET}"}}"#);
    let uri = FakeServer::with_response(200, &keys);
    let credentials = Machine::new().fetch(&format!("uri:{}", uri.url())).unwrap();
    assert_eq!((credentials.access_key.id(), credentials.expires), ("AK", None));
}

#[test]
fn errors_of_a_uri_contain_only_its_host() {
    for (status, body) in [
        (500, members("STS.uri")),
        (302, members("STS.uri")),
        (200, members("STS.uri").replace("Success", "hidden")),
        (200, "hidden".to_owned()),
        (200, members("STS.uri").replace(EXPIRY, "hidden")),
    ] {
        let uri = FakeServer::with_response(status, &body);
        let error = Machine::new().failure(&format!("uri:{}/hidden?hidden=hidden", uri.url()));
        assert!(error.to_string().starts_with("the credentials URI"), "{error}");
    }
    let error = Machine::new().failure("uri:http://127.77.0.7:9/hidden?hidden=hidden");
    assert!(error.is_retryable() && error.host().is_some(), "{error:?}");
}

#[test]
fn unknown_sources_are_unsupported_and_bad_values_invalid() {
    let machine = Machine::new();
    for (text, kind) in [
        ("", ErrorKind::Unsupported),
        ("hidden", ErrorKind::Unsupported),
        ("hidden:hidden", ErrorKind::Unsupported),
        ("Default", ErrorKind::Unsupported),
        ("env:hidden", ErrorKind::Unsupported),
        ("anonymous:hidden", ErrorKind::Unsupported),
        ("process", ErrorKind::Unsupported),
        ("uri", ErrorKind::Unsupported),
        ("assume-role", ErrorKind::Unsupported),
        ("hidden:", ErrorKind::Unsupported),
        ("profile:", ErrorKind::Invalid),
        ("ecs:", ErrorKind::Invalid),
        ("process:", ErrorKind::Invalid),
        ("process:'hidden", ErrorKind::Invalid),
        ("uri:http://hidden.example/", ErrorKind::Invalid),
        ("uri:hidden", ErrorKind::Invalid),
        ("assume-role:hidden", ErrorKind::Invalid),
    ] {
        let error = machine.source(text).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (kind, Some("credentials")), "{text}");
        assert!(!format!("{error:?}{error}").contains("hidden"), "{text}: {error}");
    }
}

#[test]
fn debug_does_not_show_the_text_after_the_colon() {
    let machine = Machine::new();
    for text in ["process:cat hidden", "uri:https://hidden.example/hidden", "profile:hidden"] {
        let shown = format!("{:?}", machine.source(text).unwrap());
        let word = text.split(':').next().unwrap();
        assert_eq!(shown, format!("BuiltinSource(\"{word}\")"));
    }
}

#[test]
fn env_and_anonymous_are_fixed_sources() {
    let machine = Machine::new().set_key("OSS", "AK");
    assert_eq!(machine.id("env"), "AK");
    assert!(matches!(machine.source("anonymous").unwrap(), CredentialsSource::Anonymous));
    assert_eq!(Machine::new().failure("env").argument(), Some("OSS_ACCESS_KEY_ID"));
}

#[test]
fn the_proxy_is_used_for_https_and_not_for_loopback_and_metadata() {
    let proxy = FakeServer::with_response(502, "");
    let local = FakeServer::new(|request| {
        Some(match request.line.as_str() {
            "PUT /latest/api/token" => (200, "t".to_owned()),
            _ => (200, members("STS.local")),
        })
    });
    let url = local.url();
    let mut machine = Machine::with_metadata(local);
    let settings =
        HttpSettings { proxy: ProxySetting::Url(proxy.url()), ..HttpSettings::default() };
    machine.http = Http::new(&settings).unwrap();
    assert_eq!(machine.id("ecs:role"), "STS.local");
    assert_eq!(machine.id(&format!("uri:{url}")), "STS.local");
    assert!(proxy.requests().is_empty());
    machine.failure("uri:https://127.0.0.1:443/hidden");
    assert_eq!(proxy.lines(), ["CONNECT 127.0.0.1:443"]);
}
