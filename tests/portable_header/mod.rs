//! The C header as compilers for other systems than Windows see it.

use std::fs;

/// The committed header without what is declared for Windows only.
pub fn portable_header() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/include/ossmpu.h");
    let header = fs::read_to_string(path).unwrap();
    // Above it are macros.
    let (before, declarations) = header.split_once("extern \"C\" {").unwrap();
    let mut blocks = declarations.split("#if defined(_WIN32)");
    let mut portable = before.to_owned() + blocks.next().unwrap();
    for block in blocks {
        portable += block.split_once("#endif").unwrap().1;
    }
    portable
}
