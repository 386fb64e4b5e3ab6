//! Writes the C header, if the C ABI is wanted.
//!
//! The header is always written to `OUT_DIR`. In a checkout `include/ossmpu.h` follows it; a
//! packaged crate, which has a `Cargo.toml.orig`, is left as it is.

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
        fs::write(Path::new(&env::var("OUT_DIR")?).join(NAME), &header)?;
        if !root.join("Cargo.toml.orig").exists() {
            refresh(&root.join("include"), &header);
        }
        Ok(())
    }

    /// The header: one group after another, each from the files that `src/ffi/mod.rs` names under it.
    fn header(root: &Path) -> Result<String, Box<dyn Error>> {
        let folder = root.join("src/ffi");
        let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
        let frame = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut header = format!("{}\n{}", frame(&config.header), version()?);
        for group in groups(&fs::read_to_string(folder.join("mod.rs"))?) {
            let mut config = config.clone();
            (config.header, config.trailer) = (None, None);
            header += &group.opening();
            for file in &group.files {
                // Each file alone, so that its constants, types and functions stay together.
                let bindings = cbindgen::Builder::new()
                    .with_config(config.clone())
                    .with_src(folder.join(file))
                    .generate()?;
                let mut part = Vec::new();
                bindings.write(&mut part);
                header += &tidied(&String::from_utf8(part)?);
            }
            header += "\n/** @} */\n";
        }
        Ok(header + &frame(&config.trailer) + "\n")
    }

    /// What stands together in the header, and in the reference as a page.
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

    /// A doc comment over a `mod` line begins a group: a title, and after an empty line its
    /// introduction. The `mod` lines below it without one belong to it as well; those above the first
    /// are not of the header.
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

    /// C as the rest of the header is written.
    fn tidied(part: &str) -> String {
        // [[nodiscard]] has to stand before __declspec.
        let part = part
            .replace("OSSMPU_API\nOSSMPU_MUST_USE\n", "OSSMPU_MUST_USE OSSMPU_API\n")
            .replace("OSSMPU_API OSSMPU_MUST_USE ", "OSSMPU_MUST_USE OSSMPU_API ");
        part.lines().map(|line| tidied_line(line) + "\n").collect()
    }

    fn tidied_line(line: &str) -> String {
        let code = line.trim_start();
        if code.starts_with(['*', '/']) || code.starts_with("typedef struct") {
            return line.to_owned();
        }
        match line.rsplit_once(' ') {
            // So that it may stand behind a minus.
            Some((name, value)) if code.starts_with("#define") && value.starts_with('-') => {
                format!("{name} ({value})")
            }
            // What `[export.rename]` has put in has its star at the wrong side.
            _ => line.replace("* ", " *").replace("struct ossmpu_", "ossmpu_"),
        }
    }

    /// The version of this header, from the manifest.
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

    /// Other builds may be reading or writing the file, so it is replaced in one step. A folder that
    /// cannot be written is no reason to fail: the header in `OUT_DIR` is the one that counts.
    fn refresh(folder: &Path, header: &str) {
        let place = folder.join(NAME);
        if fs::read_to_string(&place).is_ok_and(|present| present == header) {
            return;
        }
        let scratch = folder.join(format!(".{NAME}.{}", std::process::id()));
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&scratch, header))
            .and_then(|()| fs::rename(&scratch, &place));
        if let Err(cause) = written {
            println!("cargo::warning={} was not written: {cause}", place.display());
        }
    }

    const NAME: &str = "ossmpu.h";
}
