#!/bin/sh
# Installs the tools that `make check` needs and `make test` does not, on Debian as root: Conan in
# build/conan, and what cross.sh needs for i686 in build/cross. With --verify it installs nothing,
# names the tools that are missing, and fails if there are any.
set -eu

cd "$(dirname "$0")/.."

# tool package
tools='
shellcheck shellcheck
g++ g++
valgrind valgrind
mpicc libopenmpi-dev
mpirun openmpi-bin
clang clang
abidiff abigail-tools
doxygen doxygen
pkg-config pkg-config
cmake cmake
python3 python3
cffi python3-cffi
luajit luajit
'
# crate version options
crates='
cargo-deny 0.20.2 --no-default-features
cargo-fuzz 0.13.2
'

# The package of cffi is for the Python of the system, which need not be the first in PATH.
exists() {
    case $1 in
    cffi) /usr/bin/python3 -c 'import cffi' ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

. scripts/packages.sh

missing_crates() {
    echo "$crates" | while read -r crate version options; do
        [ -n "$crate" ] || continue
        exists "$crate" || echo "$crate $version $options"
    done
}

conan_requirements=packaging/conan/requirements.txt
has_conan() { cmp -s "$conan_requirements" build/conan/venv/requirements.txt; }

if [ "${1-}" = --verify ]; then
    missing=$({
        missing_tools tool
        missing_crates | cut -d' ' -f1
        has_conan || echo conan
    } | tr '\n' ' ')
    status=0
    if [ -n "$missing" ]; then
        echo "missing: ${missing% }; run \`make check-deps\`" >&2
        status=1
    fi
    conformance/install.sh --verify || status=1
    scripts/cross-deps.sh --verify i686 || status=1
    exit "$status"
fi

install_packages
missing_crates | while read -r crate version options; do
    echo "installing $crate $version"
    # To optimize them takes longer than what they then save.
    # shellcheck disable=SC2086
    cargo install --quiet --debug --locked $options "$crate" --version "$version" </dev/null
done
conformance/install.sh
scripts/cross-deps.sh i686
# After the packages above, which have the module venv.
if ! has_conan; then
    echo "installing conan"
    rm -rf build/conan/venv
    python3 -m venv build/conan/venv
    build/conan/venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --requirement "$conan_requirements"
    cp "$conan_requirements" build/conan/venv/
fi
exec scripts/check-deps.sh --verify
