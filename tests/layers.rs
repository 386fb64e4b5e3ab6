//! The direction of the layers: which module of `src` may name which.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A layer and the layers that it may use. `error` and `limits` are open to all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("limits", &[]),
    ("codec", &[]),
    ("runtime", &[]),
    ("model", &["codec"]),
    ("wire", &["model", "codec"]),
    ("sign", &["wire", "model", "codec", "runtime"]),
    ("ops", &["wire", "model", "codec"]),
    ("transport", &["wire", "runtime", "model"]),
    ("retry", &["wire", "codec", "ops"]),
    ("credentials", &["transport", "wire", "sign", "codec", "runtime"]),
    (
        "service",
        &["credentials", "retry", "transport", "ops", "sign", "wire", "model", "runtime", "codec"],
    ),
    ("upload", &["service", "ops", "model", "codec", "runtime", "wire"]),
    ("client", &["upload", "service", "ops", "model", "runtime"]),
];

/// Crates that only one place may name.
const OWNED: &[(&str, &[&str])] = &[
    ("ureq", &["transport/"]),
    ("rustls", &["transport/"]),
    ("rayon", &["upload/schedule/workers.rs"]),
    ("quick_xml", &["wire/xml_read.rs", "wire/xml_write.rs"]),
    ("crc_fast", &["codec/crc64.rs"]),
];

#[test]
fn each_layer_uses_only_what_it_may() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let layer = file.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "ffi", "fuzzing", "bench_internals"].contains(&&*layer) || is_test(&file) {
            continue;
        }
        let may = allowed.get(layer.as_str()).unwrap_or_else(|| panic!("unknown layer {layer}"));
        for used in used_layers(&text) {
            let open = ["error", "limits"].contains(&used.as_str()) || used == layer;
            if !open && !may.contains(&used.as_str()) {
                wrong.push(format!("{file} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden edges:\n{}", wrong.join("\n"));
}

#[test]
fn ffi_uses_only_the_public_names_of_the_crate_root() {
    let layers: BTreeSet<&str> = ALLOWED.iter().map(|(layer, _)| *layer).collect();
    for (file, text) in sources().into_iter().filter(|(file, _)| file.starts_with("ffi/")) {
        for used in used_layers(&text) {
            let inside = layers.contains(used.as_str()) && used != "limits";
            assert!(!inside, "{file} reaches into {used}");
        }
    }
}

#[test]
fn a_foreign_crate_is_named_in_one_place() {
    for (file, text) in sources() {
        for (name, places) in OWNED {
            let named = text.contains(&format!("{name}::"));
            let owner = places.iter().any(|place| file.starts_with(place));
            assert!(!named || owner, "{file} names {name}");
        }
    }
}

#[test]
fn unsafe_lives_only_where_it_may() {
    let places = ["ffi/", "codec/md5/", "codec/crc64.rs", "transport/", "runtime/"];
    for (file, text) in sources() {
        let unsafe_code = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        let allowed = places.iter().any(|place| file.starts_with(place));
        assert!(!unsafe_code || allowed, "{file} has unsafe code");
    }
}

/// Tests in files of their own may use what they like.
fn is_test(file: &str) -> bool {
    file.contains("/tests") || file.ends_with("/vectors.rs")
}

/// Every `crate::layer` in the code; comments do not count, and test modules may use what they like.
fn used_layers(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut used = BTreeSet::new();
    for line in code.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        for (at, found) in line.match_indices("crate::") {
            let rest = &line[at + found.len()..];
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if name.chars().next().is_some_and(char::is_lowercase) {
                used.insert(name);
            }
        }
    }
    used
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}
