#!/bin/sh
# cc-glibc-2.17.sh ARGUMENT... - links like cc, for glibc 2.17 and later, with the tools that `make
# release-deps` installs. RELEASE_CPU is the CPU: x86_64, the default, or aarch64.
#
# The unwinder is that of GCC 11, because that of GCC 12 needs glibc 2.35. The one of zig cannot
# replace it: libgcc_s, which unwinds a thread that a callback ends, calls the handlers of the library
# with its own structures, which only an unwinder of GCC understands.
set -eu
tools=$(cd "$(dirname "$0")/.." && pwd)/build/release-tools
cpu=${RELEASE_CPU:-x86_64}
case $cpu in
x86_64) unwinder=/usr/lib/gcc/x86_64-linux-gnu/11/libgcc_eh.a ;;
aarch64) unwinder=/usr/lib/gcc-cross/aarch64-linux-gnu/11/libgcc_eh.a ;;
*)
    echo "unknown CPU $cpu" >&2
    exit 2
    ;;
esac

count=$#
while [ "$count" -gt 0 ]; do
    case $1 in
    -lgcc_eh | -lgcc_s) set -- "$@" "$unwinder" ;;
    -static-libgcc) ;;
    *) set -- "$@" "$1" ;;
    esac
    shift
    count=$((count - 1))
done
export ZIG_GLOBAL_CACHE_DIR="$tools/zig-cache" ZIG_LOCAL_CACHE_DIR="$tools/zig-cache"
exec "$tools/venv/bin/python" -m ziglang cc -target "$cpu-linux-gnu.2.17" -Wl,--as-needed "$@" \
    "$tools/glibc-2.17-$cpu.o"
