#!/bin/sh
# link-static.sh ARCHIVE STATIC - links the static library from the archive of rustc: one object with
# what the interface needs, in which only the functions of the interface are global.
#
# The Rust runtime is inside. With its symbols local it can be linked beside that of another Rust
# static library, although link-time optimization has merged it with this one.
set -eu
archive=$1 static=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${NM:-nm}" --extern-only --defined-only --format=posix --quiet "$archive" |
    sed -n 's/^\(ossmpu_[a-z0-9_]*\) T .*/--undefined=\1/p' >"$work/functions"
[ -s "$work/functions" ] || {
    echo "$archive has no function ossmpu_*" >&2
    exit 1
}
# A group of sections could otherwise be discarded for that of another library, although its symbols
# are local.
"${LD:-ld}" -r --gc-sections --force-group-allocation --strip-debug -o "$work/ossmpu.o" \
    "@$work/functions" "$archive"
# Some objects of the Rust runtime also contain LLVM bitcode, which no linker of C programs can use.
"${OBJCOPY:-objcopy}" --wildcard --keep-global-symbol='ossmpu_*' --remove-section=.llvmbc \
    --remove-section=.llvmcmd "$work/ossmpu.o"
rm -f "$static"
(cd "$work" && "${AR:-ar}" rcsD library.a ossmpu.o)
mv "$work/library.a" "$static"
