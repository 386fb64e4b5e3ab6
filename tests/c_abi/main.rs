//! The C programs of `tests/c`, compiled as users compile them and run against the emulator: with
//! the shared library, with the static one, and under the sanitizers of the compiler.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod every_call;
mod examples;
mod instrumented;
#[path = "../native_programs/mod.rs"]
mod native_programs;
#[path = "../portable_header/mod.rs"]
mod portable_header;

use std::collections::BTreeSet;
use std::fs;

use tempfile::TempDir;

use native_programs::{BuildVariant, read, shared_flags, static_flags};
use portable_header::portable_header;

#[test]
fn programs_run_with_the_shared_library() {
    run_all("shared", &[], shared_flags(), &[]);
}

#[test]
#[ignore = "needs minutes, and the sanitized programs have the same library; `make check` runs it"]
fn programs_run_with_the_static_library() {
    run_all("static", &[], static_flags(), &[]);
}

#[test]
fn programs_run_under_the_address_and_undefined_behaviour_sanitizers() {
    let flags = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"];
    run_all("sanitized", flags, static_flags(), &[]);
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
    run_all("valgrind", &["-g"], shared_flags(), wrapper);
}

#[test]
#[ignore = "builds the library a second time; `make check` runs it"]
fn programs_run_with_an_instrumented_library() {
    let flags = &[
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        // Without a runtime, which would conflict with the one of rustc.
        "-fsanitize-undefined-trap-on-error",
        "-g",
    ];
    run_all("instrumented", flags, instrumented::library(), &[]);
}

/// `rules` checks which argument is named; the generated program covers all of them.
#[test]
fn every_exported_function_is_called_with_null_and_junk() {
    let functions = every_call::functions(&portable_header());
    let names: BTreeSet<&str> = functions.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, read("tests/abi/symbols.txt").lines().collect());
    let rules = read("tests/c/rules.c");
    for function in functions.iter().filter(|one| one.takes_a_pointer()) {
        assert!(
            rules.contains(&format!("{}(", function.name)),
            "rules.c does not call {}",
            function.name
        );
    }
}

/// Runs all programs of `tests/c`, and the one generated from the header.
fn run_all(
    name: &'static str,
    flags: &'static [&'static str],
    library: Vec<String>,
    wrapper: &'static [&'static str],
) {
    let scratch = TempDir::new().unwrap();
    let made = scratch.path().join("every_call.c");
    let functions = every_call::functions(&portable_header());
    fs::write(&made, every_call::program(&functions)).unwrap();
    let mut programs = native_programs::programs("tests/c", "c");
    programs.push(made);
    assert!(programs.len() >= 28, "the programs were not found");
    native_programs::run_all(
        &BuildVariant { name, compiler: C, flags, library, wrapper },
        &programs,
    );
}

/// C as users compile it.
const C: &[&str] = &["cc", "-std=c99"];
