//! Compiles C and C++ programs as users do, and runs them against the emulator.
//!
//! The library writes nothing to stdout or stderr, so the programs must not print anything.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

pub mod library;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use oss_emulator::{Action, Commit, Emulator, Rule};
use tempfile::TempDir;

use library::{SYSTEM_LIBRARIES, shared_library, static_library};

/// How to build and run programs.
pub struct BuildVariant {
    pub name: &'static str,
    /// The compiler and its language options.
    pub compiler: &'static [&'static str],
    pub flags: &'static [&'static str],
    pub library: Vec<String>,
    pub wrapper: &'static [&'static str],
}

impl BuildVariant {
    /// True if programs run about ten times slower.
    fn is_slow(&self) -> bool {
        self.wrapper.contains(&"valgrind")
    }

    /// The instrumented library contains the sanitizer runtime of rustc.
    fn link_flags(&self) -> &'static [&'static str] {
        if self.name == "instrumented" { &[] } else { self.flags }
    }

    fn supports(&self, program: &str) -> bool {
        match (program, self.name) {
            // The sanitizer of the compiler holds its locks across fork; that of rustc does not.
            ("fork" | "prefork" | "callback_fork", "sanitized") => false,
            // This program loads the shared library, which is not instrumented.
            ("unload", "instrumented") => false,
            // The sanitizer of rustc does not allow to join the main thread.
            ("worker_threads", "instrumented") => false,
            _ => true,
        }
    }
}

/// Builds and runs all programs.
pub fn run_all(variant: &BuildVariant, programs: &[PathBuf]) {
    let scratch = TempDir::new().unwrap();
    let next = AtomicUsize::new(0);
    let run_some = || {
        let take = || programs.get(next.fetch_add(1, Ordering::Relaxed));
        let mine = std::iter::from_fn(take);
        mine.filter_map(|program| run(variant, program, scratch.path()).err()).collect::<Vec<_>>()
    };
    // Two link, and others wait in their programs.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let running = [(); 4].map(|()| scope.spawn(run_some));
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}:\n{}", variant.name, failures.join("\n"));
}

fn run(variant: &BuildVariant, source: &Path, scratch: &Path) -> Result<(), String> {
    let name = source.file_stem().unwrap().to_str().unwrap();
    if !variant.supports(name) {
        return Ok(());
    }
    let program = scratch.join(name);
    compile(variant, source, &program)?;

    let file = scratch.join(format!("{name}.data"));
    let bytes: Vec<u8> = (0..FILE_SIZE).map(|i| (i % 253) as u8).collect();
    fs::write(&file, bytes).unwrap();
    let emulator = emulator();
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS]).args(variant.wrapper);
    if (name.ends_with("fork") || name.ends_with("exit")) && variant.is_slow() {
        // A forked child cannot free the memory of its parent's threads, and a thread that has
        // ended, or never will, not its own.
        command.arg("--leak-check=no");
    }
    command.arg(&program);
    command.arg(&file).arg(FILE_SIZE.to_string());
    command.env("TEST_LIBRARY", shared_library());
    if variant.is_slow() {
        command.env("TEST_SLOWLY", "1");
    }
    with_environment(&mut command, emulator.url());
    if name == "unload" {
        // LeakSanitizer may crash when it looks at the thread-local data of a library that was
        // loaded while a thread of it starts. Valgrind finds the leaks of this program.
        command.env("ASAN_OPTIONS", "detect_leaks=0");
    }
    let output = command.output().map_err(|cause| format!("{name}: timeout(1): {cause}"))?;
    let printed = [output.stdout, output.stderr].concat();
    let printed = without_notes(&String::from_utf8_lossy(&printed));
    if !output.status.success() {
        return Err(format!("{name}: {}\n{printed}", output.status));
    }
    if !printed.is_empty() {
        return Err(format!("{name} prints output:\n{printed}"));
    }
    let expected = if name == "options" { 1 } else { 0 };
    let left = emulator.uploads(BUCKET);
    if left.len() != expected {
        return Err(format!("{name} leaves uploads behind: {left:?}"));
    }
    Ok(())
}

/// Removes what valgrind prints about itself, for example that it does not know a system call. Its
/// reports about the program begin with `==`.
fn without_notes(printed: &str) -> String {
    let is_note = |line: &str| line.starts_with("--") && line.contains("-- ");
    printed.split_inclusive('\n').filter(|line| !is_note(line)).collect()
}

/// Sets the endpoint and keys of the emulator in the environment of a program, and removes related
/// variables of this process.
pub fn with_environment(command: &mut Command, url: impl AsRef<str>) -> &mut Command {
    for (variable, _) in std::env::vars_os() {
        let text = variable.to_string_lossy().to_uppercase();
        let ours = text.starts_with("OSS_") || text.starts_with("ALIBABA_CLOUD_");
        if ours || text.ends_with("_PROXY") {
            command.env_remove(variable);
        }
    }
    command
        // The path that cargo sets could lead to a library of an earlier build.
        .env_remove("LD_LIBRARY_PATH")
        .env("OSS_ENDPOINT", url.as_ref())
        .env("OSS_REGION", "cn-hangzhou")
        .env("OSS_ACCESS_KEY_ID", KEY_ID)
        .env("OSS_ACCESS_KEY_SECRET", KEY_SECRET)
        .env("ASAN_OPTIONS", "detect_leaks=1")
}

pub fn compile(variant: &BuildVariant, source: &Path, program: &Path) -> Result<(), String> {
    let object = program.with_extension("o");
    let mut command = Command::new(variant.compiler[0]);
    command
        .args(&variant.compiler[1..])
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-pthread"])
        .args(variant.flags)
        .arg("-I")
        .arg(root().join("include"))
        .arg("-I")
        .arg(root().join("tests/c"))
        .arg("-c")
        .args([source, "-o".as_ref(), &object]);
    succeed(&mut command, source)?;
    let mut command = Command::new(variant.compiler[0]);
    command.arg("-pthread").args(variant.link_flags()).arg(&object);
    if source.file_stem().is_some_and(|name| name != "unload") {
        command.args(&variant.library);
    }
    // For `unload`; other programs get it through the library.
    command.arg("-ldl").arg("-o").arg(program);
    succeed(&mut command, source)
}

fn succeed(command: &mut Command, source: &Path) -> Result<(), String> {
    let output = command.output().map_err(|cause| format!("{command:?}: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", source.display(), String::from_utf8_lossy(&output.stderr)))
}

fn emulator() -> Emulator {
    let slow = |op: &str| {
        let delay = Action { delay_ms: 60_000, ..Action::default() };
        Rule::on(op, delay).key("slow").times(0)
    };
    let mut rules = vec![slow("UploadPart"), slow("PutObject")];
    // For `failing`: the k-th request of a call fails.
    for (call, k) in (0..7).flat_map(|call| (1..=10).map(move |k| (call, k))) {
        let reset = Action { reset: Some(Commit::After), ..Action::default() };
        for (fault, action) in
            [("refused", Action::status(400, "InvalidArgument")), ("reset", reset)]
        {
            rules.push(Rule::on("*", action).key(format!("{fault}-{call}-{k}")).nth(k));
        }
    }
    let builder = Emulator::builder().bucket(BUCKET).access_key(KEY_ID, KEY_SECRET);
    let emulator = builder.rules(rules).start().unwrap();
    // For the programs with an upload callback, whose server is on loopback.
    emulator.set_option("private_callbacks").unwrap();
    emulator
}

/// The programs of a folder with this file extension.
pub fn programs(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let mut programs: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    programs.sort();
    assert!(programs.len() >= 4, "the programs were not found");
    programs
}

/// Linker arguments of a program that uses the shared library.
pub fn shared_flags() -> Vec<String> {
    let library = shared_library();
    let folder = library.parent().unwrap();
    vec![path_text(&library), format!("-Wl,-rpath,{}", path_text(folder))]
}

/// Linker arguments of a program that uses the static library.
pub fn static_flags() -> Vec<String> {
    static_flags_of(&static_library())
}

pub fn static_flags_of(library: &Path) -> Vec<String> {
    let system = SYSTEM_LIBRARIES.into_iter().chain(["-Wl,-S"]).map(str::to_owned);
    std::iter::once(path_text(library)).chain(system).collect()
}

pub fn path_text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub const BUCKET: &str = "ossmpu-test";
pub const KEY_ID: &str = "c-test-id";
pub const KEY_SECRET: &str = "c-test-secret-x7k2m9";
pub const FILE_SIZE: usize = 333_333;
/// The timeout of a program; enough for a sanitizer on a busy machine.
pub const SECONDS: &str = "240";
