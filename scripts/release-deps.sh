#!/bin/sh
# release-deps.sh [--verify] [TARGET...] - installs the tools that `make check-deb`, and `make release`
# for these targets of release.sh or all, need besides those of `make`, on Debian as root, and zig in
# build/release-tools. With --verify it installs nothing, names what is missing, and fails if something
# is.
set -eu

cd "$(dirname "$0")/.."
work=build/release-tools
zig=0.15.2

# tool package
tools='
git git
doxygen doxygen
pkg-config pkg-config
cmake cmake
c++ g++
readelf binutils
dpkg-buildpackage dpkg-dev
dh debhelper
lintian lintian
python3-venv python3-venv
'
verifies=''
if [ "${1-}" = --verify ]; then
    verifies=yes
    shift
fi
[ $# -gt 0 ] || set -- x86_64-linux-gnu aarch64-linux-gnu x86_64-linux-musl x86_64-windows-gnu
# What cross-deps.sh installs of it.
cross=''
for target; do
    case $target in
    x86_64-linux-gnu) tools="$tools
gcc-11-unwinder libgcc-11-dev" ;;
    aarch64-linux-gnu)
        tools="$tools
aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
gcc-11-unwinder-aarch64 libgcc-11-dev-arm64-cross"
        cross="$cross aarch64"
        ;;
    x86_64-linux-musl) cross="$cross rust" ;;
    x86_64-windows-gnu)
        tools="$tools
x86_64-w64-mingw32-g++-posix g++-mingw-w64-x86-64-posix"
        cross="$cross windows"
        ;;
    *)
        echo "unknown target $target" >&2
        exit 2
        ;;
    esac
done

exists() {
    case $1 in
    python3-venv) /usr/bin/python3 -c 'import ensurepip, tomllib' ;;
    gcc-11-unwinder) [ -e /usr/lib/gcc/x86_64-linux-gnu/11/libgcc_eh.a ] ;;
    gcc-11-unwinder-aarch64) [ -e /usr/lib/gcc-cross/aarch64-linux-gnu/11/libgcc_eh.a ] ;;
    zig) [ "$("$work/venv/bin/python" -m ziglang version)" = $zig ] ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

. scripts/packages.sh

if [ -n "$verifies" ]; then
    missing=$({ missing_tools tool && { exists zig || echo "zig $zig"; }; } | tr '\n' ' ')
    if [ -n "$missing" ]; then
        echo "missing: ${missing% }; run \`make release-deps\`" >&2
        exit 1
    fi
    # shellcheck disable=SC2086
    [ -z "$cross" ] || scripts/cross-deps.sh --verify $cross
    exit
fi

install_packages
if ! exists zig; then
    echo "installing zig $zig"
    mkdir -p "$work"
    /usr/bin/python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "ziglang==$zig"
fi
# shellcheck disable=SC2086
[ -z "$cross" ] || scripts/cross-deps.sh $cross
exec scripts/release-deps.sh --verify "$@"
