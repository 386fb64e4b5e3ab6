#!/bin/sh
# link-shared.sh STATIC SHARED SONAME LIBRARY... - links the shared library from the static one.
set -eu
map=$(dirname "$0")/../packaging/ossmpu.map
static=$1 shared=$2 soname=$3
shift 3
${CC:-cc} -shared -o "$shared" -Wl,-soname,"$soname" -Wl,-z,nodelete -Wl,-z,defs \
    -Wl,--build-id -Wl,--version-script="$map" \
    -Wl,--whole-archive "$static" -Wl,--no-whole-archive -Wl,--gc-sections "$@"
