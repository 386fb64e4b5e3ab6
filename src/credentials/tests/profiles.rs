//! Tests profiles in the files of the Alibaba Cloud tools.

use std::path::Path;

use super::*;

const CONFIG: &str = ".aliyun/config.json";

/// Creates a machine whose CLI configuration has these profiles; the current one is `one`.
fn machine(profiles: &str) -> Machine {
    let machine = Machine::new();
    write(&machine, profiles);
    machine
}

fn write(machine: &Machine, profiles: &str) {
    machine
        .write(CONFIG, &format!(r#"{{"current":"one","profiles":[{profiles}],"meta_path":""}}"#));
}

/// Returns a path, or a command, as a string of JSON.
fn json_text(path: &Path) -> String {
    serde_json::Value::from(path.to_str().unwrap()).to_string()
}

fn pair(name: &str, id: &str) -> String {
    format!(
        r#"{{"name":"{name}","mode":"AK","access_key_id":"{id}","access_key_secret":"{SECRET}",
            "region_id":"cn-hangzhou","unknown":[1,{{"a":null}}]}}"#
    )
}

#[test]
fn the_name_takes_precedence_over_the_environment_and_the_current_profile() {
    let machine = machine(&[pair("one", "AK1"), pair("two", "AK2"), pair("中 3", "AK3")].join(","));
    assert_eq!(machine.id("profile"), "AK1");
    assert_eq!(machine.id("profile:two"), "AK2");
    let machine = machine.set("ALIBABA_CLOUD_PROFILE", "中 3");
    assert_eq!([machine.id("profile"), machine.id("profile:one")], ["AK3", "AK1"]);
    machine.failure("profile:One");
}

#[test]
fn a_file_is_read_in_each_fetch() {
    let machine = machine(&pair("one", "AK1"));
    let source = machine.source("profile").unwrap();
    let id = |machine: &Machine| machine.fetch_from(&source).unwrap().access_key.id().to_owned();
    assert_eq!(id(&machine), "AK1");
    write(&machine, &pair("one", "AK2"));
    assert_eq!(id(&machine), "AK2");
}

#[test]
fn static_modes_are_supported() {
    let token =
        pair("one", "STS.1").replace("AK\"", &format!("StsToken\",\"sts_token\":\"{TOKEN}\""));
    let machine = machine(&token);
    let key = machine.fetch("profile").unwrap().access_key;
    assert_eq!(key.token().unwrap().expose(), TOKEN);
    write(&machine, &pair("one", "AK1").replace("\"AK\"", "\"StsToken\""));
    let error = machine.failure("profile");
    assert!(error.to_string().contains("sts_token is missing"), "{error}");
    assert!(error.to_string().contains(CONFIG), "{error}");
}

#[test]
fn a_role_is_assumed_with_the_parameters_of_the_profile() {
    let sts = FakeServer::with_response(200, &role_response("STS.role"));
    let machine = machine(&pair("one", "AK1").replace("AK\"", &format!(
        r#"RamRoleArn","ram_role_arn":"{ROLE}","ram_session_name":"nightly","expired_seconds":900,
           "policy":"{{\"a b\":\"*\"}}","external_id":"ext","sts_endpoint":"{}""#,
        sts.url(),
    )));
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.role");
    let (query, form) = parameters(&sts.requests()[0]);
    assert_eq!(query["AccessKeyId"], "AK1");
    for (name, value) in [
        ("RoleArn", ROLE),
        ("RoleSessionName", "nightly"),
        ("DurationSeconds", "900"),
        ("Policy", r#"{"a b":"*"}"#),
        ("ExternalId", "ext"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
}

#[test]
fn a_chain_of_profiles_assumes_each_role() {
    let calls = Mutex::new(0);
    let sts = FakeServer::new(move |_| {
        *calls.lock().unwrap() += 1;
        Some((200, role_response(&format!("STS.{}", calls.lock().unwrap()))))
    });
    let link = |name: &str, source: &str| {
        format!(
            r#"{{"name":"{name}","mode":"ChainableRamRoleArn","source_profile":"{source}",
                "ram_role_arn":"{ROLE}-{name}"}}"#
        )
    };
    let machine =
        machine(&[link("one", "two"), link("two", "three"), pair("three", "AK3")].join(","))
            .set("ALIBABA_CLOUD_STS_ENDPOINT", sts.url());
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.2");
    let requests: Vec<_> = sts.requests().iter().map(parameters).collect();
    assert_eq!(
        (&requests[0].0["AccessKeyId"][..], &requests[1].0["AccessKeyId"][..]),
        ("AK3", "STS.1")
    );
    assert_eq!(requests[0].1["RoleArn"], format!("{ROLE}-two"));
    assert_eq!(requests[1].0["SecurityToken"], TOKEN);

    for (profiles, words) in [
        ([link("one", "two"), link("two", "one")].join(","), "one > two > one"),
        (link("one", "one"), "one > one"),
        (link("one", "gone"), "\"gone\" does not exist"),
    ] {
        write(&machine, &profiles);
        let error = machine.failure("profile");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn an_instance_role_may_assume_another_role() {
    let metadata = FakeServer::new(|request| match request.line.as_str() {
        "PUT /latest/api/token" => Some((200, "t".to_owned())),
        line if line.ends_with("/instance-role") => Some((200, members("STS.ecs"))),
        _ => Some((404, String::new())),
    });
    let sts = FakeServer::with_response(200, &role_response("STS.role"));
    let machine = Machine::with_metadata(metadata).set("ALIBABA_CLOUD_STS_ENDPOINT", sts.url());
    let role = r#"{"name":"one","mode":"EcsRamRole","ram_role_name":"instance-role""#;
    write(&machine, &format!("{role}}}"));
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.ecs");
    let role = role.replace("EcsRamRole", "RamRoleArnWithRoleName");
    write(&machine, &format!(r#"{role},"ram_role_arn":"{ROLE}"}}"#));
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.role");
    assert_eq!(parameters(&sts.requests()[0]).0["AccessKeyId"], "STS.ecs");
}

#[test]
fn oidc_commands_and_uris_work_from_a_profile() {
    let sts = FakeServer::with_response(200, &role_response("STS.oidc"));
    let machine = Machine::new().set("ALIBABA_CLOUD_STS_ENDPOINT", sts.url());
    let token = json_text(&machine.write("token", "hidden-jwt"));
    write(
        &machine,
        &format!(
            r#"{{"name":"one","mode":"OIDC","ram_role_arn":"{ROLE}","oidc_provider_arn":"p",
            "oidc_token_file":{token}}}"#,
        ),
    );
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.oidc");

    let keys = machine.write("keys.json", &members("STS.cmd"));
    let command = if cfg!(windows) { "cmd /c type" } else { "cat" };
    let command = json_text(Path::new(&format!("{command} {}", keys.display())));
    write(&machine, &format!(r#"{{"name":"one","mode":"External","process_command":{command}}}"#));
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.cmd");

    let uri = FakeServer::with_response(200, &members("STS.uri"));
    write(
        &machine,
        &format!(r#"{{"name":"one","mode":"CredentialsURI","credentials_uri":"{}"}}"#, uri.url(),),
    );
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.uri");
}

#[test]
fn a_cloud_sso_session_is_used_until_it_expires() {
    let response = format!(r#"{{"CloudCredential":{}}}"#, members("STS.sso"));
    let sso = FakeServer::with_response(200, &response);
    let profile = |end: &str| {
        let end = date::parse_rfc3339(end).unwrap();
        let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        format!(
            r#"{{"name":"one","mode":"CloudSSO","cloud_sso_sign_in_url":"{}/start?x=1",
                "cloud_sso_account_id":"acc","cloud_sso_access_config":"conf",
                "access_token":"{TOKEN}","cloud_sso_access_token_expire":{end}}}"#,
            sso.url(),
        )
    };
    let machine = machine(&profile(EXPIRY));
    assert_temporary(&machine.fetch("profile").unwrap(), "STS.sso");
    let request = &sso.requests()[0];
    assert_eq!(request.line, "POST /cloud-credentials");
    assert_eq!(request.header("authorization"), Some("Bearer hidden-token"));
    assert_eq!(request.body, r#"{"AccessConfigurationId":"conf","AccountId":"acc"}"#);
    write(&machine, &profile("2025-01-15T10:30:00Z"));
    let error = machine.failure("profile");
    assert!(error.to_string().contains("sign in again"), "{error}");
}

#[test]
fn errors_name_the_unusable_profile() {
    let machine = Machine::new();
    let mode = |mode: &str| pair("one", "AK1").replace("\"AK\"", &format!("\"{mode}\""));
    for (profiles, words) in [
        (mode("OAuth"), "mode"),
        (mode("RamRoleArn"), "ram_role_arn is missing"),
        (mode("External"), "process_command is missing"),
        (pair("one", "AK1").replace(SECRET, ""), "secret is missing"),
        (pair("one", "AK1").replace(SECRET, "hidden\\n"), "access_key_secret"),
        (pair("two", "AK1"), "\"one\" does not exist"),
    ] {
        write(&machine, &profiles);
        let error = machine.failure("profile");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("one"), "{error}");
    }
    machine.write(CONFIG, "{ hidden");
    let error = machine.failure("profile");
    assert!(error.to_string().contains("not JSON"), "{error}");
}

#[test]
fn the_ini_file_is_found_at_each_path_and_by_its_variable() {
    let text =
        format!("[default]\ntype = access_key\naccess_key_id = AK\naccess_key_secret = {SECRET}");
    for path in [".alibabacloud/credentials", ".alibabacloud/credentials.ini"] {
        let machine = Machine::new();
        machine.write(path, &text.replace("AK", path.trim_start_matches('.')));
        assert_eq!(machine.id("profile"), path.trim_start_matches('.'));
    }
    let machine = Machine::new();
    let file = machine.write("elsewhere", &text.replace("[default]", "[x]"));
    let machine = machine.set("ALIBABA_CLOUD_CREDENTIALS_FILE", file.to_str().unwrap());
    assert_eq!(machine.id("profile:x"), "AK");
    machine.failure("profile");
}

#[test]
fn the_types_of_the_ini_file_are_supported() {
    let sts = FakeServer::with_response(200, &role_response("STS.ini"));
    let machine = Machine::new().set("ALIBABA_CLOUD_STS_ENDPOINT", sts.url());
    let token = machine.write("token", "hidden-jwt");
    machine.write(
        ".alibabacloud/credentials",
        &format!(
            "[role]\ntype=ram_role_arn\naccess_key_id=AK\naccess_key_secret={SECRET}\n\
         role_arn={ROLE}\nrole_session_name=nightly\npolicy={{\"a\":1}}\n\
         [oidc]\ntype=oidc_role_arn\nrole_arn={ROLE}\noidc_provider_arn=p\n\
         oidc_token_file_path={}\n[ecs]\ntype=ecs_ram_role\nrole_name=\n\
         [rsa]\ntype=rsa_key_pair\n[none]\naccess_key_id=AK\n",
            token.display(),
        ),
    );
    assert_temporary(&machine.fetch("profile:role").unwrap(), "STS.ini");
    assert_temporary(&machine.fetch("profile:oidc").unwrap(), "STS.ini");
    let requests: Vec<_> = sts.requests().iter().map(parameters).collect();
    assert_eq!(
        (&requests[0].1["Policy"][..], &requests[0].1["RoleSessionName"][..]),
        ("{\"a\":1}", "nightly")
    );
    assert_eq!(requests[1].0["Action"], "AssumeRoleWithOIDC");
    for (name, words) in [("ecs", "metadata"), ("rsa", "type"), ("none", "type is missing")] {
        let error = machine.failure(&format!("profile:{name}"));
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn access_keys_of_ossutil_are_read_in_both_layouts() {
    let machine = Machine::new();
    let file = ".ossutilconfig";
    machine.write(
        file,
        &format!(
            "[Credentials]\nlanguage=EN\nendpoint=oss-cn-hangzhou.aliyuncs.com\naccessKeyID=AK1\n\
         accessKeySecret={SECRET}\nstsToken={TOKEN}\n[Bucket-Endpoint]\n"
        ),
    );
    let key = machine.fetch("profile").unwrap().access_key;
    assert_eq!((key.id(), key.token().unwrap().expose()), ("AK1", TOKEN));
    machine.write(
        file,
        &format!(
            "[default]\nregion=cn-hangzhou # here\naccess-key-id=AK2\naccess_key_secret={SECRET}\n\
         [profile two]\naccessKeyID=AK3\naccessKeySecret={SECRET}\nmode=AK\n\
         [profile three]\nmode=EcsRamRole\n"
        ),
    );
    assert_eq!([machine.id("profile"), machine.id("profile:two")], ["AK2", "AK3"]);
    let error = machine.failure("profile:three");
    assert!(error.to_string().contains("only access keys"), "{error}");
}

#[test]
fn files_may_begin_with_a_byte_order_mark() {
    let keys = format!("accessKeyID=AK\naccessKeySecret={SECRET}\n");
    let ini = format!("[default]\ntype=access_key\naccess_key_id=AK\naccess_key_secret={SECRET}\n");
    let json = format!(r#"{{"current":"one","profiles":[{}]}}"#, pair("one", "AK"));
    for (file, content) in [
        (CONFIG, json),
        (".alibabacloud/credentials", ini),
        (".ossutilconfig", format!("[Credentials]\n{keys}")),
    ] {
        let machine = Machine::new();
        machine.write(file, &format!("\u{feff}{content}"));
        assert_eq!(machine.id("profile"), "AK", "{file}");
    }
}

#[test]
fn an_unknown_profile_names_every_file() {
    let machine = machine(&pair("one", "AK1"));
    machine.write(".alibabacloud/credentials.ini", "[default]\n");
    let error = machine.failure("profile:x").to_string();
    for path in [CONFIG, ".alibabacloud/credentials", "credentials.ini", ".ossutilconfig"] {
        assert!(error.contains(path), "{path}: {error}");
    }
    let machine = machine.set("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true");
    let error = machine.failure("profile:one").to_string();
    assert!(error.contains("ALIBABA_CLOUD_CLI_PROFILE_DISABLED"), "{error}");
}
