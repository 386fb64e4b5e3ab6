#!/bin/sh
# reproduce-release.sh FOLDER [TARGET...] - builds the release in FOLDER again, for these targets or for
# all, in a clone with another path, with copies of the compiler and zig there, and compares the
# archives.
set -eu

folder=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
[ -s "$folder/SHA256SUMS" ] || {
    echo "$folder/SHA256SUMS is missing; run \`make release\`" >&2
    exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git clone --quiet . "$scratch/another-folder"
mkdir -p "$scratch/another-folder/build/cross"
cp -a build/release-tools "$scratch/another-folder/build/"
rm -rf "$scratch/another-folder/build/release-tools/zig-cache"
for tool in rust wine-dlls; do
    [ ! -d "build/cross/$tool" ] || cp -a "build/cross/$tool" "$scratch/another-folder/build/cross/"
done
"$scratch/another-folder/scripts/release.sh" "$scratch/another-folder/build/release" "$@" >/dev/null
cd "$folder"
sha256sum --check --quiet "$scratch/another-folder/build/release/SHA256SUMS"
echo "ok: the same archives, bit for bit, from another folder"
