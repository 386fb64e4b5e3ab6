//! The C header: generated, compiles with every compiler, documented, and with a stable layout.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_committed_headers_are_the_generated_ones() {
    for name in ["ossmpu.h", "ossmpu-ffi.h"] {
        let generated = fs::read_to_string(Path::new(env!("OUT_DIR")).join(name)).unwrap();
        let committed = fs::read_to_string(root().join("include").join(name)).unwrap();
        let hint = "edit src/ffi, never the header; `touch build.rs` and a build regenerate it";
        assert!(committed == generated, "include/{name} is not what the build has made: {hint}");
    }
}

/// Tools without a preprocessor read it, so it has neither directives nor attributes.
#[test]
fn the_declarations_have_all_constants_types_and_functions() {
    let text = fs::read_to_string(root().join("include/ossmpu-ffi.h")).unwrap();
    let (_, code) = text.split_once("*/").unwrap();
    for absent in ["#", "extern", "OSSMPU_API", "OSSMPU_MUST_USE", "/*", "//"] {
        assert!(!code.contains(absent), "{absent}");
    }
    let symbols = fs::read_to_string(root().join("tests/abi/symbols.txt")).unwrap();
    for name in symbols.lines() {
        assert!(code.contains(&format!("{name}(")), "{name} is missing");
    }
    // As C sees both headers, they are the same.
    let scratch = tempfile::TempDir::new().unwrap();
    let source = scratch.path().join("both.c");
    let mut program =
        String::from("#include <stddef.h>\n#include <stdint.h>\n#include \"ossmpu-ffi.h\"\n");
    for (name, value) in defined() {
        program += &format!("_Static_assert({name} == {value}, \"{name}\");\n");
    }
    program += &declared_functions();
    fs::write(&source, program).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]);
    output_of(cc.arg(root().join("include")).arg(source));
}

#[test]
fn it_compiles_as_every_c_without_a_warning() {
    compile_as_c("cc");
}

#[test]
#[ignore = "needs clang and C++ compilers; `make check` runs it"]
fn it_compiles_with_every_compiler_and_as_every_cpp_without_a_warning() {
    for compiler in ["gcc", "clang"] {
        compile_as_c(compiler);
    }
    for compiler in ["g++", "clang++"] {
        for standard in ["c++11", "c++14", "c++17", "c++20"] {
            compile(compiler, &["-x", "c++"], standard);
        }
    }
}

#[test]
fn the_version_of_the_header_is_that_of_the_package() {
    let header = header();
    let macro_of = |name: &str| -> u32 {
        let start = format!("#define OSSMPU_VERSION_{name} ");
        let line = header.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap().parse().unwrap()
    };
    let parts = ["MAJOR", "MINOR", "PATCH"].map(macro_of);
    let version = parts.map(|part| part.to_string()).join(".");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let [major, minor, patch] = parts;
    assert_eq!(macro_of("NUMBER"), major * 1_000_000 + minor * 1_000 + patch);
}

#[test]
fn every_name_is_explained_in_words_of_c() {
    let header = header();
    let lines: Vec<&str> = header.lines().collect();
    let mut explained = 0;
    for (index, line) in lines.iter().enumerate().skip_while(|(_, l)| !l.contains("extern")) {
        let begins = ["OSSMPU_API", "OSSMPU_MUST_USE", "typedef", "#define OSSMPU_"]
            .iter()
            .any(|s| line.starts_with(s))
            || line.starts_with("OSSMPU_") && line.contains(" = ");
        let version = line.starts_with("#define OSSMPU_VERSION_");
        if begins && !version {
            assert!(lines[index - 1].trim_end().ends_with("*/"), "{line} is not explained");
            explained += 1;
        }
        assert!(line.len() <= 80, "too long: {line}");
    }
    assert!(explained > 150, "only {explained} names were found");
    for foreign in ["`", "Option<", "Result<", "# Safety", "# Errors", "unsafe", "borrow_"] {
        assert!(!header.contains(foreign), "the header says {foreign}");
    }
}

/// A status that is dropped by mistake hides a failure. Aborting is done after one anyway, and
/// setters keep their errors.
#[test]
fn the_status_of_calls_with_an_error_must_be_used_except_of_aborts() {
    let header = header();
    let (_, declarations) = header.split_once("extern \"C\" {").unwrap();
    let mut marked = 0;
    for (at, _) in declarations.match_indices("OSSMPU_API") {
        let must_use = declarations[..at].trim_end().ends_with("OSSMPU_MUST_USE");
        let declaration = declarations[at..].split(';').next().unwrap();
        let has_error = declaration.contains("ossmpu_error **err");
        assert_eq!(must_use, has_error && !declaration.contains("_abort("), "{declaration}");
        marked += usize::from(must_use);
    }
    assert!(marked > 20, "only {marked} functions are marked");
}

/// Tools that translate the header give the constants of one enumeration one type.
#[test]
fn the_statuses_are_one_enumeration() {
    let header = header();
    let statuses = header.split("enum {").nth(1).unwrap().split("};").next().unwrap();
    for name in ["OSSMPU_OK = 0,", "OSSMPU_ABSENT = 3,", "OSSMPU_EINVAL = -1,"] {
        assert!(statuses.contains(name), "{name}");
    }
    assert!(!header.contains("(-"), "a negative macro");
}

/// A change of this file is a decision about the ABI. `OSSMPU_BLESS=1` rewrites it.
#[test]
fn the_table_of_outcomes_has_every_status_of_a_failure_once() {
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let table = page.split("| status | conclusion | next |").nth(1).unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let mut listed: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    listed.sort_unstable();
    let failures = defined().into_iter().filter(|(_, value)| *value < 0);
    let mut declared: Vec<String> = failures.map(|(name, _)| name).collect();
    declared.sort_unstable();
    assert_eq!(listed, declared);
}

#[test]
fn constants_and_structs_keep_their_values_and_places() {
    let layout = [constants(), structs()].concat();
    let place = root().join("tests/abi/layout.txt");
    if std::env::var_os("OSSMPU_BLESS").is_some() {
        fs::write(&place, &layout).unwrap();
    }
    let committed = fs::read_to_string(place).unwrap();
    assert_eq!(layout, committed, "the layout has changed");
}

fn constants() -> String {
    let constants = defined().into_iter().filter(|(name, _)| !name.starts_with("OSSMPU_VERSION_"));
    constants.map(|(name, value)| format!("{name} {value}\n")).collect()
}

/// The constants of the header, macros and enumerators, with their values.
fn defined() -> Vec<(String, i64)> {
    let header = header();
    let constants = header.lines().filter_map(|line| {
        let (name, value) = match line.strip_prefix("#define ") {
            Some(definition) => definition.split_once(' ')?,
            None => line.strip_suffix(',')?.trim().split_once(" = ")?,
        };
        Some((name.to_owned(), value.parse().ok()?))
    });
    constants.collect()
}

/// The declarations of the functions in the header, without their attributes.
fn declared_functions() -> String {
    let header = header();
    let (_, declarations) = header.split_once("extern \"C\" {").unwrap();
    let functions = declarations.match_indices("OSSMPU_API").map(|(at, attribute)| {
        let declaration = declarations[at + attribute.len()..].split(';').next().unwrap();
        format!("{declaration};\n")
    });
    functions.collect()
}

/// Sizes and offsets as the C compiler sees them.
fn structs() -> String {
    let mut program = String::from(
        "#include \"ossmpu.h\"\n#include <stdio.h>\n\
         #define PLACE(s, f) printf(#s \".%s %zu %zu\\n\", #f, offsetof(s, f), \
         sizeof ((s *)0)->f)\nint main(void) {\n",
    );
    let header = header();
    let mut current = None;
    for line in header.lines() {
        if let Some(name) = line.strip_prefix("typedef struct ").and_then(|l| l.strip_suffix(" {"))
        {
            current = Some(name);
            program += &format!("printf(\"{name} %zu\\n\", sizeof({name}));\n");
        } else if line.starts_with('}') {
            current = None;
        } else if let (Some(name), Some(field)) = (current, line.trim().strip_suffix(';')) {
            let field = field.rsplit([' ', '*']).next().unwrap();
            program += &format!("PLACE({name}, {field});\n");
        }
    }
    program += "return 0; }\n";
    let scratch = tempfile::TempDir::new().unwrap();
    let (source, binary) = (scratch.path().join("layout.c"), scratch.path().join("layout"));
    fs::write(&source, program).unwrap();
    let include = root().join("include");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Werror", "-I"]).arg(include).arg(&source).arg("-o").arg(&binary);
    output_of(&mut cc);
    output_of(&mut Command::new(binary))
}

fn compile_as_c(compiler: &str) {
    for standard in ["c99", "c11", "c17", "c2x"] {
        let flags = ["-x", "c", "-Wstrict-prototypes", "-Wmissing-prototypes"];
        compile(compiler, &flags, standard);
    }
}

fn compile(compiler: &str, flags: &[&str], standard: &str) {
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(flags).arg("-fsyntax-only");
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wshadow", "-Wpadded", "-Werror"]);
    output_of(command.arg(root().join("include/ossmpu.h")));
}

fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn header() -> String {
    fs::read_to_string(root().join("include/ossmpu.h")).unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
