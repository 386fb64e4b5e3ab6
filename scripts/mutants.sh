#!/bin/sh
# Mutation tests: changes the code in one place at a time, and runs the tests, which should fail.
# .cargo/mutants.toml has the files and the tests. Arguments go to cargo mutants: `--shard 1/20` tries
# every twentieth mutant. Fails if a mutant survives; build/mutants/mutants.out has the results.
set -eu

cd "$(dirname "$0")/.."
version=27.1.0
if ! cargo mutants --version >/dev/null 2>&1; then
    echo "cargo-mutants is missing; run \`cargo install --locked cargo-mutants --version $version\`" >&2
    exit 1
fi

# Dependencies are compiled once in all runs. Most tests wait, so that many can run at once.
export CARGO_PROFILE_DEV_DEBUG=0
export CARGO_TARGET_DIR="$PWD/build/mutants/target"
export RUST_TEST_THREADS=8
mkdir -p build/mutants
status=0
cargo mutants --output build/mutants --jobs 1 "$@" || status=$?
# A mutant with which a test does not end (3) is noticed as well.
test "$status" -eq 0 || test "$status" -eq 3
