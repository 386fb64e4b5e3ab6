#!/bin/sh
# link-shared.sh STATIC SHARED SONAME LIBRARY... - links the shared library from the static one.
#
# The unwinder of libgcc is linked in, so that the library needs only the C library. LDFLAGS, which
# packagers set, come last and can override an option.
set -eu
map=$(dirname "$0")/../packaging/ossmpu.map
static=$1 shared=$2 soname=$3
shift 3
# shellcheck disable=SC2086 # CC and LDFLAGS are lists of words
${CC:-cc} -shared -static-libgcc -o "$shared" -Wl,-soname,"$soname" -Wl,-z,nodelete -Wl,-z,defs \
    -Wl,-z,relro -Wl,-z,now -Wl,--build-id -Wl,--version-script="$map" \
    -Wl,--whole-archive "$static" -Wl,--no-whole-archive -Wl,--gc-sections "$@" ${LDFLAGS-}
