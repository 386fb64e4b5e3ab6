#!/bin/bash
# Runs other OSS clients against the emulator, and our V1 signatures against OpenStack Swift.
#
# As root on Debian 12, after `make check-deps`: builds the emulator and the probe, runs and stops
# everything, and prints a table. All files are in build/conformance. Arguments are passed to
# suite.py, such as `--only oss2-v4`.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly here=conformance build=build/conformance
"$here/install.sh" --verify
for tool in node faketime unshare haproxy memcached swift-proxy-server curl; do
    command -v "$tool" >/dev/null || { echo "missing: $tool; run \`make check-deps\`" >&2; exit 1; }
done

say() { printf '== %s\n' "$*" >&2; }

target=$(cargo metadata --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
readonly target
say "build the emulator and the probe"
cargo build --quiet --package oss-emulator
# With the lock file of the library both workspaces share the same built dependencies.
cp Cargo.lock "$here/v1_probe/Cargo.lock"
CARGO_TARGET_DIR=$target cargo build --quiet --manifest-path "$here/v1_probe/Cargo.toml"

rm -rf "$build/run"
mkdir "$build/run"
say "run the clients"
export NODE_PATH=$PWD/$build/node_modules
# `timeout` passes its signal on to all processes of the suite.
timeout --signal=TERM --kill-after=10 300 "$build/venv/bin/python" -B "$here/suite.py" \
    --emulator "$target/debug/oss-emulator" --probe "$target/debug/v1-probe" \
    --folder "$build/run" "$@" &
suite=$!
trap 'kill -TERM "$suite" 2>/dev/null || true; wait "$suite" || true; exit 130' INT TERM
wait "$suite"
