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
need shellcheck shellcheck
shellcheck scripts/*.sh packaging/*.sh
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
need g++ g++
fuzz/run.sh 60

stage "C tests under valgrind (6 min)"
need valgrind valgrind
cargo test --test c_abi valgrind -- --ignored

stage "C tests with an instrumented library, which is built for it (5 min)"
cargo test --test c_abi instrumented -- --ignored

stage "model checks (2 min)"
scripts/models.sh

stage "clients that others wrote (8 min)"
make conformance

stage "a tenth of the long counts (2 min)"
make reliability ARGS="--percent 10"

stage "one object by four MPI ranks, and by those left when one is killed (2 min)"
need mpicc libopenmpi-dev
need mpirun openmpi-bin
scripts/check-mpi.sh

stage "the headers with every compiler, C++ programs also under sanitizers (4 min)"
need clang clang
cargo test --test header --test cpp_abi -- --ignored

stage "the interface against that of the last release (1 min)"
need abidiff abigail-tools
make all
scripts/with-emulator.sh scripts/check-abi.sh

stage "the reference, a page for each function and constant"
need doxygen doxygen
make reference
while read -r name; do test -s "build/reference/man/man3/$name.3"; done <tests/abi/symbols.txt

stage "install, and programs linked in every usual way (2 min)"
need pkg-config pkg-config
need cmake cmake
need python3 python3
scripts/with-emulator.sh scripts/check-install.sh

stage "Debian packages, the command with them (4 min)"
need dpkg-shlibdeps dpkg-dev
scripts/with-emulator.sh scripts/check-deb.sh

stage "the crate builds from its own files (2 min)"
cargo package -p ossmpu --allow-dirty

stage "the demo (2 min)"
make demo

stage "done"
