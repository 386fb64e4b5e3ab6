//! Builds the C libraries.
//!
//! Cargo does not build them with the tests, because the crate type of the package is `lib`. Each
//! test binary builds them once: the static library with cargo, the shared one with the script that
//! `make` uses. Cargo recompiles if necessary, so they are never stale.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The system libraries that the static library depends on.
pub const SYSTEM_LIBRARIES: [&str; 7] =
    ["-lgcc_eh", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// Builds the static library. `OSSMPU_STATIC_LIBRARY` names that of a release to test instead.
pub fn static_library() -> PathBuf {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
        if let Some(library) = std::env::var_os("OSSMPU_STATIC_LIBRARY") {
            return library.into();
        }
        let arguments = ["rustc", "--lib", "--features", "capi", "--crate-type", "staticlib"];
        build(&arguments, "libossmpu.a")
    });
    LIBRARY.clone()
}

/// Builds the shared library. `OSSMPU_SHARED_LIBRARY` names that of a release to test instead.
pub fn shared_library() -> PathBuf {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
        if let Some(library) = std::env::var_os("OSSMPU_SHARED_LIBRARY") {
            return library.into();
        }
        let archive = static_library();
        let folder = archive.with_file_name("capi");
        fs::create_dir_all(&folder).unwrap();
        // Another test binary may be using the existing library.
        let scratch = folder.join(format!("libossmpu.so.{}", std::process::id()));
        let mut link = Command::new(root().join("scripts/link-shared.sh"));
        run(link.args([&archive, &scratch]).arg("libossmpu.so").args(SYSTEM_LIBRARIES));
        let library = folder.join("libossmpu.so");
        fs::rename(scratch, &library).unwrap();
        library
    });
    LIBRARY.clone()
}

/// Runs cargo with the target folder and profile of this test; returns the file that it creates.
pub fn build(arguments: &[&str], file: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let mut cargo = cargo();
    cargo.current_dir(root()).args(arguments).args(["--quiet", "--locked", "--target-dir"]);
    cargo.arg(folder.parent().unwrap());
    match folder.file_name().and_then(OsStr::to_str).unwrap() {
        "debug" => &mut cargo,
        profile => cargo.args(["--profile", profile]),
    };
    run(&mut cargo);
    let file = folder.join(file);
    assert!(file.exists(), "{} is missing", file.display());
    file
}

/// Cargo without the variables that it has set for this test: some build scripts would run again, and
/// then once more in the next build.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        let of_test =
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        let is_of_test = of_test.iter().any(|start| name.starts_with(start));
        if is_of_test || name == "CARGO_TARGET_TMPDIR" || name == "OUT_DIR" {
            cargo.env_remove(&variable);
        }
    }
    cargo
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
