#!/bin/sh
# Compares the C interface with that of the last release, tests/abi/baseline, and the library with
# both. `--bless` makes the current header the baseline, for a release: see docs/abi.md.
#
# Compiles each header into a stub library with empty functions, so that abidiff sees all types as
# a C compiler does.
set -eu

cd "$(dirname "$0")/.."
baseline=tests/abi/baseline/ossmpu.h
if [ "${1:-}" = --bless ]; then
    # Without comments, which are not part of the ABI.
    awk '/^ *\/\*/ { inside = 1 } !inside { print } /\*\// { inside = 0 }' include/ossmpu.h |
        cat -s >"$baseline"
    exit
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}

# stub_library HEADER NAME - compiles a stub library with the functions of a header, without those that
# are only for Windows.
stub_library() {
    cp "$1" "$scratch/$2.h"
    awk -v header="$2.h" '
        BEGIN { print "#include \"" header "\"" }
        /^#if defined\(_WIN32\)$/ { windows = 1 }
        windows { windows = !/^#endif/; next }
        /^(OSSMPU_MUST_USE )?OSSMPU_API/ { inside = 1 }
        inside { inside = !sub(/\);$/, ") { __builtin_trap(); }"); print }' \
        "$1" >"$scratch/$2.c"
    cc -g -shared -fPIC -Wno-return-type -o "$scratch/$2.so" "$scratch/$2.c" \
        -Wl,-soname,libossmpu.so.0 -Wl,--version-script=packaging/ossmpu.map
}

# differs OLD NEW - succeeds if abidiff finds an incompatible change.
differs() {
    status=0
    abidiff --no-added-syms "$1" "$2" >"$scratch/report" 2>&1 || status=$?
    [ $((status & 3)) -eq 0 ] || fail "abidiff: $(cat "$scratch/report")"
    [ "$status" -ne 0 ]
}

stub_library "$baseline" baseline
stub_library include/ossmpu.h current
count=$(grep -c '__builtin_trap' "$scratch/current.c")
[ "$count" -eq "$(wc -l <tests/abi/symbols.txt)" ] || fail "found only $count functions"

! differs "$scratch/baseline.so" "$scratch/current.so" || fail "$(cat "$scratch/report")"
echo "ok: types of the last release are unchanged"

# The built library has no type information, but symbols, versions and its soname.
! differs "$scratch/baseline.so" build/libossmpu.so || fail "$(cat "$scratch/report")"
echo "ok: the library has all symbols of the last release"

# Checks that abidiff detects incompatible changes, so that the checks above mean something.
break_abi() {
    sed "$1" include/ossmpu.h >"$scratch/broken-in.h"
    ! cmp -s include/ossmpu.h "$scratch/broken-in.h" || fail "the pattern does not match: $1"
    stub_library "$scratch/broken-in.h" broken
    differs "$scratch/current.so" "$scratch/broken.so" || fail "abidiff does not detect: $1"
}
break_abi 's/^    int32_t retries;/    int64_t retries;/'
break_abi 's/^                       int32_t part_number,/                       int64_t part_number,/'
break_abi '/^OSSMPU_API$/{N;/ossmpu_cancel_free/d;}'
strip "$scratch/broken.so"
differs "$scratch/current.so" "$scratch/broken.so" ||
    fail "abidiff does not detect a missing symbol"
break_abi 's/typedef void (\*ossmpu_drop_fn)(void/typedef int (*ossmpu_drop_fn)(void/'
echo "ok: abidiff detects incompatible changes"

# abidiff does not see constants: compares their values directly.
constants() {
    sed -n -E -e 's/^#define (OSSMPU_[A-Z0-9_]+) \(?(-?[0-9]+)\)?$/\1 \2/p' \
        -e 's/^(OSSMPU_[A-Z0-9_]+) = (-?[0-9]+),?$/\1 \2/p' "$1" |
        grep -v _VERSION_ | sort
}
constants "$baseline" >"$scratch/old"
constants include/ossmpu.h >"$scratch/new"
changed=$(comm -23 "$scratch/old" "$scratch/new")
[ -z "$changed" ] || fail "changed constants of the last release: $changed"
echo "ok: constants of the last release are unchanged"

# A program built for the last release runs with the current library.
mkdir "$scratch/include"
cp "$baseline" "$scratch/include/ossmpu.h"
cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$scratch/include" -o "$scratch/old-program" \
    tests/consumers/upload.c "$scratch/baseline.so"
LD_LIBRARY_PATH=$PWD/build "$scratch/old-program" old-program
