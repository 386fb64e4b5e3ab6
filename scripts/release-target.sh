#!/bin/sh
# release-target.sh TARGET FOLDER - builds the archives of a release for one target, in a folder that
# has the archive of the sources, from which it builds the libraries and the command without network.
# release.sh runs it, and has the list of the targets.
set -eu

cd "$(dirname "$0")/.."
top=$PWD
fail() {
    echo "$*" >&2
    exit 1
}
target=$1
folder=$(cd "$2" && pwd)
# Rust's name of the target, the prefix of its GNU tools, the qemu-user that runs its programs, the
# libraries that it has, the linker, and whether the standard library is built from the sources.
gnu='' qemu='' libraries='shared static' linker=cc-glibc-2.17.sh builds_std=''
case $target in
x86_64-linux-gnu)
    rust_target=x86_64-unknown-linux-gnu
    LIBGCC_VERSION=$(dpkg-query -W -f '${Version}' libgcc-11-dev)
    export RELEASE_CPU=x86_64 LIBGCC_VERSION
    ;;
aarch64-linux-gnu)
    rust_target=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu- qemu=aarch64
    LIBGCC_VERSION=$(dpkg-query -W -f '${Version}' libgcc-11-dev-arm64-cross)
    export RELEASE_CPU=aarch64 LIBGCC_VERSION
    ;;
x86_64-linux-musl)
    rust_target=x86_64-unknown-linux-musl libraries=static linker=cc-musl.sh builds_std=yes
    ZIG=$("$top/build/release-tools/venv/bin/python" -c \
        'import os, ziglang; print(os.path.dirname(ziglang.__file__))')
    export ZIG
    ;;
x86_64-windows-gnu)
    rust_target=x86_64-pc-windows-gnu gnu=x86_64-w64-mingw32- libraries=dll builds_std=yes
    linker=x86_64-w64-mingw32-gcc
    LIBGCC_VERSION=$(dpkg-query -W -f '${Version}' gcc-mingw-w64-x86-64-posix-runtime)
    MINGW_VERSION=$(dpkg-query -W -f '${Version}' mingw-w64-x86-64-dev)
    export LIBGCC_VERSION MINGW_VERSION
    ;;
*) fail "unknown target $target" ;;
esac

work=$(mktemp -d -p "$folder")
trap 'rm -rf "$work"' EXIT
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sources=ossmpu-$version
product=$sources-$target
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
tar --extract --file "$folder/$sources.tar.gz" --directory "$work"

# Without network, and without the crates and settings of this machine.
cd "$work/$sources"
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTFLAGS RUSTC_WRAPPER LDFLAGS
export CARGO_HOME="$work/cargo" CARGO_NET_OFFLINE=true
[ "$target" = x86_64-linux-gnu ] || export RUSTC="$top/build/cross/rust/rustc"
rustc=${RUSTC:-rustc}
# Paths of this machine become those where distributions put sources.
rust_sources=$("$rustc" --print sysroot)/lib/rustlib/src/rust
rust_commit=$("$rustc" -vV | sed -n 's/^commit-hash: //p')
separator=$(printf '\037')
export CFLAGS="-ffile-prefix-map=$PWD=/usr/src/$sources"
CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$PWD=/usr/src/$sources"
# For the folder itself too if that is a link, as in Debian's compiler.
for path in "$rust_sources" ${RUSTC:+"$(readlink -f "$rust_sources")"}; do
    CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS$separator"
    CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS--remap-path-prefix=$path=/rustc/$rust_commit"
done
if [ -n "$builds_std" ]; then
    export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind
    # Where cargo looks for the crates of the standard library too.
    for crate in "$rust_sources"/library/vendor/*; do
        [ -e "vendor/$(basename "$crate")" ] || ln -s "$crate" vendor/
    done
fi
# C code is compiled with the compiler of the system, and linked for old versions of glibc; for musl,
# zig does both.
name=$(echo "$rust_target" | tr - _)
compiler=${gnu:+${gnu}g}cc
case $linker in
cc-musl.sh)
    compiler=$top/scripts/$linker
    # The first and the last objects of a program come from zig, not from the standard library.
    CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS$separator-Clink-self-contained=no"
    ;;
x86_64-w64-mingw32-gcc)
    CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS$separator-Clink-arg=-Wl,--no-insert-timestamp"
    CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS$separator-Cdlltool=dlltool.sh"
    ;;
cc-glibc-2.17.sh)
    "$compiler" -O2 -g0 -fPIC -c -o "$top/build/release-tools/glibc-2.17-$RELEASE_CPU.o" \
        "$top/scripts/glibc-2.17.c"
    ;;
esac
export CARGO_ENCODED_RUSTFLAGS "CC_$name=$compiler"
variable=CARGO_TARGET_$(echo "$name" | tr '[:lower:]' '[:upper:]')_LINKER
# The linkers and dlltool.sh. Flags with the path of this folder would change the names of symbols.
export PATH="$top/scripts:$PATH"
export "$variable=$(command -v "$linker")"
output=target/dist
if [ -n "$gnu$builds_std" ]; then
    export "AR_$name=${gnu}ar" CARGO_BUILD_TARGET="$rust_target"
    output=target/$rust_target/dist
fi

# Runs make with the tools of the target. CC is a list of words, and the folder may have a space.
make_for_target() {
    make --no-print-directory "$@" CC="$linker" LIBRARIES="$libraries" \
        LD="${gnu}ld" AR="${gnu}ar" NM="${gnu}nm" OBJCOPY="${gnu}objcopy" STRIP="${gnu}strip" \
        >"$work/log" 2>&1 || fail "$(cat "$work/log")"
}

echo "building the libraries, the command and the manual pages for $target from the packed sources"
make_for_target all reference
cargo build --offline --locked --profile dist --package ossmpu-cli >"$work/log" 2>&1 ||
    fail "$(cat "$work/log")"

tree=$work/$product
make_for_target install DESTDIR="$work" PREFIX="/$product"
if [ -d "$tree/lib/.debug" ]; then
    mkdir -p "$work/$product-debug/lib"
    mv "$tree/lib/.debug" "$work/$product-debug/lib"
fi
command=$output/ossmpu
[ "$libraries" != dll ] || command=$command.exe
install -D "$command" "$tree/bin/$(basename "$command")"
"${gnu}strip" "$tree/bin/$(basename "$command")"
share=$tree/share
run() {
    if [ -n "$qemu" ]; then
        "$top/scripts/run-foreign.sh" "$qemu" "$tree/bin/ossmpu" "$@"
    else
        "$tree/bin/ossmpu" "$@"
    fi
}
# Windows has no place for them.
if [ "$libraries" != dll ]; then
    mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
        "$share/fish/vendor_completions.d"
    run man --dir "$share/man/man1"
    run completions bash >"$share/bash-completion/completions/ossmpu"
    run completions zsh >"$share/zsh/site-functions/_ossmpu"
    run completions fish >"$share/fish/vendor_completions.d/ossmpu.fish"
fi
cp LICENSE README.md CHANGELOG.md "$tree"
if [ -n "${RUSTC-}" ]; then
    # Debian's compiler has them in a file that refers to the text of one license.
    rust_licenses=THIRD-PARTY-RUST.txt
    cat "$top/build/cross/rust/usr/share/doc/libstd-rust-web-dev/copyright" \
        /usr/share/common-licenses/Apache-2.0 >"$tree/$rust_licenses"
else
    rust_licenses=THIRD-PARTY-RUST.html
    cp "$("$rustc" --print sysroot)/share/doc/rust/COPYRIGHT-library.html" "$tree/$rust_licenses"
fi
RUST_LICENSES=$rust_licenses "$top/scripts/third-party.py" "$rust_target" "$tree/THIRD-PARTY.txt" \
    "$tree/ossmpu.cdx.json"

set -- "$tree"
[ ! -d "$work/$product-debug" ] || set -- "$tree" "$work/$product-debug"
# The third also as dlltool writes paths into the names of symbols.
for path in "$HOME/" "$top" "$work" "$(echo "$work" | tr -c '[:alnum:]\n' _)" \
    "$("$rustc" --print sysroot)"; do
    found=$(grep -r -l -F -e "$path" "$@" || true)
    [ -z "$found" ] || fail "the path $path is in $found"
done

for product_tree; do "$top/scripts/pack.sh" "$product_tree" "$folder"; done
cp "$tree/ossmpu.cdx.json" "$folder/$product.cdx.json"
