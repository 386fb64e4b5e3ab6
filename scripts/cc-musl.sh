#!/bin/sh
# cc-musl.sh ARGUMENT... - compiles and links like cc, fully static programs with musl, with the tools
# that `make release-deps` installs; like c++ if a symbolic link with the name c++ runs it.
set -eu
tools=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)/build/release-tools
driver=cc
[ "$(basename "$0")" != c++ ] || driver=c++

count=$#
while [ "$count" -gt 0 ]; do
    case $1 in
    # The triple that the build scripts of crates add is not one of zig's.
    --target=*) ;;
    # A position-independent program is static too.
    -static-pie) set -- "$@" -pie ;;
    *) set -- "$@" "$1" ;;
    esac
    shift
    count=$((count - 1))
done
export ZIG_GLOBAL_CACHE_DIR="$tools/zig-cache" ZIG_LOCAL_CACHE_DIR="$tools/zig-cache"
exec "$tools/venv/bin/python" -m ziglang "$driver" -target x86_64-linux-musl "$@"
