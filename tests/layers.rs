//! Checks the structure of `src`: the allowed dependencies between layers, and no import cycles.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use source_files::source_files;

mod source_files;

/// Each layer and the layers that it may use. Every layer may use `error` and `limits`, except
/// `platform`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("platform", &[]),
    ("error", &["platform"]),
    ("limits", &[]),
    ("codec", &[]),
    ("runtime", &["platform"]),
    ("model", &["codec"]),
    ("wire", &["model", "codec"]),
    ("sign", &["wire", "model", "codec", "runtime"]),
    ("ops", &["wire", "model", "codec"]),
    ("transport", &["wire", "runtime", "platform", "model"]),
    ("retry", &["wire", "codec", "ops"]),
    ("credentials", &["transport", "wire", "sign", "codec", "runtime", "platform"]),
    (
        "service",
        &[
            "credentials",
            "retry",
            "transport",
            "ops",
            "sign",
            "wire",
            "model",
            "runtime",
            "platform",
            "codec",
        ],
    ),
    ("upload", &["service", "ops", "model", "codec", "runtime", "platform", "wire"]),
    ("client", &["upload", "service", "ops", "model", "runtime", "platform"]),
];

/// Crates and the only modules that may use them.
const OWNED: &[(&str, &[&str])] = &[
    ("ureq", &["transport/"]),
    ("rustls", &["transport/"]),
    ("quick_xml", &["wire/xml_read.rs", "wire/xml_write.rs"]),
    ("crc_fast", &["codec/crc64.rs"]),
];

#[test]
fn each_layer_uses_only_allowed_layers() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let layer = file.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "ffi", "fuzzing", "bench_internals", "simulation"].contains(&&*layer)
            || is_test(&file)
        {
            continue;
        }
        let allowed =
            allowed.get(layer.as_str()).unwrap_or_else(|| panic!("unknown layer {layer}"));
        for used in used_layers(&text) {
            let is_open = ["error", "limits"].contains(&used.as_str()) && layer != "platform";
            let open = is_open || used == layer;
            if !open && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{file} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden dependencies:\n{}", wrong.join("\n"));
}

#[test]
fn ffi_uses_only_public_names_of_the_crate_root() {
    let layers: BTreeSet<&str> = ALLOWED.iter().map(|(layer, _)| *layer).collect();
    for (file, text) in sources().into_iter().filter(|(file, _)| file.starts_with("ffi/")) {
        for used in used_layers(&text) {
            let inside = layers.contains(used.as_str()) && used != "limits";
            assert!(!inside, "{file} uses {used}");
        }
    }
}

#[test]
fn external_crates_are_used_only_by_their_owners() {
    for (file, text) in sources() {
        for (name, places) in OWNED {
            let named = text.contains(&format!("{name}::"));
            let owner = places.iter().any(|place| file.starts_with(place));
            assert!(!named || owner, "{file} uses {name}");
        }
    }
}

#[test]
fn files_of_a_folder_have_no_import_cycle() {
    let files = sources();
    let mut cycles = Vec::new();
    let folders: BTreeSet<&str> = files.iter().map(|(file, _)| folder_of(file)).collect();
    for folder in folders {
        let edges = imports_inside(folder, &files);
        for start in edges.keys() {
            if let Some(path) = find_cycle(start, &edges) {
                cycles.push(format!("{folder}: {}", path.join(" -> ")));
            }
        }
    }
    assert!(cycles.is_empty(), "import cycles:\n{}", cycles.join("\n"));
}

#[test]
fn unsafe_code_is_only_in_allowed_modules() {
    let places = [
        "ffi/",
        "codec/md5/",
        "codec/crc64/",
        "transport/exchange_state.rs",
        "transport/tests/",
        "platform/",
    ];
    for (file, text) in sources() {
        let unsafe_code = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        let allowed = places.iter().any(|place| file.starts_with(place));
        assert!(!unsafe_code || allowed, "{file} has unsafe code");
    }
}

#[test]
fn only_the_platform_layer_knows_the_operating_system() {
    let system = [
        "libc",
        "windows_sys",
        "os::unix",
        "os::linux",
        "os::windows",
        "os::fd",
        "AsRawFd",
        "BorrowedFd",
        "RawFd",
        "BorrowedHandle",
        "cfg(unix",
        "cfg!(unix",
        "cfg(windows",
        ", windows)",
        "target_os",
        "target_vendor",
        "target_family",
        "target_env",
    ];
    for (file, text) in sources() {
        if file.starts_with("platform/") || is_test(&file) {
            continue;
        }
        // Of the C interface, one function is only for Windows.
        let text = match file.as_str() {
            "ffi/put.rs" => text.replace("#[cfg(windows)]\n", ""),
            _ => text,
        };
        let code = without_test_module(&text);
        for line in code.lines().map(|line| line.split("//").next().unwrap_or_default()) {
            let found = system.iter().find(|name| line.contains(*name));
            assert_eq!(found, None, "{file}: {line}");
        }
    }
}

/// A build compiles one folder for the system, and one for what only Linux has.
#[test]
fn the_folders_of_the_systems_export_the_same_names() {
    let exported = |folder: &str| -> BTreeSet<String> {
        let root = format!("platform/{folder}/mod.rs");
        let text = sources().into_iter().find(|(file, _)| *file == root).unwrap().1;
        let paths = imported_paths(&text).into_iter().filter(|path| path[0] != "std");
        paths.filter_map(|path| path.last().cloned()).collect()
    };
    assert_eq!(exported("unix"), exported("windows"));
    let mut linux = exported("linux");
    // Elsewhere it is in the folder of the system.
    linux.remove("Event");
    assert_eq!(linux, exported("portable"));
}

/// The text before the tests of a file, which are its last module, and before their attribute.
fn without_test_module(text: &str) -> &str {
    let is_for_tests = |line: &str| line == "#[cfg(test)]" || line.starts_with("#[cfg(all(test");
    let (mut start, mut attribute) = (0, None);
    for line in text.lines() {
        if let Some(end) = attribute.filter(|_| line.starts_with("mod ") && line.ends_with('{')) {
            return &text[..end];
        }
        // The tests of some files are only for some systems.
        let is_for_system = |_: &usize| line.starts_with("#[cfg(");
        attribute = if is_for_tests(line) { Some(start) } else { attribute.filter(is_for_system) };
        start += line.len() + 1;
    }
    text
}

/// The text before the first module of tests, which may be only for some systems.
fn before_tests(text: &str) -> &str {
    let starts = ["#[cfg(test)]\nmod tests", "#[cfg(test)]\n#[cfg(unix)]\nmod tests"];
    let end = starts.iter().filter_map(|start| text.find(start)).min();
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Test files may use any layer.
fn is_test(file: &str) -> bool {
    file.contains("/tests") || file.ends_with("/vectors.rs")
}

/// Every `crate::layer` in the code, without comments and test modules.
fn used_layers(text: &str) -> BTreeSet<String> {
    let code = before_tests(text);
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

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The imports between the modules of a folder. A module is a file and the folder of the same name.
fn imports_inside<'a>(
    folder: &str,
    files: &'a [(String, String)],
) -> BTreeMap<String, BTreeSet<String>> {
    let module = |file: &'a str| -> Option<&'a str> {
        let rest =
            if folder.is_empty() { file } else { file.strip_prefix(folder)?.strip_prefix('/')? };
        Some(rest.split('/').next()?.trim_end_matches(".rs"))
    };
    let modules: BTreeSet<&str> = files.iter().filter_map(|(file, _)| module(file)).collect();
    let exports = re_exports(folder, files);
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in files.iter().filter(|(file, _)| !is_test(file)) {
        let Some(from) = module(file).filter(|from| !["mod", "lib"].contains(from)) else {
            continue;
        };
        for path in imported_paths(text) {
            let Some(name) = inside(&path, file, folder) else { continue };
            let target = exports.get(&name).unwrap_or(&name);
            if modules.contains(target.as_str()) && target != from {
                edges.entry(from.to_owned()).or_default().insert(target.clone());
            }
        }
    }
    edges
}

/// The names that `mod.rs` of the folder re-exports, and their modules.
fn re_exports(folder: &str, files: &[(String, String)]) -> BTreeMap<String, String> {
    let root = format!("{folder}/mod.rs");
    let text = files.iter().find(|(file, _)| *file == root).map_or("", |(_, text)| text);
    let paths = imported_paths(text).into_iter();
    paths
        .filter(|path| path.len() > 1 && path[0] != "crate")
        .map(|path| (path.last().unwrap().clone(), path[0].clone()))
        .collect()
}

/// The first component of a path of `file` below the folder, if it leads into the folder.
fn inside(path: &[String], file: &str, folder: &str) -> Option<String> {
    let place: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let own = file.trim_end_matches(".rs").trim_end_matches("/mod");
    let mut at: Vec<&str> = own.split('/').collect();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            at.clear();
            rest = &path[1..];
        }
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        _ => return None,
    }
    let whole: Vec<&str> = at.into_iter().chain(rest.iter().map(String::as_str)).collect();
    whole.strip_prefix(place.as_slice())?.first().map(|name| (*name).to_owned())
}

/// The paths of all `use` items outside tests, without braces.
fn imported_paths(text: &str) -> Vec<Vec<String>> {
    let code = before_tests(text);
    let code: String = code.lines().map(|line| line.split("//").next().unwrap()).collect();
    let mut paths = Vec::new();
    for statement in code.split(';').filter_map(|part| part.split("use ").last()) {
        flatten(&[], statement.trim(), &mut paths);
    }
    paths
}

fn flatten(before: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let mut path = before.to_vec();
    let Some((first, rest)) = tree.split_once("::") else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            path.push(name.to_owned());
            paths.push(path);
        }
        return;
    };
    path.push(first.trim().to_owned());
    match rest.trim().strip_prefix('{').and_then(|list| list.strip_suffix('}')) {
        Some(list) => split_list(list).iter().for_each(|item| flatten(&path, item, paths)),
        None => flatten(&path, rest.trim(), paths),
    }
}

/// The items of a list in braces; items may contain braces.
fn split_list(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for c in list.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match c {
            ',' if depth == 0 => items.push(String::new()),
            c => items.last_mut().unwrap().push(c),
        }
    }
    items.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// A path along the imports from a module back to itself.
fn find_cycle(start: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut paths = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop() {
        for next in edges.get(path.last().unwrap()).into_iter().flatten() {
            let longer = [path.clone(), vec![next.clone()]].concat();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                paths.push(longer);
            }
        }
    }
    None
}

fn sources() -> Vec<(String, String)> {
    let found = source_files("src");
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The page that describes the layers.
fn architecture() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/architecture.md")).unwrap()
}

/// The lines of the diagrams of the page: the layers, and the course of an upload.
fn diagrams(page: &str) -> [Vec<&str>; 2] {
    let found: Vec<Vec<&str>> = page.split("```mermaid\n").skip(1).map(diagram_lines).collect();
    found.try_into().unwrap()
}

fn diagram_lines(rest: &str) -> Vec<&str> {
    rest.split("```").next().unwrap().lines().skip(1).map(str::trim).collect()
}

/// The layers that a layer may use, without `error` and `limits`.
fn allowed_layers() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    // The C interface uses the public names of the crate, whose last layer is the client.
    let ffi = ("ffi", &["client"] as &[&str]);
    ALLOWED
        .iter()
        .copied()
        .chain([ffi])
        .map(|(l, used)| (l, used.iter().copied().collect()))
        .collect()
}

fn may_use(user: &str, used: &str) -> bool {
    let allowed = allowed_layers();
    let is_open = ["error", "limits"].contains(&used) && user != "platform";
    allowed.contains_key(used) && is_open && user != used
        || allowed.get(user).is_some_and(|layers| layers.contains(used))
}

#[test]
fn the_table_of_the_architecture_lists_the_allowed_layers() {
    let page = architecture();
    let table = page.split_once("| layer | may use | holds |").unwrap().1;
    let mut listed = BTreeMap::new();
    for row in table.split("\n\n").next().unwrap().lines().skip(2) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let used: BTreeSet<&str> =
            cells[2].split(',').map(str::trim).filter(|layer| !layer.is_empty()).collect();
        for layer in cells[1].split(',') {
            let layer = layer.trim().trim_matches('`').trim_end_matches('/');
            listed.insert(layer.trim_end_matches(".rs"), used.clone());
        }
    }
    assert_eq!(listed, allowed_layers());
}

#[test]
fn the_diagram_of_the_layers_has_the_allowed_edges() {
    let page = architecture();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in &diagrams(&page)[0] {
        let names: Vec<&str> = line.split("-->").map(str::trim).collect();
        for pair in names.windows(2) {
            let (user, used) = (pair[0], pair[1]);
            assert!(may_use(user, used), "{user} must not use {used}");
            edges.entry(user.to_owned()).or_default().insert(used.to_owned());
        }
    }
    for (user, layers) in allowed_layers() {
        for used in layers.into_iter().chain(["error", "limits"]).filter(|used| may_use(user, used))
        {
            let is_base = ["platform", "error", "limits"].contains(&user);
            assert!(is_base || is_reachable(user, used, &edges), "{user} --> {used} is not drawn");
        }
    }
}

fn is_reachable(from: &str, to: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> bool {
    edges.get(from).is_some_and(|next| {
        next.contains(to) || next.iter().any(|step| is_reachable(step, to, edges))
    })
}

#[test]
fn the_course_of_an_upload_follows_the_allowed_edges() {
    let page = architecture();
    let lines = &diagrams(&page)[1];
    let files: Vec<String> = sources().into_iter().map(|(file, _)| file).collect();
    let mut layer_of = BTreeMap::new();
    for line in lines.iter().filter_map(|line| line.strip_prefix("participant ")) {
        let (name, place) = line.split_once(" as ").unwrap();
        let file = files.iter().find(|file| file.ends_with(place));
        let file = file.unwrap_or_else(|| panic!("{place} is not in src"));
        layer_of.insert(name, file.split('/').next().unwrap());
    }
    let mut calls = BTreeSet::new();
    for line in lines.iter().filter(|line| line.contains(">>")) {
        let (ends, _) = line.split_once(": ").unwrap();
        if let Some((callee, caller)) = ends.split_once("-->>") {
            assert!(calls.contains(&(caller, callee)), "{line}: nothing was called");
        } else {
            let (caller, callee) = ends.split_once("->>").unwrap();
            let (user, used) = (layer_of[caller], layer_of[callee]);
            assert!(user == used || may_use(user, used), "{line}: {user} must not use {used}");
            calls.insert((caller, callee));
        }
    }
    assert!(calls.len() > 5, "the calls were not found");
}
