//! Generates the C header if the feature `capi` is enabled, and its declarations for tools without a
//! preprocessor.
//!
//! The headers are written to `OUT_DIR`, and in a checkout also to `include/`. A packaged crate,
//! which has a `Cargo.toml.orig`, is not changed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "capi")]
    header::write()?;
    Ok(())
}

#[cfg(feature = "capi")]
mod header {
    use std::env;
    use std::error::Error;
    use std::fs;
    use std::path::{Path, PathBuf};

    pub(super) fn write() -> Result<(), Box<dyn Error>> {
        println!("cargo::rerun-if-changed=cbindgen.toml");
        println!("cargo::rerun-if-changed=src/ffi");
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
        let header = header(&root)?;
        let declarations = declarations(&header);
        let out = env::var("OUT_DIR")?;
        for (name, text) in [("ossmpu.h", &header), ("ossmpu-ffi.h", &declarations)] {
            fs::write(Path::new(&out).join(name), text)?;
            if !root.join("Cargo.toml.orig").exists() {
                refresh(&root.join("include"), name, text);
            }
        }
        Ok(())
    }

    /// Generates the header: one group after another, from the files that `src/ffi/mod.rs` lists.
    fn header(root: &Path) -> Result<String, Box<dyn Error>> {
        let folder = root.join("src/ffi");
        let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
        let frame = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut header = format!("{}\n{}", frame(&config.header), version()?);
        for group in groups(&fs::read_to_string(folder.join("mod.rs"))?) {
            let mut config = config.clone();
            (config.header, config.trailer) = (None, None);
            header += &group.opening();
            for (index, file) in group.files.iter().enumerate() {
                if index > 0 {
                    header.push('\n');
                }
                // One run per file keeps its constants, types and functions together.
                let bindings = cbindgen::Builder::new()
                    .with_config(config.clone())
                    .with_src(folder.join(file))
                    .generate()?;
                let mut part = Vec::new();
                bindings.write(&mut part);
                let part = postprocess(&String::from_utf8(part)?);
                header += &if file == "status.rs" { with_enum(&part) } else { part };
            }
            header += "\n/** @} */\n";
        }
        Ok(header + &frame(&config.trailer) + "\n")
    }

    /// A group of the header, which is a page of the reference.
    struct Group {
        title: String,
        introduction: Vec<String>,
        files: Vec<String>,
    }

    impl Group {
        fn opening(&self) -> String {
            let name = self.files.first().map_or("", |file| file.trim_end_matches(".rs"));
            let mut text = format!("\n/**\n * @defgroup ossmpu-{name} {}\n", self.title);
            for line in &self.introduction {
                text += &format!(" *{line}\n");
            }
            text + " * @{\n */\n"
        }
    }

    /// Parses the groups. A doc comment above a `mod` line begins a group: the title and, after an
    /// empty line, the introduction. The next `mod` lines without a comment belong to the same
    /// group; those above the first comment are not in the header.
    fn groups(source: &str) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut comment: Vec<String> = Vec::new();
        for line in source.lines() {
            if let Some(text) = line.strip_prefix("///") {
                comment.push(text.to_owned());
            } else if let Some(module) = line.strip_prefix("mod ").and_then(|l| l.strip_suffix(';'))
            {
                if !comment.is_empty() {
                    let title = comment.remove(0).trim().to_owned();
                    let introduction = std::mem::take(&mut comment);
                    groups.push(Group { title, introduction, files: Vec::new() });
                }
                if let Some(group) = groups.last_mut() {
                    group.files.push(format!("{module}.rs"));
                }
            }
        }
        groups
    }

    /// Changes what cbindgen has no option for.
    fn postprocess(part: &str) -> String {
        // [[nodiscard]] must precede __declspec.
        let part = part
            .replace("OSSMPU_API\nOSSMPU_MUST_USE\n", "OSSMPU_MUST_USE OSSMPU_API\n")
            .replace("OSSMPU_API OSSMPU_MUST_USE ", "OSSMPU_MUST_USE OSSMPU_API ");
        part.lines().map(|line| postprocess_line(line) + "\n").collect()
    }

    fn postprocess_line(line: &str) -> String {
        let code = line.trim_start();
        if code.starts_with(['*', '/']) || code.starts_with("typedef struct") {
            return line.to_owned();
        }
        match line.rsplit_once(' ') {
            // In parentheses, so that `-OSSMPU_EINVAL` and the like compile.
            Some((name, value)) if code.starts_with("#define") && value.starts_with('-') => {
                format!("{name} ({value})")
            }
            // `[export.rename]` puts the star on the type instead of the name.
            _ => line.replace("* ", " *").replace("struct ossmpu_", "ossmpu_"),
        }
    }

    /// Makes one enumeration of the constants. Macros would have different types in tools that
    /// translate the header, because only the negative ones are signed.
    fn with_enum(part: &str) -> String {
        let last = part.rfind("#define ").and_then(|at| Some(at + part[at..].find('\n')? + 1));
        let (constants, rest) = part.split_at(last.unwrap_or_default());
        let lines = constants.trim_start().lines().map(|line| match constant(line) {
            Some((name, value)) => format!("{name} = {value},\n"),
            None => format!("{line}\n"),
        });
        format!("enum {{\n{}}};\n{rest}", lines.collect::<String>())
    }

    /// Parses the definition of a constant: its name and value.
    fn constant(line: &str) -> Option<(&str, i64)> {
        let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
        Some((name, value.trim_matches(['(', ')']).parse().ok()?))
    }

    /// Returns the declarations of the header without comments and directives: first all constants
    /// as one enumeration.
    fn declarations(header: &str) -> String {
        let (mut constants, mut rest) = (Vec::new(), String::new());
        for line in code(header).lines().filter(|line| !line.trim().is_empty()) {
            match (constant(line), line.trim().trim_end_matches(',').split_once(" = ")) {
                (Some((name, value)), _) => constants.push(format!("    {name} = {value}")),
                (_, Some((name, value))) => constants.push(format!("    {name} = {value}")),
                _ if line.starts_with('#') || ["enum {", "};", "}"].contains(&line.trim_end()) => {}
                _ => rest += &format!("{}\n", line.trim_end()),
            }
        }
        format!("{DECLARATIONS}enum {{\n{}\n}};\n{rest}", constants.join(",\n"))
    }

    /// Returns what the header declares for C++, without comments and attributes.
    fn code(header: &str) -> String {
        let declared = header.split_once("extern \"C\" {").map_or("", |(_, declared)| declared);
        let mut comments = declared.split("/*");
        let first = comments.next().unwrap_or_default().to_owned();
        let code = comments.fold(first, |code, comment| {
            code + comment.split_once("*/").map_or("", |(_, after)| after)
        });
        let code = without_windows(&code);
        let attributes =
            ["OSSMPU_MUST_USE", "OSSMPU_API"].map(|name| [format!("{name} "), format!("{name}\n")]);
        attributes.as_flattened().iter().fold(code, |code, attribute| code.replace(attribute, ""))
    }

    /// Removes what is declared for Windows only.
    fn without_windows(code: &str) -> String {
        let mut blocks = code.split("#if defined(_WIN32)");
        let first = blocks.next().unwrap_or_default().to_owned();
        blocks.fold(first, |code, block| {
            code + block.split_once("#endif").map_or("", |(_, after)| after)
        })
    }

    /// Defines the version macros from the manifest.
    fn version() -> Result<String, Box<dyn Error>> {
        let part = |name: &str| -> Result<u32, Box<dyn Error>> {
            Ok(env::var(format!("CARGO_PKG_VERSION_{name}"))?.parse()?)
        };
        let (major, minor, patch) = (part("MAJOR")?, part("MINOR")?, part("PATCH")?);
        let number = major * 1_000_000 + minor * 1_000 + patch;
        Ok(format!(
            "\n/** The version of this header. */\n\
         #define OSSMPU_VERSION_MAJOR {major}\n\
         #define OSSMPU_VERSION_MINOR {minor}\n\
         #define OSSMPU_VERSION_PATCH {patch}\n\
         /** major * 1000000 + minor * 1000 + patch */\n\
         #define OSSMPU_VERSION_NUMBER {number}\n"
        ))
    }

    /// Replaces a header in a folder atomically: other builds may read or write it. A read-only
    /// folder is not an error, because the tests use the header in `OUT_DIR`.
    fn refresh(folder: &Path, name: &str, header: &str) {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|current| current == header) {
            return;
        }
        let scratch = folder.join(format!(".{name}.{}", std::process::id()));
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&scratch, header))
            .and_then(|()| fs::rename(&scratch, &path));
        if let Err(cause) = written {
            println!("cargo::warning={} was not written: {cause}", path.display());
        }
    }

    const DECLARATIONS: &str = "\
/*
 * ossmpu-ffi.h - the declarations of ossmpu.h for tools that have no C
 * preprocessor, such as cffi, LuaJIT and PHP FFI. ossmpu.h documents them, and
 * docs/bindings.md has the rules for each language.
 * Generated from src/ffi; do not edit.
 */
";
}
