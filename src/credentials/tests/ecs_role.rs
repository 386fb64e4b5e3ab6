//! The metadata service of an instance; that of the cloud is never asked.

use std::time::Instant;

use super::*;

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// Answers as the service does, token included, and the rest as a test says.
fn service(token: (u16, &str), role: (u16, &str), keys: (u16, &str)) -> FakeServer {
    let own = |(status, body): (u16, &str)| (status, body.to_owned());
    let (token, role, keys) = (own(token), own(role), own(keys));
    FakeServer::new(move |asked| {
        Some(match asked.line.as_str() {
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
fn a_token_is_fetched_first_and_goes_along() {
    let machine = Machine::with_metadata(good((200, "hidden-metadata")));
    assert_temporary(&machine.fetch("ecs").unwrap(), "STS.ecs");
    let asked = machine.metadata.asked();
    let lines: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    let last = format!("GET {ROLES}my-role");
    assert_eq!(lines, ["PUT /latest/api/token", &format!("GET {ROLES}"), &last]);
    assert_eq!(asked[0].header("x-aliyun-ecs-metadata-token-ttl-seconds"), Some("21600"));
    for asked in &asked[1..] {
        assert_eq!(asked.header("x-aliyun-ecs-metadata-token"), Some("hidden-metadata"));
    }
}

#[test]
fn a_role_that_is_known_is_not_asked_for() {
    let machine = Machine::with_metadata(good((200, "t")));
    assert_eq!(machine.id("ecs:my-role"), "STS.ecs");
    assert_eq!(machine.metadata.asked().len(), 2);
    let machine =
        Machine::with_metadata(good((200, "t"))).set("ALIBABA_CLOUD_ECS_METADATA", "my-role");
    assert_eq!(machine.id("ecs"), "STS.ecs");
    assert_eq!(machine.metadata.asked().len(), 2);
}

#[test]
fn without_a_token_the_old_form_is_asked_unless_that_is_forbidden() {
    for token in [(404, ""), (403, "no"), (200, ""), (200, "two words")] {
        let machine = Machine::with_metadata(good(token));
        assert_eq!(machine.id("ecs"), "STS.ecs", "{token:?}");
        let asked = machine.metadata.asked();
        assert!(asked.iter().all(|asked| asked.header("x-aliyun-ecs-metadata-token").is_none()));

        let strict =
            Machine::with_metadata(good(token)).set("ALIBABA_CLOUD_IMDSV1_DISABLED", "TRUE");
        strict.failure("ecs");
        assert_eq!(strict.metadata.lines(), ["PUT /latest/api/token"]);
    }
}

#[test]
fn a_token_step_without_an_answer_ends_in_time_and_is_left_out() {
    let mut machine = Machine::with_metadata(FakeServer::new(|asked| match asked.line.as_str() {
        "PUT /latest/api/token" => None,
        _ => Some((200, members("STS.ecs"))),
    }));
    machine.step = Duration::from_millis(200);
    let begun = Instant::now();
    assert_eq!(machine.id("ecs:any"), "STS.ecs");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn what_is_wrong_is_told() {
    let keys = members("STS.ecs");
    for (name, role, keys, words) in [
        ("no role", (404, ""), (200, keys.as_str()), "404"),
        ("empty role", (200, "\n"), (200, &keys), "name of the role"),
        ("two roles", (200, "a\nb"), (200, &keys), "name of the role"),
        ("no keys", (200, "my-role"), (500, &keys), "500"),
        ("failed", (200, "my-role"), (200, &keys.replace("Success", "Failed")), "Code"),
        ("no token", (200, "my-role"), (200, &keys.replace("SecurityToken", "T")), "SecurityToken"),
        ("no JSON", (200, "my-role"), (200, "hidden"), "no JSON"),
        ("too long", (200, "my-role"), (200, &" ".repeat(70_000)), "too long"),
    ] {
        let machine = Machine::with_metadata(service((200, "t"), role, keys));
        let error = machine.failure("ecs");
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert!(error.to_string().starts_with("the metadata service"), "{name}: {error}");
    }
}

#[test]
fn where_nobody_answers_one_step_is_tried() {
    let closed = FakeServer::saying(200, "").host();
    let machine = Machine::new();
    let variables = |_: &str| None;
    let env_settings = EnvSettings::read(&variables).unwrap().with_metadata(&closed, machine.step);
    let source =
        builtin_source::parse_near("ecs", &variables, &|| Ok(env_settings.clone())).unwrap();
    let error = machine.fetch_from(&source).unwrap_err();
    assert_eq!((error.kind(), error.host()), (ErrorKind::Credentials, Some(closed.as_str())));
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn it_can_be_switched_off() {
    let machine =
        Machine::with_metadata(good((200, "t"))).set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let error = machine.failure("ecs:my-role");
    assert!(error.to_string().contains("ALIBABA_CLOUD_ECS_METADATA_DISABLED"), "{error}");
    assert!(machine.metadata.asked().is_empty());
}
