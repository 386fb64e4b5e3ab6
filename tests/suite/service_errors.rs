//! Error responses: what the error reports, what is recovered, and which secrets are redacted.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use oss_emulator::{AccessKey as ServerKey, Action, RequestRecord, Rule};
use ossmpu::{
    AccessKey, Config, Credentials, CredentialsProvider, Error, ErrorKind, HeadObject, ListParts,
    LogLevel, UploadOptions,
};

use crate::fixture::{Fixture, Lines, PART, bytes};

/// Uploads a small object and returns the expected error.
fn put_error(change: impl FnOnce(&mut Config)) -> (Fixture, Error) {
    let fixture = Fixture::with(change);
    let error = fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    fixture.assert_bucket_empty();
    (fixture, error)
}

#[test]
fn a_wrong_secret_is_an_error_with_all_details_but_the_secret() {
    let (fixture, error) = put_error(|config| {
        config.set_keys("test-id", "not-the-secret", None).unwrap();
    });
    let request = &fixture.emulator.requests()[0];
    assert_eq!(
        (error.kind(), error.oss_code()),
        (ErrorKind::Service, Some("SignatureDoesNotMatch"))
    );
    assert_eq!((error.http_status(), error.operation()), (Some(403), Some("PutObject")));
    assert_eq!(error.request_id(), Some(&*request.request_id));
    assert_eq!(error.host(), Some(&*fixture.emulator.addr().to_string()));
    assert!(error.oss_message().is_some(), "{error:?}");
    assert_eq!((error.attempts(), fixture.count("PutObject")), (1, 1));
    assert!(!error.is_retryable());
    for detail in [
        "PutObject",
        "403",
        "SignatureDoesNotMatch",
        error.request_id().unwrap(),
        error.host().unwrap(),
    ] {
        assert!(error.to_string().contains(detail), "{detail} is not in {error}");
    }
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn the_error_of_a_refused_part_has_the_bytes_that_were_sent() {
    let fixture = Fixture::new();
    let refusal = Action::status(403, "AccessDenied").after_commit();
    fixture.emulator.add_rule(Rule::on("UploadPart", refusal).part(1));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!((error.http_status(), error.bytes_sent()), (Some(403), PART), "{error}");
}

#[test]
fn an_unknown_fixed_key_id_is_not_retried() {
    let (_, error) = put_error(|config| {
        config.set_keys("other-id", "test-secret", None).unwrap();
    });
    assert_eq!((error.oss_code(), error.attempts()), (Some("InvalidAccessKeyId"), 1));
}

#[test]
fn a_wrong_region_is_a_service_error() {
    let (_, error) = put_error(|config| {
        config.set_region("cn-beijing").unwrap();
    });
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(400)));
    assert_eq!((error.oss_code(), error.attempts()), (Some("InvalidArgument"), 1));
}

#[test]
fn clock_skew_is_corrected_with_one_more_request() {
    for offset in [-3600, 3600] {
        let lines = Lines::default();
        let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Warn));
        fixture.emulator.set_clock_offset(offset);
        fixture.put(&bytes(10), &UploadOptions::new()).unwrap();
        assert_eq!(fixture.operations(), ["PutObject", "PutObject"]);
        // The correction is kept.
        fixture.put(&bytes(20), &UploadOptions::new()).unwrap();
        assert_eq!(fixture.count("PutObject"), 3);
        let warnings = lines.at(LogLevel::Warn);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let direction = if offset < 0 { "behind" } else { "ahead of" };
        let expected = format!(" s {direction} the local clock; requests are signed");
        assert!(warnings[0].contains(&expected), "{warnings:?}");
    }
}

#[test]
fn a_server_clock_that_is_off_by_more_than_the_maximum_is_an_error_that_says_so() {
    const YEARS: i64 = 14 * 365 * 86_400;
    let lines = Lines::default();
    let fixture = Fixture::with(|config| lines.listen(config, LogLevel::Warn));
    fixture.emulator.set_clock_offset(YEARS);
    let error = fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    assert_eq!((error.oss_code(), error.attempts()), (Some("RequestTimeTooSkewed"), 1));
    for text in [error.to_string(), lines.at(LogLevel::Warn).concat()] {
        assert!(text.contains(" s ahead of the local clock, more than the maximum"), "{text}");
    }
    fixture.emulator.clear_requests();
    fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    let year = |request: &RequestRecord| request.header("x-oss-date").unwrap()[..4].to_owned();
    let years: Vec<String> = fixture.emulator.requests().iter().map(year).collect();
    assert!(years.iter().all(|year| year.as_str() < "2035"), "{years:?}");

    let believing = Fixture::with(|config| {
        config.set_max_clock_offset(Duration::from_secs(20 * 365 * 86_400));
    });
    believing.emulator.set_clock_offset(YEARS);
    believing.put(&bytes(10), &UploadOptions::new()).unwrap();
}

#[test]
fn a_time_to_retry_is_on_the_clock_of_the_server() {
    let fixture = Fixture::new();
    // So little that requests are accepted.
    let ahead = Duration::from_secs(600);
    fixture.emulator.set_clock_offset(600);
    let at = httpdate::fmt_http_date(SystemTime::now() + ahead);
    let action = Action::status(503, "ServiceUnavailable").header("Retry-After", at);
    fixture.once("PutObject", action);
    let started = Instant::now();
    fixture.put(&bytes(10), &UploadOptions::new()).unwrap();
    assert_eq!(fixture.count("PutObject"), 2);
    assert!(started.elapsed() < Duration::from_secs(50), "{:?}", started.elapsed());
}

#[test]
fn clock_skew_that_cannot_be_corrected_is_an_error() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(3).unwrap();
    });
    fixture.always("PutObject", Action::status(403, "RequestTimeTooSkewed"));
    let error = fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    assert_eq!(error.oss_code(), Some("RequestTimeTooSkewed"));
    let requests = fixture.count("PutObject");
    assert!((2..=3).contains(&requests), "{requests}");
    assert_eq!(error.attempts() as usize, requests);
}

#[test]
fn a_security_token_is_sent() {
    let fixture = Fixture::with(|config| {
        config.set_keys("sts-id", "sts-secret", Some("sts-token")).unwrap();
    });
    fixture.emulator.add_key(ServerKey::new("sts-id", "sts-secret").with_token("sts-token"));
    fixture.put_five_parts().unwrap();
    let requests = fixture.emulator.requests();
    assert!(requests.iter().all(|r| r.header("x-oss-security-token") == Some("sts-token")));
}

#[test]
fn an_expired_fixed_token_is_not_retried() {
    let fixture = Fixture::with(|config| {
        config.set_keys("sts-id", "sts-secret", Some("sts-token")).unwrap();
    });
    fixture.emulator.add_key(ServerKey::new("sts-id", "sts-secret").with_token("sts-token"));
    fixture.emulator.expire_token("sts-token");
    let error = fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    assert_eq!((error.oss_code(), error.attempts()), (Some("SecurityTokenExpired"), 1));
}

/// Provides a new numbered token at each fetch.
#[derive(Clone, Default)]
struct Tokens(Arc<AtomicUsize>);

impl CredentialsProvider for Tokens {
    fn fetch(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        let token = format!("token-{}", self.0.fetch_add(1, Ordering::SeqCst) + 1);
        let access_key = AccessKey::new("sts-id", "sts-secret")?.with_token(token)?;
        Ok(Credentials { access_key, expires: None })
    }
}

#[test]
fn an_expired_token_is_refreshed_with_one_more_request() {
    let tokens = Tokens::default();
    let fixture = Fixture::with(|config| {
        config.set_credentials_provider(tokens.clone());
    });
    for token in ["token-1", "token-2"] {
        fixture.emulator.add_key(ServerKey::new("sts-id", "sts-secret").with_token(token));
    }
    fixture.put(&bytes(10), &UploadOptions::new()).unwrap();
    fixture.emulator.expire_token("token-1");
    fixture.put(&bytes(20), &UploadOptions::new()).unwrap();
    assert_eq!((tokens.0.load(Ordering::SeqCst), fixture.count("PutObject")), (2, 3));
}

#[test]
fn a_token_that_expires_between_parts_does_not_fail_the_upload() {
    let tokens = Tokens::default();
    let fixture = Fixture::with(|config| {
        config.set_credentials_provider(tokens.clone());
    });
    for token in ["token-1", "token-2"] {
        fixture.emulator.add_key(ServerKey::new("sts-id", "sts-secret").with_token(token));
    }
    let upload = fixture.initiate();
    fixture.emulator.expire_token("token-1");
    upload.upload_part(crate::fixture::number(1), bytes(10), &fixture.cancel).unwrap();
    upload.complete(&fixture.cancel).unwrap();
    assert_eq!((tokens.0.load(Ordering::SeqCst), fixture.count("UploadPart")), (2, 2));
}

struct FailingProvider;

impl CredentialsProvider for FailingProvider {
    fn fetch(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        Err("the vault is closed".into())
    }
}

#[test]
fn a_provider_that_fails_is_an_error_before_any_request() {
    let (fixture, error) = put_error(|config| {
        config.set_credentials_provider(FailingProvider);
    });
    assert_eq!(
        (error.kind(), error.cause()),
        (ErrorKind::Credentials, Some("the vault is closed"))
    );
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn additional_headers_are_signed() {
    let fixture = Fixture::with(|config| {
        config.set_additional_headers("host;user-agent;content-length").unwrap();
    });
    fixture.put_five_parts().unwrap();
    let head = HeadObject::new(&fixture.bucket, &fixture.key);
    fixture.client.head_object(&head, &fixture.cancel).unwrap();
    let upload = fixture.initiate();
    let list = ListParts::new(&fixture.bucket, &fixture.key, upload.upload_id());
    fixture.client.list_parts(&list, &fixture.cancel).unwrap();
    upload.abort().unwrap();
    let requests = fixture.emulator.requests();
    for method in ["PUT", "POST", "HEAD", "GET", "DELETE"] {
        assert!(requests.iter().any(|request| request.method == method), "{method}");
    }
    for request in requests {
        let authorization = request.header("authorization").unwrap();
        // Only requests with a body, also an empty one, have `Content-Length`.
        let signed = match request.method.as_str() {
            "PUT" | "POST" => "AdditionalHeaders=content-length;host;user-agent,",
            _ => "AdditionalHeaders=host;user-agent,",
        };
        assert!(authorization.contains(signed), "{} {authorization}", request.method);
    }
}

#[test]
fn no_secret_is_in_any_error_or_log_line() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| {
        config.set_keys("sts-id", "hidden-secret", Some("hidden-token")).unwrap();
        lines.listen(config, LogLevel::Debug);
        config.set_max_attempts(2).unwrap();
    });
    fixture.emulator.add_key(ServerKey::new("sts-id", "hidden-secret").with_token("hidden-token"));
    fixture.put_five_parts().unwrap();
    fixture.always("PutObject", Action::status(500, "InternalError"));
    let failed = fixture.put(&bytes(10), &UploadOptions::new()).unwrap_err();
    fixture.emulator.remove_key("sts-id");
    fixture.emulator.add_key(ServerKey::new("sts-id", "another").with_token("hidden-token"));
    let denied = fixture.put_five_parts().unwrap_err();
    assert_eq!(denied.oss_code(), Some("SignatureDoesNotMatch"));

    let mut texts = lines.all();
    assert!(texts.iter().any(|line| line.contains("UploadPart") || line.contains("partNumber=5")));
    texts.extend([failed.to_string(), format!("{failed:?}")]);
    texts.extend([denied.to_string(), format!("{denied:?}")]);
    texts.push(format!("{:?}", fixture.client));
    let mut secrets = vec!["hidden-secret".to_owned(), "hidden-token".to_owned()];
    for request in fixture.emulator.requests() {
        let authorization = request.header("authorization").unwrap();
        let (_, signature) = authorization.rsplit_once("Signature=").unwrap();
        secrets.push(signature.split(',').next().unwrap().to_owned());
    }
    for text in &texts {
        let found = secrets.iter().find(|secret| text.contains(secret.as_str()));
        assert_eq!(found, None, "{text}");
    }
}
