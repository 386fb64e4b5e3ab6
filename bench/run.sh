#!/bin/sh
# Runs the benchmark: builds its programs and compares them with the peers that `make bench-deps`
# has installed. `--quick` runs a short one, `--micro` the micro-benchmarks, without peers. All
# other flags are those of compare.py.
set -eu

cd "$(dirname "$0")/.."
work=build/bench
mkdir -p "$work"

target=${CARGO_TARGET_DIR:-$work/target}
# For all crates; the Makefile passes it for the library alone.
export RUSTFLAGS='-C llvm-args=-inline-threshold=45'
if [ "${1-}" = --micro ]; then
    shift
    export CRITERION_HOME="$PWD/$work/criterion"
    exec cargo bench --manifest-path bench/Cargo.toml --target-dir "$target" --bench micro -- "$@"
fi
bench/install-peers.sh --verify
echo "building the programs" >&2
cargo build --quiet --release --manifest-path bench/Cargo.toml --target-dir "$target"

# A CA and a certificate for loopback; the key of the CA is deleted.
if ! [ -f "$work/cert.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj /CN=bench-ca -keyout "$work/ca-key.pem" -out "$work/ca.pem" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$work/extensions"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 \
        -keyout "$work/key.pem" -out "$work/request.pem" 2>/dev/null
    openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca-key.pem" \
        -CAcreateserial -days 3650 -extfile "$work/extensions" -out "$work/cert.pem" 2>/dev/null
    rm "$work/ca-key.pem" "$work/request.pem" "$work/extensions"
fi

# Proxies of the caller must not affect the measurement.
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
export PYTHONDONTWRITEBYTECODE=1
exec "$work/venv/bin/python" bench/compare.py --programs "$target/release" --work "$work" "$@"
