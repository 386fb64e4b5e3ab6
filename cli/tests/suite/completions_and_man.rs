//! Completions, manual pages and `docs/cli.md`.

use std::collections::BTreeSet;

use crate::fixture::{Fixture, ossmpu};
use crate::run::Run;

#[test]
fn docs_cli_md_lists_exactly_the_commands() {
    let help = Run::of(ossmpu(&["-h"]).output().unwrap()).exits(0).stdout;
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: BTreeSet<_> = listed.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', ' ']).next());
    assert_eq!(listed, rows.collect());
    assert!(COMMANDS.iter().all(|command| listed.contains(command)));
}

const COMMANDS: [&str; 7] = ["put", "cp", "ls-uploads", "parts", "abort", "clean", "presign"];

#[test]
fn completions_contain_all_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let run = Run::of(ossmpu(&["completions", shell]).output().unwrap()).exits(0);
        for command in COMMANDS {
            assert!(run.stdout.contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("man1")).unwrap();
    fixture.run(&["man", "--dir", "man1"]).exits(0);
    for command in COMMANDS {
        let page = fixture.path(&format!("man1/ossmpu-{command}.1"));
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH OUTPUT"), "{command}");
    }
    let page = fixture.run(&["man"]).exits(0).stdout;
    assert_eq!(page, std::fs::read_to_string(fixture.path("man1/ossmpu.1")).unwrap());
    assert!(page.contains("Exit codes"));
    let run = fixture.run(&["man", "--dir", "none"]).exits(1);
    assert!(run.stderr.starts_with("ossmpu: none: No such file"), "{run:?}");
}
