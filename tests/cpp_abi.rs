//! The C++ header: complete, without warnings in any compiler, and its programs work.
//!
//! `make check` runs what needs a C++ compiler; `make test` does not.

mod native_programs;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use oss_emulator::Emulator;
use tempfile::TempDir;

use native_programs::{
    BUCKET, BuildVariant, FILE_SIZE, KEY_ID, KEY_SECRET, SECONDS, compile, path_text, programs,
    read, root, run_all, shared_flags, static_flags, with_environment,
};

#[test]
fn it_uses_every_function_of_the_c_header() {
    let symbols = read("tests/abi/symbols.txt");
    let header = read("include/ossmpu.hpp");
    let used = words(&header);
    let missing: Vec<&str> = symbols.lines().filter(|name| !used.contains(*name)).collect();
    assert!(missing.is_empty(), "not in ossmpu.hpp: {missing:?}");
}

/// Each key has a typed setter, each field a typed getter; codes are compared with the constants.
#[test]
fn it_uses_every_key_and_field_of_the_c_header() {
    let layout = read("tests/abi/layout.txt");
    let header = read("include/ossmpu.hpp");
    let used = words(&header);
    let groups = ["CONFIG", "OPTION", "ERRINFO", "RESULT", "OBJECT", "LOG", "PRESIGN", "INTEGRITY"];
    let keys: Vec<&str> = layout
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| groups.iter().any(|group| name.starts_with(&format!("OSSMPU_{group}_"))))
        .collect();
    assert!(keys.len() > 80, "only {} keys were found", keys.len());
    let missing: Vec<&&str> = keys.iter().filter(|name| !used.contains(**name)).collect();
    assert!(missing.is_empty(), "not in ossmpu.hpp: {missing:?}");
}

#[test]
#[ignore = "needs C++ compilers; `make check` runs it"]
fn it_compiles_without_a_warning() {
    let flags = [
        "-x",
        "c++",
        "-fsyntax-only",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Wshadow",
        "-Wundef",
        "-Wconversion",
        "-Wsign-conversion",
        "-Wold-style-cast",
        "-Wnon-virtual-dtor",
        "-Werror",
    ];
    let languages = ["c++17", "c++20"].map(|standard| format!("-std={standard}"));
    let exceptions: [&[&str]; 2] = [&[], &["-fno-exceptions", "-fno-rtti"]];
    for compiler in ["g++", "clang++"] {
        for (language, exceptions) in languages.iter().flat_map(|l| exceptions.map(|e| (l, e))) {
            let mut command = Command::new(compiler);
            command.arg(language).args(exceptions).args(flags);
            let output = command.arg(root().join("include/ossmpu.hpp")).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}: {said}");
        }
    }
}

#[test]
#[ignore = "needs a C++ compiler; `make check` runs it"]
fn programs_run_with_the_shared_library() {
    run("gcc, C++17", &["g++", "-std=c++17"], &[], shared_flags());
}

#[test]
#[ignore = "needs clang; `make check` runs it"]
fn programs_run_as_clang_and_the_next_standard_see_them() {
    run("clang, C++20", &["clang++", "-std=c++20"], &[], shared_flags());
}

#[test]
#[ignore = "needs a C++ compiler; `make check` runs it"]
fn programs_run_under_the_address_and_undefined_behaviour_sanitizers() {
    let flags = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"];
    run("sanitized", &["g++", "-std=c++20"], flags, static_flags());
}

#[test]
#[ignore = "needs C++ compilers; `make check` runs it"]
fn programs_run_without_exceptions_and_with_object_files_that_have_them() {
    let folder = root().join("tests/cpp/without_exceptions");
    for compiler in [&["g++", "-std=c++17"], &["clang++", "-std=c++20"]] {
        let scratch = TempDir::new().unwrap();
        let other = scratch.path().join("with_exceptions.o");
        let mut command = Command::new(compiler[0]);
        command.args([compiler[1], "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c"]);
        command.arg(folder.join("with_exceptions.cpp")).arg("-o").arg(&other);
        command.arg("-I").arg(root().join("include"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let library = [vec![path_text(&other)], shared_flags()].concat();
        let flags = &["-fno-exceptions", "-fno-rtti"];
        let variant =
            BuildVariant { name: "without exceptions", compiler, flags, library, wrapper: &[] };
        run_all(&variant, &[folder.join("calls.cpp")]);
    }
}

#[test]
#[ignore = "needs a C++ compiler; `make check` runs it"]
fn the_example_runs() {
    let compiler = &["c++", "-std=c++17"];
    let variant = BuildVariant {
        name: "example",
        compiler,
        flags: &[],
        library: shared_flags(),
        wrapper: &[],
    };
    let scratch = TempDir::new().unwrap();
    let (program, file) = (scratch.path().join("put_file"), scratch.path().join("data"));
    compile(&variant, &root().join("examples-c/put_file.cpp"), &program).unwrap();
    fs::write(&file, vec![7; FILE_SIZE]).unwrap();
    let emulator = Emulator::builder().bucket(BUCKET).access_key(KEY_ID, KEY_SECRET);
    let emulator = emulator.start().unwrap();
    let run = |path: &str| {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", SECONDS]).arg(&program).args([path, BUCKET, "one"]);
        let output = with_environment(&mut command, emulator.url()).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, said) = run(&path_text(&file));
    assert!(code == Some(0) && said.contains("ETag"), "{code:?}: {said}");
    let size = emulator.object(BUCKET, "one").map(|object| object.size);
    assert_eq!(size, Some(FILE_SIZE as u64));
    let (code, said) = run("/nowhere/at all");
    assert!(code == Some(1) && said.contains("no such file"), "{code:?}: {said}");
}

fn run(
    name: &'static str,
    compiler: &'static [&'static str],
    flags: &'static [&'static str],
    library: Vec<String>,
) {
    let variant = BuildVariant { name, compiler, flags, library, wrapper: &[] };
    run_all(&variant, &programs("tests/cpp", "cpp"));
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect()
}
