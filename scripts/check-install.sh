#!/bin/sh
# Installs the library into temporary directories, and runs programs that are linked to it in every
# usual way. Run it with scripts/with-emulator.sh.
set -eu

cd "$(dirname "$0")/.."
: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
say() { printf '\n== %s\n' "$*"; }
fail() {
    echo "$*" >&2
    exit 1
}
install_to() {
    make --no-print-directory install "$@" >"$scratch/log" || fail "$(cat "$scratch/log")"
}

sources=$PWD/tests/consumers
cflags='-std=c99 -Wall -Wextra -Wpedantic -Wshadow -Werror -O2'

# use_pkg_config NAME LIBDIR - builds a program with LIBDIR/pkgconfig and runs it.
use_pkg_config() {
    # shellcheck disable=SC2046,SC2086
    cc $cflags -o "$scratch/$1" "$sources/upload.c" \
        $(PKG_CONFIG_PATH="$2/pkgconfig" pkg-config --cflags --libs ossmpu)
    LD_LIBRARY_PATH="$2" "$scratch/$1" "$1"
}

# use_cmake LIBDIR - builds all programs of the CMake project with LIBDIR/cmake and runs them.
use_cmake() {
    rm -rf "$scratch/cmake"
    cmake -S "$sources" -B "$scratch/cmake" -DCMAKE_BUILD_TYPE=Release -DWANTED=0.1 \
        -Dossmpu_DIR="$1/cmake/ossmpu" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    cmake --build "$scratch/cmake" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    for program in cmake-shared cmake-static cmake-shared-cpp cmake-static-cpp; do
        "$scratch/cmake/$program" "$program"
    done
}

# cmake_refuses VERSION LIBDIR - CMake must refuse the required version.
cmake_refuses() {
    rm -rf "$scratch/cmake"
    ! cmake -S "$sources" -B "$scratch/cmake" -DWANTED="$1" -Dossmpu_DIR="$2/cmake/ossmpu" \
        >"$scratch/log" 2>&1 || fail "CMake accepts version $1"
    tr -s '\n ' ' ' <"$scratch/log" | grep -q 'compatible with requested version' ||
        fail "$(cat "$scratch/log")"
}

static_libs() {
    PKG_CONFIG_PATH="$1/pkgconfig" pkg-config --static --libs-only-l ossmpu |
        sed 's/-lossmpu//'
}

say "installed under a prefix"
install_to PREFIX="$scratch/first"
lib=$scratch/first/lib
use_pkg_config pkg-config "$lib"
use_cmake "$lib"
cmake_refuses 0.999 "$lib"
cmake_refuses 1.0 "$lib"
# shellcheck disable=SC2046,SC2086
cc $cflags -o "$scratch/archive" -I"$scratch/first/include" "$sources/upload.c" "$lib/libossmpu.a" \
    $(static_libs "$lib")
"$scratch/archive" archive
# The warning of ld, that getaddrinfo in a static program needs shared libraries at run time, is
# expected.
# shellcheck disable=SC2046,SC2086
cc $cflags -static -o "$scratch/all-static" "$sources/upload.c" \
    $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --static --cflags --libs ossmpu) \
    2>"$scratch/log" || fail "$(cat "$scratch/log")"
"$scratch/all-static" all-static
# shellcheck disable=SC2086
cc $cflags -o "$scratch/loaded" "$sources/loaded.c" -ldl
"$scratch/loaded" "$lib/libossmpu.so.0"
python3 "$sources/upload.py" "$lib/libossmpu.so.0"
declarations=$scratch/first/include/ossmpu-ffi.h
/usr/bin/python3 "$sources/upload_cffi.py" "$lib/libossmpu.so.0" "$declarations"
luajit "$sources/upload.lua" "$lib/libossmpu.so.0" "$declarations"

say "linked with another Rust static library, in both orders"
rustc --edition 2024 -O --crate-type staticlib --print native-static-libs \
    -o "$scratch/libneighbor.a" "$sources/neighbor.rs" 2>"$scratch/log"
needed=$(sed -n 's/.*native-static-libs: //p' "$scratch/log" | sed 's/-lgcc_s/-lgcc_eh/')
case "$(static_libs "$lib")" in
*"$needed"*) ;;
*) fail "rustc needs $needed, but the .pc file has $(static_libs "$lib")" ;;
esac
link_with_neighbor() {
    name=$1
    shift
    # shellcheck disable=SC2046,SC2086
    cc $cflags -o "$scratch/$name" -I"$scratch/first/include" "$sources/beside.c" "$@" \
        $(static_libs "$lib")
    "$scratch/$name" "$name"
}
link_with_neighbor before-neighbor "$lib/libossmpu.a" "$scratch/libneighbor.a"
link_with_neighbor after-neighbor "$scratch/libneighbor.a" "$lib/libossmpu.a"
link_with_neighbor shared-and-neighbor "$lib/libossmpu.so" "$scratch/libneighbor.a" \
    "-Wl,-rpath,$lib"

say "properties of the shared library"
shared=$(readlink -f "$lib/libossmpu.so")
unexpected=$(nm -D --defined-only --with-symbol-versions "$shared" | awk '{print $3}' |
    grep -v -e '^ossmpu_[a-z0-9_]*@@OSSMPU_0$' -e '^OSSMPU_0' || true)
[ -z "$unexpected" ] || fail "exports other symbols than ossmpu_*@@OSSMPU_0: $unexpected"
dynamic=$(readelf -W -d "$shared")
echo "$dynamic" | grep -q 'soname: \[libossmpu.so.0\]' || fail "the soname has no version: $dynamic"
echo "$dynamic" | grep -q NODELETE || fail "can be unloaded: $dynamic"
echo "$dynamic" | grep -q BIND_NOW || fail "binds symbols lazily: $dynamic"
known='^(linux-vdso|libc|libm|libdl|libpthread|librt|libutil|/lib.*/ld-linux)'
others=$(ldd "$shared" | awk '{print $1}' | grep -v -E "$known" || true)
[ -z "$others" ] || fail "needs more than the C library: $others"
! readelf -W -S "$shared" | grep -q -F '.debug_info' || fail "is not stripped"
readelf -W -S "$lib/.debug/$(basename "$shared").debug" | grep -q -F '.debug_line' ||
    fail "has no separate debug information"
readelf --string-dump=.gnu_debuglink "$shared" | grep -q -F "$(basename "$shared").debug" ||
    fail "does not link to its debug information"

say "moved after installation"
mv "$scratch/first" "$scratch/second"
use_pkg_config moved "$scratch/second/lib"
use_cmake "$scratch/second/lib"

say "uninstalled"
make --no-print-directory uninstall PREFIX="$scratch/second" >/dev/null
left=$(find "$scratch/second" -type f -o -type l)
[ -z "$left" ] || fail "uninstall left files: $left"

say "installed without cargo"
install_to CARGO=no-cargo-here PREFIX="$scratch/third"
use_pkg_config without-cargo "$scratch/third/lib"

say "staged with DESTDIR, with other directories"
install_to DESTDIR="$scratch/stage" PREFIX=/opt/ossmpu LIBDIR=/opt/ossmpu/lib64 \
    INCLUDEDIR=/opt/headers/ossmpu-0
! grep -r -l -F "$scratch" "$scratch/stage" || fail "a file contains the path of the stage"
use_pkg_config staged "$scratch/stage/opt/ossmpu/lib64"
use_cmake "$scratch/stage/opt/ossmpu/lib64"
