#!/bin/sh
# What needs more tools than `make test`. It installs what is missing, and fails if it cannot.
set -eu

cd "$(dirname "$0")/.."
begun=$(date +%s)
stage() {
    now=$(date +%s)
    printf '\n== [%2d min] %s\n' $(((now - begun) / 60)) "$*"
}

need() {
    command -v "$1" >/dev/null 2>&1 && return
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$2" >/dev/null
    command -v "$1" >/dev/null
}

stage "format and lints (2 min)"
cargo fmt --all --check
cargo clippy --workspace --all-targets -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet

stage "the header is the generated one"
git diff --exit-code include/

stage "licences, bans and sources of all crates (3 min)"
command -v cargo-deny >/dev/null 2>&1 ||
    cargo install --quiet --locked --no-default-features cargo-deny --version 0.20.2
cargo deny check licenses bans sources

stage "fuzzing, a minute for each target (9 min)"
fuzz/run.sh 60

stage "C tests under valgrind (6 min)"
need valgrind valgrind
cargo test --test c_abi valgrind -- --ignored

stage "C tests with an instrumented library, which is built for it (5 min)"
cargo test --test c_abi instrumented -- --ignored

stage "clients that others wrote (8 min)"
make conformance

stage "a tenth of the long counts (2 min)"
make reliability ARGS="--percent 10"

stage "one object by four MPI ranks, and by those left when one is killed (2 min)"
need mpicc libopenmpi-dev
need mpirun openmpi-bin
scripts/check-mpi.sh

stage "install and a consumer (3 min)"
need pkg-config pkg-config
scripts/check-install.sh

stage "the demo (2 min)"
make demo

stage "done"
