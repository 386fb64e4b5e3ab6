//! Tests assumed roles, with a key and with an OIDC token.

use super::*;
use crate::platform::errno;
use crate::sign::rpc_signature;
use crate::wire::Method;

/// Creates a machine with a key and an STS endpoint.
fn machine(sts: &FakeServer) -> Machine {
    Machine::new().set_key("OSS", "caller").set("ALIBABA_CLOUD_STS_ENDPOINT", sts.url())
}

fn oidc_machine(sts: &FakeServer) -> (Machine, PathBuf) {
    let machine = machine(sts);
    let file = machine.write("token", "hidden-jwt-1\n");
    let machine = machine
        .set("ALIBABA_CLOUD_ROLE_ARN", ROLE)
        .set("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::123456789012:oidc-provider/pods")
        .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", file.to_str().unwrap());
    (machine, file)
}

#[test]
fn assume_role_signs_every_parameter_with_the_callers_key() {
    let sts = FakeServer::with_response(200, &role_response("STS.1"));
    let machine = machine(&sts)
        .set("OSS_SESSION_TOKEN", TOKEN)
        .set("ALIBABA_CLOUD_ROLE_SESSION_NAME", "nightly")
        .set("ALIBABA_CLOUD_EXTERNAL_ID", "partner=1");
    assert_temporary(&machine.fetch(&format!("assume-role:{ROLE}")).unwrap(), "STS.1");

    let request = &sts.requests()[0];
    assert!(request.line.starts_with("POST /?"), "{}", request.line);
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let (mut query, form) = parameters(request);
    for (name, value) in [
        ("Action", "AssumeRole"),
        ("Version", "2015-04-01"),
        ("Format", "JSON"),
        ("AccessKeyId", "caller"),
        ("SecurityToken", TOKEN),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2025-01-15T10:30:00Z"),
    ] {
        assert_eq!(query[name], value, "{name}");
    }
    for (name, value) in [
        ("RoleArn", ROLE),
        ("RoleSessionName", "nightly"),
        ("DurationSeconds", "3600"),
        ("ExternalId", "partner=1"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    let signature = query.remove("Signature").unwrap();
    let all: Vec<_> = query.iter().chain(&form).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let secret = crate::runtime::Secret::new(SECRET);
    assert_eq!(rpc_signature(Method::Post, &all, &secret).unwrap(), signature);
}

#[test]
fn error_messages_of_sts_are_redacted() {
    let words = format!("To sign is:POST&{TOKEN}&and more, {} sorry", "x".repeat(100));
    let body = format!(r#"{{"RequestId":"R-7","Code":"NoPermission","Message":"{words}"}}"#);
    let sts = FakeServer::with_response(403, &body);
    let machine = machine(&sts).set("OSS_SESSION_TOKEN", TOKEN);
    let error = machine.failure(&format!("assume-role:{ROLE}"));
    assert_eq!((error.oss_code(), error.http_status()), (Some("NoPermission"), Some(403)));
    assert_eq!((error.request_id(), error.host()), (Some("R-7"), Some(sts.host().as_str())));
    assert_eq!(error.oss_message(), Some("To sign *** more, *** sorry"));
    assert_eq!(sts.requests().len(), 1);
}

#[test]
fn transient_errors_are_retried_with_another_nonce() {
    for (status, code) in [(500, "InternalError"), (400, "Throttling.User"), (503, "")] {
        let calls = Mutex::new(0);
        let sts = FakeServer::new(move |_| {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            Some(match *calls {
                3 => (200, role_response("STS.3")),
                _ => (status, format!(r#"{{"Code":"{code}"}}"#)),
            })
        });
        assert_eq!(machine(&sts).id(&format!("assume-role:{ROLE}")), "STS.3");
        let mut nonces: Vec<_> = sts
            .requests()
            .iter()
            .map(|request| parameters(request).0["SignatureNonce"].clone())
            .collect();
        nonces.dedup();
        assert_eq!(nonces.len(), 3, "{status} {code}");
        assert!(nonces.iter().all(|nonce| nonce.len() == 32), "{nonces:?}");
    }
    let down = FakeServer::with_response(502, "<html>hidden</html>");
    let error = machine(&down).failure(&format!("assume-role:{ROLE}"));
    assert_eq!((down.requests().len(), error.attempts()), (3, 3));
    assert!(error.is_retryable());
}

#[test]
fn a_response_without_all_members_is_an_error() {
    for body in [
        "hidden".to_owned(),
        "{}".to_owned(),
        members("STS.1"),
        role_response("STS.1").replace("SecurityToken", "Other"),
        role_response("STS.1").replace("Expiration", "Other"),
        role_response("STS.1").replace(EXPIRY, "hidden"),
        role_response("STS.1").replace(SECRET, "hidden\\n"),
    ] {
        let sts = FakeServer::with_response(200, &body);
        machine(&sts).failure(&format!("assume-role:{ROLE}"));
    }
}

#[test]
fn cancellation_ends_the_wait_for_a_response() {
    let sts = FakeServer::new(|_| None);
    let machine = machine(&sts);
    let source = machine.source(&format!("assume-role:{ROLE}")).unwrap();
    let error = std::thread::scope(|scope| {
        let thread = scope.spawn(|| machine.fetch_from(&source).unwrap_err());
        while sts.requests().is_empty() {
            std::thread::yield_now();
        }
        machine.cancel.trigger();
        thread.join().unwrap()
    });
    assert_eq!(error.kind(), ErrorKind::Canceled);
}

#[test]
fn an_oidc_token_is_read_in_each_fetch_and_not_signed() {
    let sts = FakeServer::with_response(200, &role_response("STS.1"));
    let (machine, file) = oidc_machine(&sts);
    let source = machine.source("oidc").unwrap();
    assert_temporary(&machine.fetch_from(&source).unwrap(), "STS.1");
    fs::write(&file, " hidden-jwt-2").unwrap();
    assert_temporary(&machine.fetch_from(&source).unwrap(), "STS.1");

    let requests: Vec<_> = sts.requests().iter().map(parameters).collect();
    let (query, form) = &requests[0];
    let names: Vec<_> = query.keys().map(String::as_str).collect();
    assert_eq!(names, ["Action", "Format", "Timestamp", "Version"]);
    assert_eq!(query["Action"], "AssumeRoleWithOIDC");
    assert_eq!((form["RoleArn"].as_str(), form["DurationSeconds"].as_str()), (ROLE, "3600"));
    assert_eq!(form["OIDCProviderArn"], "acs:ram::123456789012:oidc-provider/pods");
    assert!(form["RoleSessionName"].starts_with("ossmpu-"), "{form:?}");
    assert_eq!(form["OIDCToken"], "hidden-jwt-1");
    assert_eq!(requests[1].1["OIDCToken"], "hidden-jwt-2");
}

#[test]
fn errors_of_the_token_name_its_file() {
    let sts = FakeServer::with_response(200, &role_response("STS.1"));
    let (machine, file) = oidc_machine(&sts);
    for text in [" \n", "abc\n", &"hidden".repeat(4000)] {
        fs::write(&file, text).unwrap();
        let error = machine.failure("oidc");
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    }
    fs::remove_file(&file).unwrap();
    let error = machine.failure("oidc");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    assert_eq!(error.os_errno(), Some(errno::ENOENT));
    assert!(sts.requests().is_empty());
}

#[test]
fn a_missing_variable_is_named() {
    let machine = Machine::new().set("ALIBABA_CLOUD_ROLE_ARN", ROLE);
    let error = machine.failure("oidc");
    assert!(error.to_string().contains("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"), "{error}");
}
