//! Checks the documentation: the program of the README compiles, its commands exist, and the links
//! of all pages are valid.
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
fn the_commands_of_the_readme_exist() {
    let (readme, makefile) = (read("README.md"), read("Makefile"));
    for command in ["demo", "test", "install", "help"] {
        assert!(
            readme.contains(&format!("make {command}")),
            "the README does not mention make {command}"
        );
        assert!(makefile.contains(&format!("\n{command}:")), "make {command} does not exist");
    }
}

#[test]
fn the_links_of_every_page_are_valid() {
    let mut pages = vec![root().join("README.md"), root().join("emulator/README.md")];
    for folder in ["docs", "bench", "conformance", "examples-c"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    assert!(pages.len() >= 14, "the pages were not found");
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.starts_with("https://")) {
            let target = link.split('#').next().unwrap();
            if target.starts_with("https://") {
                continue;
            }
            let exists = page.parent().unwrap().join(target).exists();
            assert!(exists, "{}: {link} does not exist", page.display());
        }
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
