//! Invalid command lines: exit code 2, a message with the remedy, and no request.

use crate::fixture::{Fixture, ossmpu, url};
use crate::run::Run;

#[test]
fn invalid_command_lines_are_refused_before_any_request() {
    let fixture = Fixture::new();
    fixture.file("a", b"x");
    fixture.file("b", b"x");
    std::fs::create_dir(fixture.path("folder")).unwrap();
    let target = url("key");
    for (arguments, message) in [
        (&["put", "folder", &target][..], "folder is a directory; upload its files"),
        (&["put", "a", "b", &target], "a target that ends with a slash"),
        (&["put", "-", "oss://cli-bucket"], "stdin has no name"),
        (&["put", "a", "s3://cli-bucket/a"], "oss://BUCKET/KEY"),
        (&["put", "a", "oss://Cli_Bucket/a"], "bucket"),
        (&["put", "a"], "<TARGET>"),
        (&["put", "--part-size", "1KiB", "a", &target], "100 KiB to 5 GiB"),
        (&["put", "--part-size", "8MB", "a", &target], "8MiB or 8M"),
        (&["put", "-j", "300", "a", &target], "1 to 256"),
        (
            &["put", "--upload-id", "x", "a", "b", "oss://cli-bucket/"],
            "--upload-id allows only one file",
        ),
        (&["put", "--upload-id", "x", "-", &target], "stdin cannot be read again"),
        (&["put", "--delta", "-", &target], "--delta requires files"),
        (&["put", "--delta", "--sequential", "a", &target], "cannot be used with"),
        (&["put", "--delta=bucket/key", "a", &target], "expected oss://BUCKET/KEY"),
        (
            &["put", "--delta=oss://cli-bucket/k", "a", "b", "oss://cli-bucket/"],
            "--delta=BASE allows only one file",
        ),
        (&["put", "--acl", "mine", "a", &target], "x-oss-object-acl"),
        (&["put", "--credentials", "x", "a", &target], "the sources are default, env, oidc"),
        (&["put", "--proxy", "ftp://u:hunter2@h", "a", &target], "proxy: "),
        (&["put", "--max-attempts", "0", "a", &target], "max_attempts: "),
        (&["put", "--region", "Here!", "a", &target], "region: "),
        (&["clean", &target, "--older-than", "7"], "90s, 30m, 12h, 7d"),
        (&["clean", &target, "--older-than", "7d", "--prefix", "a"], "already has a prefix"),
        (&["presign", "part", &target, "ID", "0"], "1 to 10000"),
        (&["presign", "put", &target, "--expires", "8d"], "expires"),
        (&["ls-uploads", &target, "--addressing", "dns"], "virtual-host"),
        (
            &[
                "parts",
                &target,
                "ID",
                "--endpoint",
                "http://cli-bucket.oss-cn-hangzhou.aliyuncs.com",
            ],
            "endpoint: ",
        ),
        (&["sing"], "sing"),
        (&[], "Usage: ossmpu"),
    ] {
        let run = fixture.run(arguments).exits(2);
        assert!(run.stderr.contains(message), "{arguments:?}: {run:?}");
        assert!(!run.stderr.contains("hunter2"), "{run:?}");
        assert_eq!(run.stdout, "");
    }
    assert_eq!(fixture.emulator.requests().len(), 0);
}

#[test]
fn missing_credentials_or_region_are_named() {
    let run = Run::of(ossmpu(&["ls-uploads", "oss://abc"]).output().unwrap()).exits(1);
    assert!(run.stderr.contains("no credentials were set"), "{run:?}");
    let mut anonymous = ossmpu(&["ls-uploads", "oss://abc", "--credentials", "anonymous"]);
    let run = Run::of(anonymous.output().unwrap()).exits(2);
    assert!(run.stderr.contains("endpoint") || run.stderr.contains("region"), "{run:?}");
}

#[test]
fn a_variable_is_not_read_if_its_option_is_given() {
    let fixture = Fixture::new();
    fixture.file("a", b"x");
    for (variable, value, option) in [
        ("OSS_ENDPOINT", "ftp://a", ["--endpoint", fixture.emulator.url()]),
        ("OSS_REGION", "Here!", ["--region", "cn-hangzhou"]),
        ("OSS_ACCESS_KEY_SECRET", "", ["--credentials", "anonymous"]),
    ] {
        let put = |options: &[&str]| {
            let mut command = fixture.command(&[&["put", "a", &url("a")], options].concat());
            Run::of(command.env(variable, value).output().unwrap())
        };
        let sent = fixture.count("PutObject");
        let run = put(&[]);
        assert!(run.code != Some(0) && run.stderr.contains(variable), "{run:?}");
        assert_eq!(fixture.count("PutObject"), sent);
        let run = put(&option);
        assert_eq!(fixture.count("PutObject"), sent + 1, "{run:?}");
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = Run::of(ossmpu(&["put", "--help"]).output().unwrap()).exits(0);
    assert!(help.stdout.contains("--checkpoint-dir") && help.stdout.contains("Examples:"));
    let version = Run::of(ossmpu(&["--version"]).output().unwrap()).exits(0);
    assert_eq!(version.stdout.trim_end(), concat!("ossmpu ", env!("CARGO_PKG_VERSION")));
}
