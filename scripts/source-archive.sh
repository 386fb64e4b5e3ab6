#!/bin/sh
# source-archive.sh FOLDER - packs the sources of the working tree, with all crates, to the archive
# FOLDER/ossmpu-VERSION.tar.gz, which is built without network.
#
# The import libraries of the crates windows_* are left out. They are binary files, 54 MB of them, which
# no target of the library links: windows-sys needs them for tests, and for Windows on other CPUs.
#
# SOURCE_DATE_EPOCH is the time of all files; by default that of the last commit.
set -eu

folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sources=$work/ossmpu-$version
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"

# All files but the ignored ones, with changes that are not committed.
tree=$(
    export GIT_INDEX_FILE="$work/index"
    git read-tree HEAD
    git add --all
    git write-tree
)
git archive --prefix="ossmpu-$version/" "$tree" | tar --extract --directory "$work"
mkdir -p "$sources/.cargo"
(
    cd "$sources"
    cargo vendor --quiet --locked --versioned-dirs vendor >/dev/null
    for crate in vendor/windows_*; do
        [ -d "$crate/lib" ] || continue
        rm -r "${crate:?}/lib"
        sed -i -E 's|"lib/[^"]*":"[0-9a-f]*",?||g; s|,\}|}|' "$crate/.cargo-checksum.json"
    done
    cat >.cargo/config.toml <<'CONFIG'
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
CONFIG
)
scripts/pack.sh "$sources" "$folder"
