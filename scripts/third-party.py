#!/usr/bin/env python3
"""third-party.py TARGET LICENSES SBOM - writes what the library and the command contain besides the
code of this repository: the licenses, and a list in the format CycloneDX.

Both come from cargo, from the license files in the crates and from those of the Rust toolchain.
SOURCE_DATE_EPOCH is the time of the list, RUST_LICENSES the name of the file with the licenses of the
toolchain. For musl, ZIG is the folder of zig; else LIBGCC_VERSION is the version of the
unwinder. For Windows, MINGW_VERSION is that of the C runtime.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

# What is linked, and the features with which it is built.
ROOTS = {"ossmpu": ["--features", "capi"], "ossmpu-cli": []}
MINGW_LICENSES = pathlib.Path("/usr/share/doc/mingw-w64-x86-64-dev/copyright")
LICENSE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked_crates(target):
    """Returns the crates that are linked, as (name, version), with those that each of them uses."""
    uses = {}
    for root, features in ROOTS.items():
        command = ["cargo", "tree", "--locked", "--target", target, "--package", root, *features]
        command += ["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", "{p}"]
        path = []
        for line in output(*command).splitlines():
            depth, name, version = re.match(r"(\d+)(\S+) v(\S+)", line).groups()
            crate = (name, version)
            uses.setdefault(crate, set())
            del path[int(depth):]
            if path:
                uses[path[-1]].add(crate)
            path.append(crate)
    return uses


def packages(target):
    metadata = json.loads(
        output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target)
    )
    return {(package["name"], package["version"]): package for package in metadata["packages"]}


def license_texts(folder):
    files = sorted(file for file in folder.iterdir() if file.is_file())
    found = [file for file in files if LICENSE_FILE.match(file.name)]
    if not found:
        sys.exit(f"{folder} has no license file")
    return [file.read_text(encoding="utf-8", errors="replace").strip() for file in found]


class Part:
    """What a toolchain links into every program; a license that THIRD-PARTY.txt has is in a file."""

    def __init__(self, name, version, expression, what, file=None):
        self.name, self.version, self.expression = name, version, expression
        self.what, self.file = what, file


def parts_of_linker(target):
    """Those besides the standard library of Rust."""
    if not target.endswith("-musl"):
        version, expression = os.environ["LIBGCC_VERSION"], "GPL-3.0-or-later WITH GCC-exception-3.1"
        parts = [Part("libgcc", version, expression, "the unwinder of GCC")]
        if target.endswith("-windows-gnu"):
            version, expression = os.environ["MINGW_VERSION"], "ZPL-2.1"
            parts.append(Part("mingw-w64", version, expression, "the C runtime of MinGW-w64", MINGW_LICENSES))
        return parts
    zig = pathlib.Path(os.environ["ZIG"])
    version = "zig-" + output(zig / "zig", "version").strip()
    unwinder = "Apache-2.0 WITH LLVM-exception"
    return [
        Part("musl", version, "MIT", "the C library musl", zig / "lib/libc/musl/COPYRIGHT"),
        Part("libunwind", version, unwinder, "the unwinder of LLVM", zig / "lib/libunwind/LICENSE.TXT"),
        Part("compiler-rt", version, "MIT", "the runtime of zig's compiler", zig / "LICENSE"),
    ]


def write_licenses(file, crates, known, documents, parts):
    table, texts = [], {}
    for crate in crates:
        package = known[crate]
        name = " ".join(crate)
        table.append(f"{name}: {package['license']}, {package['repository']}")
        for text in license_texts(pathlib.Path(package["manifest_path"]).parent):
            texts.setdefault(text, []).append(name)
    lines = ["The libraries and the command contain these crates:", "", *table, ""]
    lines += ["They also contain the standard library of Rust, whose licenses are in", documents + "."]
    lines += ["The linker adds to them, or to a program that is linked with the static library:", ""]
    lines += [*(f"{part.what}: {part.expression}" for part in parts), ""]
    for part in parts:
        if part.file:
            text = part.file.read_text(encoding="utf-8").strip()
            texts.setdefault(text, []).append(part.what)
    for text, names in texts.items():
        lines += ["=" * 80, "License of " + ", ".join(names), "", text, ""]
    file.write_text("\n".join(lines), encoding="utf-8")


def component(crate, package, checksums):
    name, version = crate
    listed = {
        "type": "library",
        "bom-ref": reference(crate),
        "name": name,
        "version": version,
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        "purl": reference(crate),
    }
    if crate in checksums:
        listed["hashes"] = [{"alg": "SHA-256", "content": checksums[crate]}]
    if package["repository"]:
        listed["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return listed


def reference(crate):
    return f"pkg:cargo/{crate[0]}@{crate[1]}"


def toolchain_components(parts):
    """What the toolchains add to every program."""
    rust = re.search(r"^release: (\S+)", output(os.environ.get("RUSTC", "rustc"), "-vV"), re.MULTILINE).group(1)
    listed = [("rust-std", rust, "MIT OR Apache-2.0")]
    listed += [(part.name, part.version, part.expression) for part in parts]
    return [
        {
            "type": "library",
            "bom-ref": f"{name}@{version}",
            "name": name,
            "version": version,
            "licenses": [{"expression": expression}],
        }
        for name, version, expression in listed
    ]


def write_sbom(file, uses, known, parts):
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text(encoding="utf-8"))
    checksums = {
        (package["name"], package["version"]): package["checksum"]
        for package in lock["package"]
        if "checksum" in package
    }
    toolchain = toolchain_components(parts)
    roots = [crate for crate in uses if crate[0] in ROOTS]
    main = next(crate for crate in roots if crate[0] == "ossmpu")
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    components = [component(crate, known[crate], checksums) for crate in sorted(uses) if crate != main]
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": component(main, known[main], checksums),
        },
        "components": components + toolchain,
        "dependencies": [
            {
                "ref": reference(crate),
                "dependsOn": sorted(map(reference, uses[crate]))
                + [part["bom-ref"] for part in toolchain if crate in roots],
            }
            for crate in sorted(uses)
        ],
    }
    content = json.dumps(sbom, sort_keys=True)
    sbom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    file.write_text(json.dumps(sbom, indent=2) + "\n", encoding="utf-8")


def main():
    target, licenses, sbom = sys.argv[1:]
    uses, known = linked_crates(target), packages(target)
    crates = sorted(crate for crate in uses if crate[0] not in ROOTS)
    documents = os.environ.get("RUST_LICENSES", "THIRD-PARTY-RUST.html")
    parts = parts_of_linker(target)
    write_licenses(pathlib.Path(licenses), crates, known, documents, parts)
    write_sbom(pathlib.Path(sbom), uses, known, parts)


main()
