#!/bin/sh
# The checks that need more tools than `make test`. Installs nothing: `make check-deps` does.
set -eu

cd "$(dirname "$0")/.."
started=$(date +%s)
stage() {
    now=$(date +%s)
    printf '\n== [%2d min] %s\n' $(((now - started) / 60)) "$*"
}

stage "tools"
scripts/check-deps.sh --verify

stage "format and lints (2 min)"
shellcheck .ci/run scripts/*.sh packaging/*.sh packaging/debian/tests/upload bench/*.sh \
    fuzz/*.sh conformance/*.sh conformance/swift/*.sh
cargo fmt --all --check
cargo clippy --workspace --all-targets -- -D warnings
cargo clippy --workspace --all-targets --features ossmpu/capi -- -D warnings
cargo clippy --manifest-path bench/Cargo.toml --all-targets -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet

stage "the committed header is up to date: the build with capi has written it"
git diff --exit-code include/

stage "the packages of other systems have the version of Cargo.toml"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
grep -q -x "Version: *$version" packaging/rpm/ossmpu.spec
grep -q -F "\"version\": \"$version\"" packaging/vcpkg/vcpkg.json
head -n 1 packaging/debian/changelog | grep -q -F "ossmpu ($version-"

stage "licenses, bans and sources of all crates"
cargo deny check licenses bans sources

stage "fuzz targets, half a minute each (6 min)"
fuzz/run.sh 30

stage "C tests with the static library (3 min)"
cargo test --workspace --test c_abi static_library -- --ignored

stage "C tests under valgrind (3 min)"
cargo test --workspace --test c_abi valgrind -- --ignored

stage "C tests with a library built with AddressSanitizer (5 min)"
cargo test --workspace --test c_abi instrumented -- --ignored

stage "32-bit x86: uploads and unit tests (5 min)"
scripts/cross.sh --without-suite i686

stage "simulated uploads: two faults, random lists, and schedules of several workers (9 min)"
FAULTS=2 DELTA_FAULTS=1 REPRESENTATIVE_FAULTS=0 BASIC_FAULTS=0 RUNS=30000 SCHEDULES=5000 make simulate

stage "model checks with shuttle, by the program of the schedules"
PROFILE=bench scripts/shuttle-tests.sh

stage "conformance with other OSS clients (2 min)"
make conformance

stage "reliability tests, a tenth of the iterations"
make reliability ARGS="--percent 10"

stage "MPI: four ranks upload one object, and resume after one was killed (2 min)"
scripts/check-mpi.sh

stage "the headers with every compiler, C++ programs also under sanitizers (1 min)"
cargo test --workspace --test header --test cpp_abi -- --ignored

stage "ABI compatibility with the last release (3 min)"
make all
scripts/with-emulator.sh scripts/check-abi.sh

stage "reference: a page for each function and constant"
make reference
while read -r name; do test -s "build/reference/man/man3/$name.3"; done <tests/abi/symbols.txt

stage "installation, and programs linked in every usual way"
scripts/with-emulator.sh scripts/check-install.sh

stage "the commands and the program of the README"
scripts/with-emulator.sh scripts/check-quick-start.sh

stage "Conan packages (3 min)"
scripts/with-emulator.sh scripts/check-conan.sh

stage "the packaged crate builds (1 min)"
cargo package -p ossmpu --allow-dirty --features capi

stage "demo"
make demo

stage "done"
