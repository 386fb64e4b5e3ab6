#!/bin/sh
# release.sh FOLDER [TARGET...] - builds the archives of a release from the last commit, in a folder:
# the sources with all crates, and from these, without network, the libraries and the command for each
# target; without arguments for all: x86_64-linux-gnu, aarch64-linux-gnu, x86_64-linux-musl and
# x86_64-windows-gnu.
#
# The result does not depend on the folder nor on the machine, but on the versions of the tools.
set -eu

cd "$(dirname "$0")/.."
fail() {
    echo "$*" >&2
    exit 1
}
folder=$1
shift
[ $# -gt 0 ] || set -- x86_64-linux-gnu aarch64-linux-gnu x86_64-linux-musl x86_64-windows-gnu
scripts/release-deps.sh --verify "$@"
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
[ "$(rustc -vV | sed -n 's/^host: //p')" = x86_64-unknown-linux-gnu ] ||
    fail "this makes releases on x86-64 Linux only"

rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
case $folder in
*[[:space:]]*) fail "the path $folder has a space, which the compiler flags cannot have" ;;
esac
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sources=ossmpu-$version
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC

echo "packing the sources"
scripts/source-archive.sh "$folder"
for path in "$PWD" "$folder" "${CARGO_HOME:-$HOME/.cargo}/registry"; do
    found=$(gzip -dc "$folder/$sources.tar.gz" | grep -c -a -F -e "$path" || true)
    [ "$found" -eq 0 ] || fail "the path $path is in $sources.tar.gz"
done
for target; do scripts/release-target.sh "$target" "$folder"; done

cd "$folder"
sha256sum ./*.tar.gz ./*.cdx.json | sed 's|\./||' >SHA256SUMS
cat SHA256SUMS
