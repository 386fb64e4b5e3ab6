#!/bin/sh
# link-dll.sh STATIC DLL IMPORT - links the DLL for Windows, and its import library, from the static
# library.
#
# It exports what the header declares. libgcc is linked in, so that the DLL needs only those of the
# system. LDFLAGS, which packagers set, come last.
set -eu
static=$1 dll=$2 import=$3
exports=$dll.def
{
    echo EXPORTS
    sed -n '/^extern "C" {/,$s/^[^ *].*[ *]\(ossmpu_[a-z0-9_]*\)(.*/    \1/p' \
        "$(dirname "$0")/../include/ossmpu.h"
} >"$exports"
# shellcheck disable=SC2086 # CC and LDFLAGS are lists of words
${CC:-x86_64-w64-mingw32-gcc} -shared -static-libgcc -o "$dll" "$exports" \
    -Wl,--out-implib,"$import" -Wl,--no-insert-timestamp -Wl,--nxcompat -Wl,--dynamicbase -Wl,--high-entropy-va \
    "$static" -Wl,--gc-sections -Wl,-Bstatic -lgcc_eh -lpthread -Wl,-Bdynamic \
    -lkernel32 -ladvapi32 -lbcrypt -lcrypt32 -lntdll -luserenv -lws2_32 ${LDFLAGS-}
