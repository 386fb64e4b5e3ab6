#!/bin/sh
# Compares the C interface with that of the last release, tests/abi/baseline, and the installed
# library with both. `--bless` makes today's header the baseline: for a release, see docs/abi.md.
#
# A header becomes a library here, of functions that do nothing, so that abidiff sees each type
# of each function as a C compiler does.
set -eu

cd "$(dirname "$0")/.."
baseline=tests/abi/baseline/ossmpu.h
if [ "${1:-}" = --bless ]; then
    # Without its comments, which bind nobody.
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

# library HEADER NAME - a library with the functions of a header.
library() {
    cp "$1" "$scratch/$2.h"
    awk -v header="$2.h" '
        BEGIN { print "#include \"" header "\"" }
        /^OSSMPU_API/ { inside = 1 }
        inside { inside = !sub(/\);$/, ") { __builtin_trap(); }"); print }' \
        "$1" >"$scratch/$2.c"
    cc -g -shared -fPIC -Wno-return-type -o "$scratch/$2.so" "$scratch/$2.c" \
        -Wl,-soname,libossmpu.so.0 -Wl,--version-script=packaging/ossmpu.map
}

# differs OLD NEW - abidiff finds a change that would hurt a program.
differs() {
    status=0
    abidiff --no-added-syms "$1" "$2" >"$scratch/report" 2>&1 || status=$?
    [ $((status & 3)) -eq 0 ] || fail "abidiff: $(cat "$scratch/report")"
    [ "$status" -ne 0 ]
}

library "$baseline" baseline
library include/ossmpu.h today
count=$(grep -c '__builtin_trap' "$scratch/today.c")
[ "$count" -eq "$(wc -l <tests/abi/symbols.txt)" ] || fail "only $count functions were found"

! differs "$scratch/baseline.so" "$scratch/today.so" || fail "$(cat "$scratch/report")"
echo "the types of the last release are unchanged"

# The library itself has no types in it, but names, versions and its own name.
! differs "$scratch/baseline.so" build/libossmpu.so || fail "$(cat "$scratch/report")"
echo "the library has every symbol of the last release"

# What abidiff would not see here, it would not see above either.
spoil() {
    sed "$1" include/ossmpu.h >"$scratch/spoilt-in.h"
    ! cmp -s include/ossmpu.h "$scratch/spoilt-in.h" || fail "nothing to spoil: $1"
    library "$scratch/spoilt-in.h" spoilt
    differs "$scratch/today.so" "$scratch/spoilt.so" || fail "abidiff does not see: $1"
}
spoil 's/^    int32_t retries;/    int64_t retries;/'
spoil 's/^                       int32_t number,/                       int64_t number,/'
spoil '/^OSSMPU_API void ossmpu_cancel_free/d'
strip "$scratch/spoilt.so"
differs "$scratch/today.so" "$scratch/spoilt.so" || fail "abidiff does not see a missing symbol"
spoil 's/typedef void (\*ossmpu_drop_fn)(void \*user);/typedef int (*ossmpu_drop_fn)(void *user);/'
echo "abidiff sees what it should"

# Constants are no types: every one of the last release has its value still.
numbers() {
    sed -n 's/^#define \(OSSMPU_[A-Z0-9_]* -\{0,1\}[0-9]*\)$/\1/p' "$1" | grep -v _VERSION_ | sort
}
numbers "$baseline" >"$scratch/old"
numbers include/ossmpu.h >"$scratch/new"
changed=$(comm -23 "$scratch/old" "$scratch/new")
[ -z "$changed" ] || fail "constants of the last release have changed: $changed"
echo "the constants of the last release are unchanged"

# A program of then runs with the library of now.
mkdir "$scratch/then"
cp "$baseline" "$scratch/then/ossmpu.h"
cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$scratch/then" -o "$scratch/old-program" \
    tests/consumers/upload.c "$scratch/baseline.so"
LD_LIBRARY_PATH=$PWD/build "$scratch/old-program" old-program
