#!/bin/sh
# Installs into scratch folders, and has programs that are linked in every usual way upload
# something. Run it by scripts/with-emulator.sh.
set -eu

cd "$(dirname "$0")/.."
: "${OSS_ENDPOINT:?run this by scripts/with-emulator.sh}"
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

from=$PWD/tests/consumers
cflags='-std=c99 -Wall -Wextra -Wpedantic -Wshadow -Werror -O2'

# by_pkg_config NAME FOLDER - builds with what is said by FOLDER/pkgconfig, and runs.
by_pkg_config() {
    # shellcheck disable=SC2046,SC2086
    cc $cflags -o "$scratch/$1" "$from/upload.c" \
        $(PKG_CONFIG_PATH="$2/pkgconfig" pkg-config --cflags --libs ossmpu)
    LD_LIBRARY_PATH="$2" "$scratch/$1" "$1"
}

# by_cmake FOLDER - builds all programs of the CMake project with FOLDER/cmake, and runs them.
by_cmake() {
    rm -rf "$scratch/cmake"
    cmake -S "$from" -B "$scratch/cmake" -DCMAKE_BUILD_TYPE=Release -DWANTED=0.1 \
        -Dossmpu_DIR="$1/cmake/ossmpu" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    cmake --build "$scratch/cmake" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    for program in cmake-shared cmake-static cmake-shared-cpp cmake-static-cpp; do
        "$scratch/cmake/$program" "$program"
    done
}

# not_by_cmake VERSION FOLDER - that version is refused.
not_by_cmake() {
    rm -rf "$scratch/cmake"
    ! cmake -S "$from" -B "$scratch/cmake" -DWANTED="$1" -Dossmpu_DIR="$2/cmake/ossmpu" \
        >"$scratch/log" 2>&1 || fail "CMake takes version $1"
    tr -s '\n ' ' ' <"$scratch/log" | grep -q 'compatible with requested version' ||
        fail "$(cat "$scratch/log")"
}

static_libs() {
    PKG_CONFIG_PATH="$1/pkgconfig" pkg-config --static --libs-only-l ossmpu |
        sed 's/-lossmpu//'
}

say "an own prefix"
install_to PREFIX="$scratch/first"
lib=$scratch/first/lib
by_pkg_config pkg-config "$lib"
by_cmake "$lib"
not_by_cmake 0.999 "$lib"
not_by_cmake 1.0 "$lib"
# shellcheck disable=SC2046,SC2086
cc $cflags -o "$scratch/archive" -I"$scratch/first/include" "$from/upload.c" "$lib/libossmpu.a" \
    $(static_libs "$lib")
"$scratch/archive" archive
# Without any shared library gcc's own has another name. What ld says of name look-ups in such a
# program is true and known.
# shellcheck disable=SC2046,SC2086
cc $cflags -static -o "$scratch/all-static" -I"$scratch/first/include" "$from/upload.c" \
    "$lib/libossmpu.a" $(static_libs "$lib" | sed 's/-lgcc_s/-lgcc_eh/') 2>"$scratch/log" ||
    fail "$(cat "$scratch/log")"
"$scratch/all-static" all-static
# shellcheck disable=SC2086
cc $cflags -o "$scratch/loaded" "$from/loaded.c" -ldl
"$scratch/loaded" "$lib/libossmpu.so.0"
python3 "$from/upload.py" "$lib/libossmpu.so.0"

say "beside another Rust static library, in both orders"
rustc --edition 2024 -O --crate-type staticlib --print native-static-libs \
    -o "$scratch/libneighbour.a" "$from/neighbour.rs" 2>"$scratch/log"
needed=$(sed -n 's/.*native-static-libs: //p' "$scratch/log")
case "$(static_libs "$lib")" in
*"$needed"*) ;;
*) fail "rustc says $needed, but the .pc file $(static_libs "$lib")" ;;
esac
link_beside() {
    name=$1
    shift
    # shellcheck disable=SC2046,SC2086
    cc $cflags -o "$scratch/$name" -I"$scratch/first/include" "$from/beside.c" "$@" \
        $(static_libs "$lib")
    "$scratch/$name" "$name"
}
link_beside before-a-neighbour "$lib/libossmpu.a" "$scratch/libneighbour.a"
link_beside after-a-neighbour "$scratch/libneighbour.a" "$lib/libossmpu.a"
link_beside shared-and-a-neighbour "$lib/libossmpu.so" "$scratch/libneighbour.a" \
    "-Wl,-rpath,$lib"

say "what the shared library is"
shared=$(readlink -f "$lib/libossmpu.so")
foreign=$(nm -D --defined-only --with-symbol-versions "$shared" | awk '{print $3}' |
    grep -v -e '^ossmpu_[a-z0-9_]*@@OSSMPU_0$' -e '^OSSMPU_0' || true)
[ -z "$foreign" ] || fail "exported, but not ossmpu_*@@OSSMPU_0: $foreign"
dynamic=$(readelf -W -d "$shared")
echo "$dynamic" | grep -q 'soname: \[libossmpu.so.0\]' || fail "no versioned name: $dynamic"
echo "$dynamic" | grep -q NODELETE || fail "may be unloaded: $dynamic"
known='^(linux-vdso|libc|libgcc_s|libm|libdl|libpthread|librt|libutil|/lib.*/ld-linux)'
strangers=$(ldd "$shared" | awk '{print $1}' | grep -v -E "$known" || true)
[ -z "$strangers" ] || fail "needs more than the C library: $strangers"
! readelf -W -S "$shared" | grep -q -F '.debug_info' || fail "is not stripped"
readelf -W -S "$lib/.debug/$(basename "$shared").debug" | grep -q -F '.debug_line' ||
    fail "there is no debug information beside it"
readelf --string-dump=.gnu_debuglink "$shared" | grep -q -F "$(basename "$shared").debug" ||
    fail "does not name its debug information"

say "moved after the installation"
mv "$scratch/first" "$scratch/second"
by_pkg_config moved "$scratch/second/lib"
by_cmake "$scratch/second/lib"

say "uninstalled"
make --no-print-directory uninstall PREFIX="$scratch/second" >/dev/null
left=$(find "$scratch/second" -type f -o -type l)
[ -z "$left" ] || fail "uninstall left: $left"

say "installed by a user without cargo"
install_to CARGO=no-cargo-here PREFIX="$scratch/third"
by_pkg_config without-cargo "$scratch/third/lib"

say "staged by DESTDIR, with other folders"
install_to DESTDIR="$scratch/stage" PREFIX=/opt/ossmpu LIBDIR=/opt/ossmpu/lib64 \
    INCLUDEDIR=/opt/headers/ossmpu-0
! grep -r -l -F "$scratch" "$scratch/stage" || fail "the stage is written down in a file"
by_pkg_config staged "$scratch/stage/opt/ossmpu/lib64"
by_cmake "$scratch/stage/opt/ossmpu/lib64"
