//! Tests the metadata service with a fake server.

use std::time::Instant;

use super::*;

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// Creates a fake metadata service with these responses.
fn service(token: (u16, &str), role: (u16, &str), keys: (u16, &str)) -> FakeServer {
    let own = |(status, body): (u16, &str)| (status, body.to_owned());
    let (token, role, keys) = (own(token), own(role), own(keys));
    FakeServer::new(move |request| {
        Some(match request.line.as_str() {
            "PUT /latest/api/token" => token.clone(),
            line if line == format!("GET {ROLES}") => role.clone(),
            line if line == format!("GET {ROLES}my-role") => keys.clone(),
            _ => (404, String::new()),
        })
    })
}

fn good(token: (u16, &str)) -> FakeServer {
    service(token, (200, "my-role\n"), (200, &members("STS.ecs")))
}

#[test]
fn a_token_is_fetched_first_and_sent_with_requests() {
    let machine = Machine::with_metadata(good((200, "hidden-metadata")));
    assert_temporary(&machine.fetch("ecs").unwrap(), "STS.ecs");
    let requests = machine.metadata.requests();
    let lines: Vec<_> = requests.iter().map(|request| request.line.as_str()).collect();
    let last = format!("GET {ROLES}my-role");
    assert_eq!(lines, ["PUT /latest/api/token", &format!("GET {ROLES}"), &last]);
    assert_eq!(requests[0].header("x-aliyun-ecs-metadata-token-ttl-seconds"), Some("21600"));
    for request in &requests[1..] {
        assert_eq!(request.header("x-aliyun-ecs-metadata-token"), Some("hidden-metadata"));
    }
}

#[test]
fn a_known_role_is_not_requested() {
    let machine = Machine::with_metadata(good((200, "t")));
    assert_eq!(machine.id("ecs:my-role"), "STS.ecs");
    assert_eq!(machine.metadata.requests().len(), 2);
    let machine =
        Machine::with_metadata(good((200, "t"))).set("ALIBABA_CLOUD_ECS_METADATA", "my-role");
    assert_eq!(machine.id("ecs"), "STS.ecs");
    assert_eq!(machine.metadata.requests().len(), 2);
}

#[test]
fn requests_without_a_token_are_sent_unless_disabled() {
    for token in [(404, ""), (403, "no"), (200, ""), (200, "two words")] {
        let machine = Machine::with_metadata(good(token));
        assert_eq!(machine.id("ecs"), "STS.ecs", "{token:?}");
        let requests = machine.metadata.requests();
        assert!(
            requests.iter().all(|request| request.header("x-aliyun-ecs-metadata-token").is_none())
        );

        let strict =
            Machine::with_metadata(good(token)).set("ALIBABA_CLOUD_IMDSV1_DISABLED", "TRUE");
        strict.failure("ecs");
        assert_eq!(strict.metadata.lines(), ["PUT /latest/api/token"]);
    }
}

#[test]
fn a_token_request_without_a_response_times_out_and_is_skipped() {
    let mut machine =
        Machine::with_metadata(FakeServer::new(|request| match request.line.as_str() {
            "PUT /latest/api/token" => None,
            _ => Some((200, members("STS.ecs"))),
        }));
    machine.step_timeout = Duration::from_secs(3);
    let start = Instant::now();
    assert_eq!(machine.id("ecs:any"), "STS.ecs");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn errors_name_what_is_wrong() {
    let keys = members("STS.ecs");
    for (name, role, keys, words) in [
        ("no role", (404, ""), (200, keys.as_str()), "no RAM role is attached to the instance"),
        ("unknown role", (200, "other"), (200, &keys), "the instance has no such role"),
        ("empty role", (200, "\n"), (200, &keys), "name of the role"),
        ("two roles", (200, "a\nb"), (200, &keys), "name of the role"),
        ("no keys", (200, "my-role"), (500, &keys), "500"),
        ("failed", (200, "my-role"), (200, &keys.replace("Success", "Failed")), "Code"),
        ("no token", (200, "my-role"), (200, &keys.replace("SecurityToken", "T")), "SecurityToken"),
        ("no JSON", (200, "my-role"), (200, "hidden"), "not JSON"),
        ("too long", (200, "my-role"), (200, &" ".repeat(70_000)), "too long"),
    ] {
        let machine = Machine::with_metadata(service((200, "t"), role, keys));
        let error = machine.failure("ecs");
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert!(error.to_string().starts_with("the metadata service"), "{name}: {error}");
    }
}

#[test]
fn a_refused_connection_is_not_retried_without_a_token() {
    let closed = "127.77.0.8:9";
    let machine = Machine::new();
    let variables = |_: &str| None;
    let env_settings =
        EnvSettings::read(&variables).unwrap().with_metadata(closed, machine.step_timeout);
    let source =
        builtin_source::parse_with("ecs", &variables, &|| Ok(env_settings.clone())).unwrap();
    let error = machine.fetch_from(&source).unwrap_err();
    assert_eq!((error.kind(), error.host()), (ErrorKind::Credentials, Some(closed)));
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn the_source_can_be_disabled() {
    let machine =
        Machine::with_metadata(good((200, "t"))).set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let error = machine.failure("ecs:my-role");
    assert!(error.to_string().contains("ALIBABA_CLOUD_ECS_METADATA_DISABLED"), "{error}");
    assert!(machine.metadata.requests().is_empty());
}
