#!/bin/bash
# tsan.sh [ARGUMENT...] - runs the unit tests and the suite under ThreadSanitizer, with an
# instrumented standard library. Arguments go to the test programs. `make cross-deps` installs the
# tools.
set -euo pipefail

cd "$(dirname "$0")/.."
scripts/cross-deps.sh --verify tsan

export RUSTC=$PWD/build/cross/rust/rustc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR=$PWD/build/cross/target CARGO_BUILD_TARGET=x86_64-unknown-linux-gnu
export CARGO_UNSTABLE_BUILD_STD=std,panic_unwind,test
export CARGO_PROFILE_CROSS_DEBUG=line-tables-only
export RUSTFLAGS=-Zsanitizer=thread
export TSAN_OPTIONS=suppressions=$PWD/scripts/tsan.supp

# A simulated upload has one thread; with two faults they take half an hour.
export REPRESENTATIVE_FAULTS=1

# The suite runs the examples.
cargo build --profile cross --examples
cargo test --profile cross --lib --test suite --no-fail-fast -- "$@"
