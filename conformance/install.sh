#!/bin/bash
# Installs what `conformance/run.sh` needs, on Debian 12 as root: packages of the system, and the
# clients in build/conformance. With --verify it installs nothing, names what is missing, and fails
# if something is.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly here=conformance build=build/conformance

# Debian's Python, because Swift runs only with it.
readonly packages=(
    python3 python3-venv nodejs npm curl faketime util-linux haproxy memcached
    swift-proxy swift-account swift-container swift-object
)

is_installed() {
    # npm is a part of nodejs in packages from elsewhere.
    if [ "$1" = npm ] && command -v npm >/dev/null; then return; fi
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}
has_python_clients() {
    cmp -s "$here/requirements.txt" "$build/venv/requirements.txt"
}
has_javascript_client() {
    cmp -s "$here/package-lock.json" "$build/node_modules/package-lock.json"
}

missing=()
for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done

if [ "${1-}" = --verify ]; then
    has_python_clients || missing+=("the Python clients")
    has_javascript_client || missing+=("the JavaScript client")
    [ "${#missing[@]}" -eq 0 ] && exit
    printf -v list '%s, ' "${missing[@]}"
    echo "missing: ${list%, }; run \`make check-deps\`" >&2
    exit 1
fi

say() { printf 'installing %s\n' "$*" >&2; }
mkdir -p "$build"

install_packages() {
    [ "${#missing[@]}" -eq 0 ] && return
    say "${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # Keeps the packages from starting services: the suite starts its own on loopback. An existing
    # policy is kept.
    local policy=/usr/sbin/policy-rc.d created=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        created=yes
    fi
    local result=0
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}" \
        python3-keystonemiddleware-; } >"$build/apt.log" 2>&1 || result=$?
    [ -z "$created" ] || rm -f "$policy"
    [ "$result" -eq 0 ] || { tail -20 "$build/apt.log" >&2; exit "$result"; }
}

install_python_clients() {
    has_python_clients && return
    say "the Python clients"
    rm -rf "$build/venv"
    python3 -m venv "$build/venv"
    "$build/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$build/venv/"
}

install_javascript_client() {
    has_javascript_client && return
    say "the JavaScript client"
    cp "$here/package.json" "$here/package-lock.json" "$build/"
    npm ci --prefix "$build" --no-audit --no-fund --ignore-scripts --loglevel=error
    cp "$here/package-lock.json" "$build/node_modules/"
}

install_packages
install_python_clients
install_javascript_client
