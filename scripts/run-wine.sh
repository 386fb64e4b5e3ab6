#!/bin/sh
# run-wine.sh PROGRAM [ARGUMENT...] - runs a program for Windows with the wine that `make cross-deps`
# installs, and with a Windows folder of its own in build/cross.
set -eu

build=$(cd "$(dirname "$0")/.." && pwd)/build/cross
export WINEPREFIX="$build/wine" WINEPATH="$build/wine-dlls" WINEDEBUG=-all
exec /usr/lib/wine/wine64 "$@"
