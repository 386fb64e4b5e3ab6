//! The symbols that the shared library exports, and the libraries that it needs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "native_programs/library.rs"]
mod library;
mod portable_header;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use portable_header::portable_header;

/// A change of this file is a decision about the ABI. `OSSMPU_BLESS=1` rewrites it.
#[test]
fn exactly_the_committed_symbols_are_exported() {
    let listed = output_of(&["nm", "-D", "--defined-only"], &library::shared_library());
    // Each name has the symbol version; the version itself has none.
    let exported: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2)?.strip_suffix("@@OSSMPU_0"))
        .collect();
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/abi/symbols.txt");
    if std::env::var_os("OSSMPU_BLESS").is_some() {
        let text: String = exported.iter().map(|name| format!("{name}\n")).collect();
        fs::write(&place, text).unwrap();
    }
    let text = fs::read_to_string(place).unwrap();
    let committed: BTreeSet<&str> = text.lines().collect();
    let added: Vec<_> = exported.difference(&committed).collect();
    let removed: Vec<_> = committed.difference(&exported).collect();
    assert!(added.is_empty() && removed.is_empty(), "added {added:?}, removed {removed:?}");
    assert!(exported.iter().all(|name| name.starts_with("ossmpu_")));
}

#[test]
fn the_header_declares_exactly_what_is_exported() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = portable_header();
    // Above the guard there is only prose.
    let (_, declarations) = header.split_once("#ifndef OSSMPU_H").unwrap();
    let words = declarations.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '(');
    let declared: BTreeSet<&str> = words
        .filter(|word| word.starts_with("ossmpu_"))
        .filter_map(|word| word.split_once('(').map(|(name, _)| name))
        .collect();
    let symbols = fs::read_to_string(root.join("tests/abi/symbols.txt")).unwrap();
    assert_eq!(declared, symbols.lines().collect());
}

/// The Debian list is written by hand: it has the version that introduced each symbol.
#[test]
fn the_debian_package_lists_exactly_what_is_exported() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = fs::read_to_string(root.join("packaging/debian/libossmpu0.symbols")).unwrap();
    let listed: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix(' ')?.split_once("@OSSMPU_0 "))
        .map(|(name, _)| name)
        .filter(|name| *name != "OSSMPU_0")
        .collect();
    let symbols = fs::read_to_string(root.join("tests/abi/symbols.txt")).unwrap();
    assert_eq!(listed, symbols.lines().collect());
}

/// Only the C libraries export the C interface, not a shared library in Rust that uses the crate.
#[test]
fn a_rust_cdylib_that_uses_the_crate_exports_nothing_of_it() {
    let built = library::build(&["build", "--package", "ossmpu-rust-cdylib"], "librust_cdylib.so");
    let exported = output_of(&["nm", "-D", "--defined-only"], &built);
    assert!(exported.contains(" rust_cdylib_can_create_a_client"), "{exported}");
    assert!(!exported.contains("ossmpu_"), "{exported}");
}

#[test]
fn it_has_a_plain_name_stays_loaded_and_needs_only_the_c_library() {
    let dynamic = output_of(&["readelf", "-W", "-d"], &library::shared_library());
    assert!(dynamic.contains("Library soname: [libossmpu.so]"), "{dynamic}");
    for flag in ["NODELETE", "BIND_NOW"] {
        assert!(dynamic.contains(flag), "{flag}: {dynamic}");
    }
    let segments = output_of(&["readelf", "-W", "-l"], &library::shared_library());
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let known = ["libc.so", "libm.so", "libpthread.so", "libdl.so", "ld-linux"];
        assert!(known.iter().any(|name| line.contains(name)), "{line}");
    }
}

/// With the options that the Makefile writes for pkg-config.
#[test]
fn a_plug_in_that_links_the_static_library_exports_only_its_own_symbols() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let makefile = fs::read_to_string(root.join("Makefile")).unwrap();
    let hidden = makefile.lines().find_map(|line| line.strip_prefix("HIDDEN       := ")).unwrap();
    let options = format!("-Wl,{hidden} {}", library::SYSTEM_LIBRARIES.join(" "));
    let scratch = tempfile::tempdir().unwrap();
    let plug_in = scratch.path().join("plug_in.so");
    let mut link = Command::new("cc");
    link.args(["-shared", "-fPIC", "-Wl,-z,defs", "-o"]).arg(&plug_in);
    link.arg(root.join("tests/consumers/plug_in.c")).arg("-I").arg(root.join("include"));
    link.arg(library::static_library()).args(options.split(' '));
    let output = link.output().unwrap();
    assert!(output.status.success(), "{link:?}: {}", String::from_utf8_lossy(&output.stderr));
    let exported = output_of(&["nm", "-D", "--defined-only"], &plug_in);
    let names: Vec<&str> =
        exported.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(names, ["plug_in_upload"]);
}

/// `LDFLAGS` of a packager reach the linker.
#[test]
fn the_shared_library_is_linked_with_the_flags_of_the_packager() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().unwrap();
    let shared = scratch.path().join("libossmpu.so");
    let mut link = Command::new(root.join("scripts/link-shared.sh"));
    link.env("LDFLAGS", "-Wl,-rpath,/of/the/packager -Wl,--hash-style=sysv");
    link.arg(library::static_library()).arg(&shared).arg("libossmpu.so");
    let output = link.args(library::SYSTEM_LIBRARIES).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let dynamic = output_of(&["readelf", "-W", "-d"], &shared);
    assert!(dynamic.contains("/of/the/packager") && !dynamic.contains("GNU_HASH"), "{dynamic}");
}

/// The output of a tool for a library.
fn output_of(tool: &[&str], library: &Path) -> String {
    let mut command = Command::new(tool[0]);
    command.args(&tool[1..]).arg(library);
    let output = command.output().unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
