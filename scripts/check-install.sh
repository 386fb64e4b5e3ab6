#!/bin/sh
# Installs into a scratch folder and builds a program against what is there.
set -eu

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
make install PREFIX="$scratch/usr"
export PKG_CONFIG_PATH="$scratch/usr/lib/pkgconfig"
cat >"$scratch/version.c" <<'C'
#include <ossmpu.h>
#include <stdio.h>
int main(void) {
    puts(ossmpu_version_string());
    return ossmpu_version_number() == OSSMPU_VERSION_NUMBER ? 0 : 1;
}
C
flags='-std=c99 -Wall -Wextra -Wpedantic -Werror'
# shellcheck disable=SC2046,SC2086
cc $flags -o "$scratch/shared" "$scratch/version.c" $(pkg-config --cflags --libs ossmpu)
LD_LIBRARY_PATH="$scratch/usr/lib" "$scratch/shared"
for example in put_file own_threads; do
    # shellcheck disable=SC2046,SC2086
    cc $flags -pthread -o "$scratch/$example" "examples-c/$example.c" \
        $(pkg-config --cflags --libs ossmpu)
done
# shellcheck disable=SC2046,SC2086
cc $flags -o "$scratch/static" "$scratch/version.c" $(pkg-config --cflags ossmpu) \
    "$scratch/usr/lib/libossmpu.a" \
    $(sed -n 's/^Libs.private: //p' "$scratch/usr/lib/pkgconfig/ossmpu.pc")
"$scratch/static"
foreign=$(nm -D --defined-only "$scratch/usr/lib/libossmpu.so" | awk '{print $3}' |
    grep -v -e '^ossmpu_' -e '^OSSMPU_0' || true)
if [ -n "$foreign" ]; then
    echo "foreign symbols are exported: $foreign" >&2
    exit 1
fi
make uninstall PREFIX="$scratch/usr"
left=$(find "$scratch/usr" -type f -o -type l)
if [ -n "$left" ]; then
    echo "uninstall left: $left" >&2
    exit 1
fi
