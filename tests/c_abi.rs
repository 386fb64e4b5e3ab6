//! The C programs of `tests/c`, compiled as users compile them and run against the emulator: with
//! the shared library, with the static one, and under the sanitizers of the compiler.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod programs;

use std::fs;
use std::process::Command;

use oss_emulator::Emulator;
use tempfile::TempDir;

use programs::{
    BUCKET, FILE_SIZE, KEY_ID, KEY_SECRET, SECONDS, Way, compile, fixed, path_text, root, run_all,
    shared, with_environment,
};

#[test]
fn programs_run_with_the_shared_library() {
    run("shared", &[], shared(), &[]);
}

#[test]
fn programs_run_with_the_static_library() {
    run("static", &[], fixed(), &[]);
}

#[test]
fn programs_run_under_the_address_and_undefined_behaviour_sanitizers() {
    let flags = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"];
    run("sanitized", flags, fixed(), &[]);
}

#[test]
#[ignore = "needs valgrind and minutes; `make check` runs it"]
fn programs_run_under_valgrind() {
    let wrapper = &[
        "valgrind",
        "--quiet",
        "--error-exitcode=99",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--show-leak-kinds=definite",
        "--fair-sched=yes",
    ];
    run("valgrind", &["-g"], shared(), wrapper);
}

/// The examples do what their heads say, against a server without faults.
#[test]
fn examples_run() {
    let way = way("examples", &[], shared(), &[]);
    let scratch = TempDir::new().unwrap();
    let file = scratch.path().join("data");
    fs::write(&file, vec![7; FILE_SIZE]).unwrap();
    let file = path_text(&file);
    let emulator = Emulator::builder().bucket(BUCKET).access_key(KEY_ID, KEY_SECRET);
    let emulator = emulator.start().unwrap();
    let run = |name: &str, arguments: &[&str]| -> String {
        let program = scratch.path().join(name);
        if !program.exists() {
            compile(&way, &root().join(format!("examples-c/{name}.c")), &program).unwrap();
        }
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", SECONDS]).arg(&program).args(arguments);
        let output = with_environment(&mut command, emulator.url()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(output.status.success(), "{name}: {}\n{said}", output.status);
        said
    };
    let size = |key: &str| emulator.object(BUCKET, key).map(|object| object.size);
    let there = Some(FILE_SIZE as u64);
    assert!(run("put_file", &[&file, BUCKET, "one"]).contains("ETag"));
    assert!(run("three_parts", &[&file, BUCKET, "two"]).contains("ETag"));
    assert_eq!([size("one"), size("two")], [there; 2]);
    assert!(run("presigned_part", &[BUCKET, "three"]).contains("ETag"));
    assert_eq!(size("three"), Some(3 * 100 * 1024));
    assert!(emulator.uploads(BUCKET).is_empty());
    assert_eq!(run("list_and_abort", &[BUCKET, "0"]), "");

    begin_uploads(&emulator, &["a/one", "b/two", "a/three"]);
    let old = run("list_and_abort", &[BUCKET, "0", "a/"]);
    assert!(old.lines().count() == 2 && old.lines().all(|line| line.starts_with("old ")), "{old}");
    let young = run("list_and_abort", &["--abort", BUCKET, "1"]);
    assert!(young.lines().all(|line| line.starts_with("young ")), "{young}");
    assert_eq!(emulator.uploads(BUCKET).len(), 3);
    let gone = run("list_and_abort", &["--abort", BUCKET, "0", "a/"]);
    assert!(gone.contains("a/one") && gone.contains("a/three"), "{gone}");
    let left: Vec<_> = emulator.uploads(BUCKET).into_iter().map(|upload| upload.key).collect();
    assert_eq!(left, ["b/two"]);
}

/// Begins uploads that look five minutes old.
fn begin_uploads(emulator: &Emulator, keys: &[&str]) {
    emulator.set_clock_offset(-300);
    let mut config = ossmpu::Config::new();
    config.set_region("cn-hangzhou").unwrap().set_endpoint(emulator.url()).unwrap();
    config.set_keys(KEY_ID, KEY_SECRET, None).unwrap();
    let client = ossmpu::Client::new(&config).unwrap();
    let bucket = ossmpu::BucketName::parse(BUCKET).unwrap();
    let (options, cancel) = (ossmpu::UploadOptions::new(), ossmpu::Cancel::never());
    for key in keys {
        let key = ossmpu::ObjectKey::parse(key).unwrap();
        client.initiate_upload(&bucket, &key, &options, &cancel).unwrap();
    }
}

fn run(
    name: &'static str,
    flags: &'static [&'static str],
    library: Vec<String>,
    wrapper: &'static [&'static str],
) {
    run_all(&way(name, flags, library, wrapper), "tests/c", "c");
}

fn way(
    name: &'static str,
    flags: &'static [&'static str],
    library: Vec<String>,
    wrapper: &'static [&'static str],
) -> Way {
    Way { name, compiler: &["cc", "-std=c99"], flags, library, wrapper }
}
