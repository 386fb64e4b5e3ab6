//! The static library with AddressSanitizer in its Rust code, and the runtime of rustc for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::native_programs::{library, path_text, root, static_flags_of};

/// Builds the library in a target folder of its own and returns what a program links.
///
/// A stable compiler has sanitizers only with `RUSTC_BOOTSTRAP`; only tests use them.
pub(super) fn library() -> Vec<String> {
    let target = root().join("target/instrumented");
    let triple = host();
    let mut command = library::cargo();
    command
        .current_dir(root())
        .args([
            "rustc",
            "--quiet",
            "--lib",
            "--features",
            "capi",
            "--crate-type",
            "staticlib",
            "--target",
            &triple,
        ])
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let built = target.join(&triple).join("debug/libossmpu.a");
    let runtime = ["-Wl,--whole-archive".to_owned(), path_text(&runtime(&triple))];
    runtime
        .into_iter()
        .chain(["-Wl,--no-whole-archive".to_owned()])
        .chain(static_flags_of(&built))
        .collect()
}

fn runtime(triple: &str) -> PathBuf {
    let folder = Path::new(said(&["--print", "sysroot"]).trim())
        .join("lib/rustlib")
        .join(triple)
        .join("lib");
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut runtimes = entries.filter(|path| path_text(path).ends_with("_rt.asan.a"));
    runtimes.next().unwrap_or_else(|| panic!("{} has no asan runtime", folder.display()))
}

/// The target triple of the compiler.
fn host() -> String {
    let version = said(&["-vV"]);
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn said(arguments: &[&str]) -> String {
    let output = Command::new("rustc").args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
