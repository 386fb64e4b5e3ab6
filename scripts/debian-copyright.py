#!/usr/bin/env python3
"""debian-copyright.py SOURCES - prints what debian/copyright says of the crates in SOURCES/vendor and
of their licenses, in the format DEP-5.

The licenses are those of each Cargo.toml, their texts and the names of the authors from the license
files in the crates.
"""

import collections
import pathlib
import re
import sys
import tomllib

LICENSE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
# Licenses of parts of a crate, which its Cargo.toml does not name.
OF_PARTS = re.compile(r"boringssl|other-bits|third-party", re.IGNORECASE)
COPYRIGHT = re.compile(r"\W*(?:Portions )?Copyright (?:\(c\) |© )?(?=[^\[(])(.*\w.*)", re.IGNORECASE)
FULL_APACHE = re.compile(
    r"\s*Apache License\s+Version 2\.0, January 2004.*?limitations under the License\.", re.DOTALL
)
YEARS = re.compile(r"[\d\s,-]*")

# SPDX: the name in DEP-5, and the file on all Debian systems.
COMMON = {
    "Apache-2.0": ("Apache-2.0", "Apache-2.0"),
    "LGPL-2.1-or-later": ("LGPL-2.1+", "LGPL-2.1"),
    "MPL-2.0": ("MPL-2.0", "MPL-2.0"),
}
# SPDX: the name in DEP-5, and how the text begins.
OTHERS = {
    "Apache-2.0 WITH LLVM-exception": ("Apache-2.0-with-LLVM-exception", "--- LLVM Exceptions"),
    "BSD-2-Clause": ("BSD-2-Clause", "Redistribution and use in source"),
    "BSD-3-Clause": ("BSD-3-Clause", "Redistribution and use in source"),
    "CDLA-Permissive-2.0": ("CDLA-Permissive-2.0", "Community Data License Agreement"),
    "ISC": ("ISC", "Permission to use, copy, modify"),
    "MIT": ("Expat", "Permission is hereby granted, free of"),
    "Unicode-3.0": ("Unicode-3.0", "Permission is hereby granted, free of"),
    "Unlicense": ("Unlicense", "This is free and unencumbered software"),
}


class Crate:
    def __init__(self, folder):
        package = tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))["package"]
        self.folder = folder
        self.name = package["name"]
        self.license = package["license"].replace("/", " OR ")
        self.authors = package.get("authors", [])
        files = sorted(file for file in folder.iterdir() if file.is_file())
        self.texts = {
            file.name: file.read_text(encoding="utf-8", errors="replace").expandtabs()
            for file in files
            if LICENSE_FILE.match(file.name)
        }

    def identifiers(self):
        return [word.strip("() ") for word in re.split(r" (?:OR|AND) ", self.license)]

    def copyrights(self):
        """The lines of the license files. Many name nobody: then the authors."""
        lines = [line for text in self.texts.values() for line in text.splitlines()]
        found = (match.group(1).strip() for match in map(COPYRIGHT.fullmatch, lines) if match)
        # Not the sentences in capitals, which all licenses have.
        owners = [line for line in dict.fromkeys(found) if re.match(r"\d|[A-Z]", line)]
        named = [line for line in owners if not line.isupper() and not YEARS.fullmatch(line)]
        return named or self.authors or [f"the authors of {self.name}"]


def dep5_name(identifier):
    known = COMMON.get(identifier) or OTHERS.get(identifier)
    return known[0] if known else sys.exit(f"no name in DEP-5 for the license {identifier}")


def dep5_expression(crate):
    """DEP-5 has no parentheses: a comma before `and` lets it bind less than `or`."""
    text = re.sub(r"\((.*)\) AND ", r"\1, AND ", crate.license)
    for identifier in sorted(crate.identifiers(), key=len, reverse=True):
        text = re.sub(rf"{re.escape(identifier)}(?=$|,| OR | AND )", dep5_name(identifier), text)
    if "(" in text:
        sys.exit(f"{crate.name}: cannot write {crate.license} in DEP-5")
    return text.replace(" OR ", " or ").replace(" AND ", " and ")


def indented(text):
    return [f" {line.rstrip()}" if line.strip() else " ." for line in text.strip().splitlines()]


def files_paragraph(crate):
    lines = [f"Files: vendor/{crate.folder.name}/*"]
    lines += ["Copyright: " + "\n  ".join(crate.copyrights())]
    lines += [f"License: {dep5_expression(crate)}"]
    parts = {name: text for name, text in crate.texts.items() if OF_PARTS.search(name)}
    if parts:
        lines.append("Comment: Parts have other licenses.")
        for name, text in parts.items():
            text = FULL_APACHE.sub(f"Apache License, Version 2.0. {on_debian('Apache-2.0')}", text)
            lines += [" .", f" {name}:", " .", *indented(text)]
    return lines


def on_debian(file):
    return f"On Debian systems the text is in /usr/share/common-licenses/{file}."


def license_text(identifier, crates):
    """Returns the text that most crates have."""
    if identifier in COMMON:
        return on_debian(COMMON[identifier][1])
    beginning = OTHERS[identifier][1]
    texts = [
        text[text.index(beginning):]
        for crate in crates
        if identifier in crate.identifiers()
        for name, text in crate.texts.items()
        if beginning in text and not OF_PARTS.search(name)
    ]
    if not texts:
        sys.exit(f"no crate has the text of {identifier}")
    text = collections.Counter(texts).most_common(1)[0][0]
    if identifier.startswith("Apache-2.0"):
        text = license_text("Apache-2.0", crates) + " In addition:\n\n" + text
    return text


def main():
    folders = sorted((pathlib.Path(sys.argv[1]) / "vendor").iterdir())
    crates = [Crate(folder) for folder in folders]
    paragraphs = [files_paragraph(crate) for crate in crates]
    used = {"Apache-2.0"}.union(*(crate.identifiers() for crate in crates))
    for identifier in sorted(used, key=dep5_name):
        text = license_text(identifier, crates)
        paragraphs.append([f"License: {dep5_name(identifier)}", *indented(text)])
    print("\n\n".join("\n".join(paragraph) for paragraph in paragraphs))


main()
