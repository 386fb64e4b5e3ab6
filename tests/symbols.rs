//! What the shared library gives to and takes from others.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A change of this file is a decision about the ABI. `OSSMPU_BLESS=1` writes it anew.
#[test]
fn exactly_the_committed_symbols_are_exported() {
    let listed = output_of(&["nm", "-D", "--defined-only"]);
    let exported: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
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
    let header = fs::read_to_string(root.join("include/ossmpu.h")).unwrap();
    // What is above the guard are the rules, in words.
    let (_, declarations) = header.split_once("#ifndef OSSMPU_H").unwrap();
    let words = declarations.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '(');
    let declared: BTreeSet<&str> = words
        .filter(|word| word.starts_with("ossmpu_"))
        .filter_map(|word| word.split_once('(').map(|(name, _)| name))
        .collect();
    let symbols = fs::read_to_string(root.join("tests/abi/symbols.txt")).unwrap();
    assert_eq!(declared, symbols.lines().collect());
}

/// Debian's list says since which version each symbol is there, so it is written by hand.
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

#[test]
fn it_has_a_plain_name_stays_loaded_and_needs_only_the_c_library() {
    let dynamic = output_of(&["readelf", "-W", "-d"]);
    assert!(dynamic.contains("Library soname: [libossmpu.so]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let known = ["libc.so", "libgcc_s.so", "libm.so", "libpthread.so", "libdl.so", "ld-linux"];
        assert!(known.iter().any(|name| line.contains(name)), "{line}");
    }
}

/// What a tool says of the shared library that cargo built together with this test.
fn output_of(tool: &[&str]) -> String {
    let library = std::env::current_exe().unwrap().with_file_name("libossmpu.so");
    let mut command = Command::new(tool[0]);
    command.args(&tool[1..]).arg(&library);
    let output = command.output().unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
