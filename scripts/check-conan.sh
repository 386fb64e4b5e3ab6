#!/bin/sh
# Builds the Conan packages with the shared and the static library, and programs with them. Run it with
# scripts/with-emulator.sh.
set -eu

cd "$(dirname "$0")/.."
: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
work=$PWD/build/conan
[ -x "$work/venv/bin/conan" ] || {
    echo "missing: conan; run \`make check-deps\`" >&2
    exit 1
}
# Of this check alone: it must not depend on the settings and packages of the user.
export CONAN_HOME="$work/home" PYTHONDONTWRITEBYTECODE=1
scratch=$work/test
rm -rf "$CONAN_HOME" "$scratch"
mkdir -p "$scratch"
fail() {
    echo "$*" >&2
    exit 1
}
conan() { "$work/venv/bin/conan" "$@" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"; }
status=$(git status --porcelain)

# `make` has compiled the crates here. The library is compiled once for both packages: the build script
# looks at the time of src/ffi, which is new in the copy of Conan.
target=$(cargo metadata --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

# use_pkg_config NAME SHARED - builds programs with what Conan writes for pkg-config, and runs them.
use_pkg_config() {
    conan install --no-remote --requires "ossmpu/$version" --options "*:shared=$2" \
        --generator PkgConfigDeps --generator VirtualRunEnv --output-folder "$scratch/$1"
    flags=$(PKG_CONFIG_PATH="$scratch/$1" pkg-config --cflags --libs ossmpu)
    # shellcheck disable=SC2086
    cc -std=c99 -o "$scratch/$1/c" tests/consumers/upload.c $flags
    # shellcheck disable=SC2086
    c++ -std=c++17 -o "$scratch/$1/c++" tests/consumers/upload.cpp $flags
    (
        # shellcheck disable=SC1090,SC1091
        . "$scratch/$1/conanrun.sh"
        "$scratch/$1/c" "conan-$1"
        "$scratch/$1/c++" "conan-$1-cpp"
    )
}

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
conan profile detect
for kind in shared static; do
    case $kind in shared) shared=True ;; static) shared=False ;; esac
    conan create packaging/conan --no-remote --options "*:shared=$shared" \
        --conf "user.ossmpu:target_dir=$target" \
        --conf "tools.cmake.cmake_layout:test_folder=$scratch/package"
    grep -F "program with $version " "$scratch/log" || fail "$(cat "$scratch/log")"
    use_pkg_config "$kind" "$shared"
done
case "$(ldd "$scratch/shared/c")" in
*libossmpu.so.0*) ;;
*) fail "the program does not use the shared library" ;;
esac
! ldd "$scratch/static/c" | grep -q ossmpu || fail "the static program needs libossmpu.so"

# The text on other systems.
! "$work/venv/bin/conan" create packaging/conan --no-remote --settings os=Windows \
    --test-folder= >"$scratch/log" 2>&1 || fail "Conan builds for Windows"
grep -q 'built for Linux only' "$scratch/log" || fail "$(cat "$scratch/log")"

[ "$(git status --porcelain)" = "$status" ] || fail "files of the repository were changed"
echo "ok: Conan builds the shared and the static library"
