#!/bin/bash
# Runs foreign OSS clients against the emulator, and our V1 signatures against OpenStack Swift.
#
# From nothing on Debian 12, as root: installs what is missing, builds the emulator and the probe,
# runs all, stops all, and prints a table. Everything it makes is in build/conformance. A tool that
# is missing and cannot be installed is an error. Arguments go to suite.py, as `--only oss2-v4`.
set -euo pipefail

cd "$(dirname "$0")/.."
here=conformance
build=build/conformance
readonly here build
mkdir -p "$build"

say() { printf '== %s\n' "$*" >&2; }

# Debian's own Python: Swift is written for it, and the suite is content with it.
readonly packages=(
    python3 python3-venv nodejs npm curl faketime util-linux haproxy memcached
    swift-proxy swift-account swift-container swift-object
)

is_installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

install_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        # npm comes with nodejs where that is not Debian's own.
        if [ "$package" = npm ] && command -v npm >/dev/null; then continue; fi
        is_installed "$package" || missing+=("$package")
    done
    [ "${#missing[@]}" -eq 0 ] && return
    say "install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # No service is wanted: the suite starts its own, on loopback. A policy that is there is kept.
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made=yes
    fi
    local result=0
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}" \
        python3-keystonemiddleware-; } >"$build/apt.log" 2>&1 || result=$?
    [ -z "$made" ] || rm -f "$policy"
    [ "$result" -eq 0 ] || { tail -20 "$build/apt.log" >&2; exit "$result"; }
}

install_python_clients() {
    cmp -s "$here/requirements.txt" "$build/venv/requirements.txt" && return
    say "install the Python clients"
    rm -rf "$build/venv"
    python3 -m venv "$build/venv"
    "$build/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$build/venv/"
}

install_javascript_client() {
    cmp -s "$here/package-lock.json" "$build/node_modules/package-lock.json" && return
    say "install the JavaScript client"
    cp "$here/package.json" "$here/package-lock.json" "$build/"
    npm ci --prefix "$build" --no-audit --no-fund --ignore-scripts --loglevel=error
    cp "$here/package-lock.json" "$build/node_modules/"
}

build_programs() {
    say "build the emulator and the probe"
    cargo build --quiet --package oss-emulator
    # The library's lock, so that both workspaces build the same dependencies, and only once.
    cp Cargo.lock "$here/v1_probe/Cargo.lock"
    CARGO_TARGET_DIR=$target cargo build --quiet --manifest-path "$here/v1_probe/Cargo.toml"
}

target=$(cargo metadata --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
readonly target

install_packages
install_python_clients
install_javascript_client
build_programs
for tool in node faketime unshare haproxy memcached swift-proxy-server curl; do
    command -v "$tool" >/dev/null || { say "$tool is missing"; exit 1; }
done

rm -rf "$build/run"
mkdir "$build/run"
say "run the clients"
export NODE_PATH=$PWD/$build/node_modules
# `timeout` passes its signal to all that the suite has started.
timeout --signal=TERM --kill-after=10 300 "$build/venv/bin/python" -B "$here/suite.py" \
    --emulator "$target/debug/oss-emulator" --probe "$target/debug/v1-probe" \
    --folder "$build/run" "$@" &
suite=$!
trap 'kill -TERM "$suite" 2>/dev/null || true; wait "$suite" || true; exit 130' INT TERM
wait "$suite"
