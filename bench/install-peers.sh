#!/bin/sh
# Installs the pinned peers of the benchmark into build/bench/venv, if they are not there. With
# --verify it installs nothing and fails if they are missing.
set -eu

cd "$(dirname "$0")/.."
work=build/bench
if cmp -s bench/peers/requirements.txt "$work/installed.txt"; then exit; fi
if [ "${1-}" = --verify ]; then
    echo "missing: the peers; run \`make bench-deps\`" >&2
    exit 1
fi
mkdir -p "$work"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
cp bench/peers/requirements.txt "$work/installed.txt"
