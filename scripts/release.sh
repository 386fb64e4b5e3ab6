#!/bin/sh
# release.sh FOLDER - builds the archives of a release from the last commit, in a folder: the sources
# with all crates, and from these, without network, the libraries and the command for x86-64 Linux.
#
# The result does not depend on the folder nor on the machine, but on the versions of the tools.
set -eu

cd "$(dirname "$0")/.."
top=$PWD
fail() {
    echo "$*" >&2
    exit 1
}
scripts/release-deps.sh --verify
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
[ "$(rustc -vV | sed -n 's/^host: //p')" = x86_64-unknown-linux-gnu ] ||
    fail "this makes releases for x86-64 Linux only, on the same"

cc -O2 -g0 -fPIC -c -o build/release-tools/glibc-2.17.o scripts/glibc-2.17.c

folder=$1
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d -p "$folder")
trap 'rm -rf "$work"' EXIT
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sources=ossmpu-$version
product=$sources-x86_64-linux-gnu
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
LIBGCC_VERSION=$(dpkg-query -W -f '${Version}' libgcc-11-dev)
export SOURCE_DATE_EPOCH LIBGCC_VERSION LC_ALL=C TZ=UTC

echo "packing the sources"
scripts/source-archive.sh "$folder"
tar --extract --file "$folder/$sources.tar.gz" --directory "$work"

# Without network, and without the crates and settings of this machine.
cd "$work/$sources"
registry=${CARGO_HOME:-$HOME/.cargo}/registry
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTFLAGS RUSTC_WRAPPER LDFLAGS
export CARGO_HOME="$work/cargo" CARGO_NET_OFFLINE=true
# Paths of this machine become those where distributions put sources.
rust_sources=$(rustc --print sysroot)/lib/rustlib/src/rust
rust_commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
separator=$(printf '\037')
export CFLAGS="-ffile-prefix-map=$PWD=/usr/src/$sources"
CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$PWD=/usr/src/$sources"
CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS$separator"
CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS--remap-path-prefix=$rust_sources=/rustc/$rust_commit"
export CARGO_ENCODED_RUSTFLAGS
# C code is compiled with the compiler of the system, and linked for old versions of glibc.
export CC_x86_64_unknown_linux_gnu=cc
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER="$top/scripts/cc-glibc-2.17.sh"

echo "building the libraries, the command and the manual pages from the packed sources"
make --no-print-directory all reference CC="$top/scripts/cc-glibc-2.17.sh" >"$work/log" 2>&1 ||
    fail "$(cat "$work/log")"
cargo build --offline --locked --profile dist --package ossmpu-cli >"$work/log" 2>&1 ||
    fail "$(cat "$work/log")"

tree=$work/$product
make --no-print-directory install DESTDIR="$work" PREFIX="/$product" \
    CC="$top/scripts/cc-glibc-2.17.sh" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
mkdir -p "$work/$product-debug/lib"
mv "$tree/lib/.debug" "$work/$product-debug/lib"
command=target/dist/ossmpu
install -D -s "$command" "$tree/bin/ossmpu"
share=$tree/share
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
    "$share/fish/vendor_completions.d"
"$command" man --dir "$share/man/man1"
"$command" completions bash >"$share/bash-completion/completions/ossmpu"
"$command" completions zsh >"$share/zsh/site-functions/_ossmpu"
"$command" completions fish >"$share/fish/vendor_completions.d/ossmpu.fish"
cp LICENSE README.md CHANGELOG.md "$tree"
cp "$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html" "$tree/THIRD-PARTY-RUST.html"
"$top/scripts/third-party.py" x86_64-unknown-linux-gnu "$tree/THIRD-PARTY.txt" \
    "$tree/ossmpu.cdx.json"

for path in "$HOME/" "$top" "$work" "$(rustc --print sysroot)"; do
    found=$(grep -r -l -F -e "$path" "$tree" "$work/$product-debug" || true)
    [ -z "$found" ] || fail "the path $path is in $found"
done
for path in "$top" "$work" "$registry"; do
    found=$(gzip -dc "$folder/$sources.tar.gz" | grep -c -a -F -e "$path" || true)
    [ "$found" -eq 0 ] || fail "the path $path is in $sources.tar.gz"
done

"$top/scripts/pack.sh" "$tree" "$folder"
"$top/scripts/pack.sh" "$work/$product-debug" "$folder"
cp "$tree/ossmpu.cdx.json" "$folder/$product.cdx.json"
cd "$folder"
sha256sum ./*.tar.gz ./*.cdx.json | sed 's|\./||' >SHA256SUMS
cat SHA256SUMS
