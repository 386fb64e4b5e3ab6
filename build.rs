//! Writes the C header, and says how the shared library is linked.
//!
//! The header is always written to `OUT_DIR`. In a checkout `include/ossmpu.h` follows it; a
//! packaged crate, which has a `Cargo.toml.orig`, is left as it is.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src/ffi");
    if env::var("CARGO_CFG_TARGET_OS")? == "linux" {
        // The plain file name: programs run from the target folder. `make install` gives another.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libossmpu.so");
        // Destructors of threads and `dlclose` do not mix.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    if env::var_os("CARGO_FEATURE_CAPI").is_some() {
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
        let header = header(&root)?;
        fs::write(Path::new(&env::var("OUT_DIR")?).join(NAME), &header)?;
        if !root.join("Cargo.toml.orig").exists() {
            refresh(&root.join("include"), &header);
        }
    }
    Ok(())
}

fn header(root: &Path) -> Result<String, Box<dyn Error>> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.after_includes = Some(version()?);
    // Read from its first file, not through `cargo metadata`, so that nothing else is run.
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/ffi/mod.rs"))
        .generate()?;
    let mut header = Vec::new();
    bindings.write(&mut header);
    Ok(String::from_utf8(header)?)
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
