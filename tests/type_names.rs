//! Checks that one crate does not use one name for two types.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use source_files::source_files;

mod source_files;

/// The sources of each crate: the library, the emulator and the command.
const CRATES: &[&str] = &["src", "emulator/src", "cli/src"];

/// Types of the library with one declaration for each build, of which a build compiles one.
const ONE_OF_EACH_BUILD: &[&str] = &["FoldingKernel"];

/// The folders and files of which a build compiles some. All may have the same types, and the model
/// checker another `Event`.
const FOLDERS_OF_SYSTEMS: &[&str] = &[
    "platform/linux/",
    "platform/portable/",
    "platform/unix/",
    "platform/windows/",
    "runtime/shuttle_event.rs",
    "interrupt/unix.rs",
    "interrupt/windows.rs",
];

#[test]
fn no_crate_has_two_types_of_one_name() {
    let mut twice = Vec::new();
    for folder in CRATES {
        for (name, files) in places_of_types(folder) {
            let is_allowed = (*folder == "src" && ONE_OF_EACH_BUILD.contains(&&*name))
                || is_one_of_each_system(&files);
            if files.len() > 1 && !is_allowed {
                twice.push(format!("{name} in {folder}: {}", files.join(", ")));
            }
        }
    }
    assert!(twice.is_empty(), "names of more than one type:\n{}", twice.join("\n"));
}

/// True if each file is in another of the folders of systems.
fn is_one_of_each_system(files: &[String]) -> bool {
    let folders = files
        .iter()
        .map(|file| FOLDERS_OF_SYSTEMS.iter().find(|folder| file.contains(**folder)).ok_or(()));
    let found: Result<BTreeSet<_>, ()> = folders.collect();
    found.is_ok_and(|found| found.len() == files.len())
}

#[test]
fn each_exception_is_declared_twice() {
    let places = places_of_types("src");
    for name in ONE_OF_EACH_BUILD {
        assert_eq!(places.get(*name).map(Vec::len), Some(2), "{name}");
    }
}

#[test]
fn declarations_are_found_and_associated_types_are_not() {
    let sample = "
        //! A struct Prose, and an enum.
        pub(crate) struct Tuple<'a>(&'a str);
        pub struct Unit;
        enum Choice { One }
        pub unsafe trait Marker
        where
            Self: Sized,
        {
            type Associated;
        }
        impl<T> Deref for Tuple<T>
        where
            T: Sized,
        {
            fn first() {}
            type Target = T;
            fn deref() {
                type Local = u8;
            }
        }
        union Bits { a: u8 }
        pub type Alias = u8;
        #[cfg(test)]
        mod tests {
            type Short = u8;
            struct Choice;
        }
        fn structure() { let type_name = 1; }
    ";
    let found = declared_types(sample);
    let expected =
        ["Tuple", "Unit", "Choice", "Marker", "Local", "Bits", "Alias", "Short", "Choice"];
    assert_eq!(found, expected);
}

/// The types that the files of a folder declare, and the files that declare each.
fn places_of_types(folder: &str) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in source_files(folder) {
        for name in declared_types(&text) {
            places.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    assert!(places.len() > 20, "the types of {folder} were not found");
    places
}

/// The names of the structs, enums, unions, traits and type aliases that a formatted file declares.
fn declared_types(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let declared = lines.iter().enumerate().filter_map(|(index, line)| {
        let (keyword, rest) = item(line).split_once(' ')?;
        let is_declaration = match keyword {
            "struct" | "enum" | "union" | "trait" => true,
            "type" => !is_associated(&lines, index),
            _ => false,
        };
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        is_declaration.then_some(&rest[..end])
    });
    declared.filter(|name| !name.is_empty()).collect()
}

/// True if the innermost block around the line is a trait or an `impl`.
fn is_associated(lines: &[&str], index: usize) -> bool {
    let depth = indentation(lines[index]);
    let before = lines[..index].iter().rev().filter(|line| indentation(line) < depth);
    let mut blocks = before.map(|line| item(line).split([' ', '<']).next().unwrap_or_default());
    let block = blocks.find(|word| ["impl", "trait", "mod", "fn", "const", "async"].contains(word));
    block.is_some_and(|word| ["impl", "trait"].contains(&word))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line from the keyword of its item on.
fn item(line: &str) -> &str {
    let line = line.trim_start();
    let after_pub = match line.strip_prefix("pub(") {
        Some(rest) => rest.split_once(") ").map_or(line, |(_, rest)| rest),
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    after_pub.strip_prefix("unsafe ").unwrap_or(after_pub)
}
