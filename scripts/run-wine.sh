#!/bin/sh
# run-wine.sh PROGRAM [ARGUMENT...] - runs a program for Windows with the wine that `make cross-deps`
# installs, and with the Windows folder WINEPREFIX, which wine makes if it is missing. It cannot be in
# the tree: it has a link to /, which cargo would follow.
set -eu

: "${WINEPREFIX:?}"
WINEPATH=$(cd "$(dirname "$0")/.." && pwd)/build/cross/wine-dlls
export WINEPATH WINEDEBUG=-all
wine=/usr/lib/wine/wine64
# wine cannot tell what file a descriptor of another program is.
if [ -f /dev/stdin ]; then
    cat | "$wine" "$@"
else
    exec "$wine" "$@"
fi
