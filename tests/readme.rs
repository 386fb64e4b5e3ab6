//! The README says what is true: its program compiles, its commands and files exist.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_program_of_the_readme_compiles_without_a_warning() {
    let readme = read("README.md");
    let program = readme.split("```c\n").nth(1).unwrap().split("```").next().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("readme.c");
    fs::write(&source, program).unwrap();
    let output = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-o"])
        .arg(scratch.path().join("readme.o"))
        .arg("-I")
        .arg(root().join("include"))
        .arg(source)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn its_commands_and_links_lead_somewhere() {
    let (readme, makefile) = (read("README.md"), read("Makefile"));
    for command in ["demo", "test", "install", "help"] {
        assert!(readme.contains(&format!("make {command}")), "make {command} is not named");
        assert!(makefile.contains(&format!("\n{command}:")), "make {command} does not exist");
    }
    for link in readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(root().join(link).exists(), "{link} does not exist");
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
