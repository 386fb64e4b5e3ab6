#!/bin/sh
# check-release.sh FOLDER - unpacks the archive of a release, builds programs with it and runs them and
# the command. Run it with scripts/with-emulator.sh.
set -eu

: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
fail() {
    echo "$*" >&2
    exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$folder" && sha256sum --quiet --check SHA256SUMS)
for archive in "$folder"/*-x86_64-linux-gnu.tar.gz; do
    tar --extract --file "$archive" --directory "$scratch"
done
tree=$(echo "$scratch"/ossmpu-*)
lib=$tree/lib
for file in LICENSE THIRD-PARTY.txt THIRD-PARTY-RUST.html ossmpu.cdx.json lib/libossmpu.a \
    lib/libossmpu.so include/ossmpu.h include/ossmpu.hpp include/ossmpu-ffi.h \
    share/man/man1/ossmpu-put.1 share/man/man3/ossmpu_put_file.3; do
    [ -s "$tree/$file" ] || fail "the archive has no $file"
done

# The README says the same.
shared=$(readlink -f "$lib/libossmpu.so")
[ "$(stat -c %s "$shared")" -le 3500000 ] || fail "the shared library has more than 3.5 MB"
for file in "$shared" "$tree/bin/ossmpu"; do
    needed=$(readelf -W -V "$file" | grep -o 'GLIBC_[0-9.]*' | sort -u -V | tail -n 1)
    [ "$(printf '%s\nGLIBC_2.17\n' "$needed" | sort -V | tail -n 1)" = GLIBC_2.17 ] ||
        fail "$file needs $needed"
    others=$(readelf -W -d "$file" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
        grep -v -E '^(ld-linux-x86-64|libc|libm|libdl|libpthread|librt)\.so\.[0-9]$' || true)
    [ -z "$others" ] || fail "$file needs $others"
done

# shellcheck disable=SC2046
cc -std=c99 -o "$scratch/shared" tests/consumers/upload.c \
    $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --cflags --libs ossmpu)
LD_LIBRARY_PATH="$lib" "$scratch/shared" release-shared
# shellcheck disable=SC2046
cc -std=c99 -o "$scratch/static" -I"$tree/include" tests/consumers/upload.c "$lib/libossmpu.a" \
    $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --static --libs-only-l ossmpu |
        sed 's/-lossmpu//')
"$scratch/static" release-static
{
    cmake -S tests/consumers -B "$scratch/cmake" -DWANTED=0.1 -Dossmpu_DIR="$lib/cmake/ossmpu"
    cmake --build "$scratch/cmake" --target cmake-shared-cpp --target cmake-static-cpp
} >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
"$scratch/cmake/cmake-shared-cpp" release-cmake-shared
"$scratch/cmake/cmake-static-cpp" release-cmake-static

# All C programs, among them threads that end in a callback, which libgcc_s unwinds through the frames
# of the library.
OSSMPU_SHARED_LIBRARY="$shared" cargo test --quiet --test c_abi programs_run_with_the_shared_library
OSSMPU_SHARED_LIBRARY="$shared" OSSMPU_STATIC_LIBRARY="$lib/libossmpu.a" \
    cargo test --quiet --test c_abi programs_run_with_the_static_library -- --ignored

"$tree/bin/ossmpu" put tests/consumers/upload.c oss://ossmpu-test/release-command \
    >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
echo "ok: the archive has what it must, and its libraries and command upload"
