//! Tests the order of the default chain and where it ends.

use super::*;

#[test]
fn the_first_configured_source_provides_the_key() {
    let sts = FakeServer::with_response(200, &role_response("STS.oidc"));
    let uri = FakeServer::with_response(200, &members("STS.uri"));
    let metadata = FakeServer::with_response(200, &members("STS.ecs"));
    let ini = format!("[default]\ntype=access_key\naccess_key_id=INI\naccess_key_secret={SECRET}");
    let config = format!(
        r#"{{"current":"a","profiles":[{{"name":"a","access_key_id":"CLI","access_key_secret":"{SECRET}"}}]}}"#
    );

    // Each step configures a source that precedes all configured so far.
    let machine = Machine::with_metadata(metadata).set("ALIBABA_CLOUD_ECS_METADATA", "role");
    assert_eq!(machine.id("default"), "STS.ecs");
    let machine = machine.set("ALIBABA_CLOUD_CREDENTIALS_URI", uri.url());
    assert_eq!(machine.id("default"), "STS.uri");
    machine
        .write(".ossutilconfig", &format!("[default]\naccessKeyID=UTIL\naccessKeySecret={SECRET}"));
    assert_eq!(machine.id("default"), "UTIL");
    machine.write(".alibabacloud/credentials", &ini);
    assert_eq!(machine.id("default"), "INI");
    machine.write(".aliyun/config.json", &config);
    assert_eq!(machine.id("default"), "CLI");
    let token = machine.write("token", "hidden-jwt");
    let machine = machine
        .set("ALIBABA_CLOUD_STS_ENDPOINT", sts.url())
        .set("ALIBABA_CLOUD_ROLE_ARN", ROLE)
        .set("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p")
        .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.to_str().unwrap());
    assert_eq!(machine.id("default"), "STS.oidc");
    let machine = machine.set_key("ALIBABA_CLOUD", "OTHER");
    assert_eq!(machine.id("default"), "OTHER");
    let machine = machine.set_key("OSS", "OSS");
    assert_eq!(machine.id("default"), "OSS");
    assert_eq!((uri.requests().len(), sts.requests().len()), (1, 1));
}

#[test]
fn the_first_successful_source_is_used_from_then_on() {
    let uri = FakeServer::with_response(200, &members("STS.uri"));
    let machine = Machine::new().set("ALIBABA_CLOUD_CREDENTIALS_URI", uri.url());
    let source = machine.source("default").unwrap();
    assert_temporary(&machine.fetch_from(&source).unwrap(), "STS.uri");
    // A new chain would use this first.
    let config = format!("[default]\naccessKeyID=UTIL\naccessKeySecret={SECRET}");
    machine.write(".ossutilconfig", &config);
    assert_temporary(&machine.fetch_from(&source).unwrap(), "STS.uri");
    assert_eq!(machine.id("default"), "UTIL");
}

#[test]
fn a_failed_source_is_not_selected() {
    let working = Arc::new(Mutex::new(false));
    let works = Arc::clone(&working);
    let metadata = FakeServer::new(move |_| match *works.lock().unwrap() {
        true => Some((200, members("STS.ecs"))),
        false => Some((500, String::new())),
    });
    let machine = Machine::with_metadata(metadata).set("ALIBABA_CLOUD_ECS_METADATA", "role");
    let source = machine.source("default").unwrap();
    machine.fetch_from(&source).unwrap_err();
    machine
        .write(".ossutilconfig", &format!("[default]\naccessKeyID=UTIL\naccessKeySecret={SECRET}"));
    assert_eq!(machine.fetch_from(&source).unwrap().access_key.id(), "UTIL");
    *working.lock().unwrap() = true;
    assert_eq!(machine.fetch_from(&source).unwrap().access_key.id(), "UTIL");
}

#[test]
fn a_broken_configured_source_is_not_skipped() {
    let uri = FakeServer::with_response(200, &members("STS.uri"));
    let machine = || {
        Machine::with_metadata(FakeServer::with_response(200, &members("STS.ecs")))
            .set("ALIBABA_CLOUD_CREDENTIALS_URI", uri.url())
    };
    let half = machine().set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET);
    assert_eq!(half.failure("default").argument(), Some("ALIBABA_CLOUD_ACCESS_KEY_ID"));
    let profile = machine();
    profile.write(".aliyun/config.json", r#"{"current":"gone","profiles":[]}"#);
    assert!(profile.failure("default").to_string().contains("gone"));
    let refused = FakeServer::with_response(403, r#"{"Code":"NoPermission"}"#);
    let role = machine().set("ALIBABA_CLOUD_STS_ENDPOINT", refused.url());
    role.write(".alibabacloud/credentials", &format!(
        "[default]\ntype=ram_role_arn\naccess_key_id=AK\naccess_key_secret={SECRET}\nrole_arn={ROLE}"
    ));
    assert_eq!(role.failure("default").oss_code(), Some("NoPermission"));
    let plain = machine().set("ALIBABA_CLOUD_CREDENTIALS_URI", "http://hidden.example");
    assert_eq!(plain.failure("default").argument(), Some("ALIBABA_CLOUD_CREDENTIALS_URI"));
    assert!(uri.requests().is_empty());
}

#[test]
fn a_blank_profile_is_skipped() {
    let machine = Machine::with_metadata(FakeServer::with_response(200, &members("STS.ecs")))
        .set("ALIBABA_CLOUD_ECS_METADATA", "role");
    for text in [
        r#"{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":""}]}"#,
        r#"{"current":"","profiles":[]}"#,
    ] {
        machine.write(".aliyun/config.json", text);
        machine.write(".ossutilconfig", "[default]\nregion=cn-hangzhou\n");
        assert_eq!(machine.id("default"), "STS.ecs");
    }
}

#[test]
fn the_error_has_the_reason_of_every_source() {
    for disabled in ["false", "true"] {
        let machine = Machine::new().set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", disabled);
        let error = machine.failure("default").to_string();
        for reason in [
            "OSS_ACCESS_KEY_ID is not set",
            "ALIBABA_CLOUD_ACCESS_KEY_ID is not set",
            "ALIBABA_CLOUD_ROLE_ARN is not set",
            ".aliyun/config.json",
            ".alibabacloud/credentials",
            ".ossutilconfig",
            "ALIBABA_CLOUD_CREDENTIALS_URI is not set",
            if disabled == "true" { "METADATA_DISABLED is set" } else { "metadata service" },
        ] {
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
