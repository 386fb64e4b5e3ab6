#!/bin/sh
# The benchmark: builds its programs, installs the peers into build/bench, and compares them.
# `bench/run.sh --quick` is a short one, `--micro` measures single computations, without peers. All
# other flags are those of compare.py.
set -eu

cd "$(dirname "$0")/.."
work=build/bench
mkdir -p "$work"

target=${CARGO_TARGET_DIR:-$work/target}
if [ "${1-}" = --micro ]; then
    shift
    export CRITERION_HOME="$PWD/$work/criterion"
    exec cargo bench --manifest-path bench/Cargo.toml --target-dir "$target" --bench micro -- "$@"
fi
echo "building the programs" >&2
cargo build --quiet --release --manifest-path bench/Cargo.toml --target-dir "$target"

if ! cmp -s bench/peers/requirements.txt "$work/installed.txt"; then
    echo "installing the peers" >&2
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check \
        -r bench/peers/requirements.txt
    cp bench/peers/requirements.txt "$work/installed.txt"
fi

# A CA and its certificate for loopback; the CA's key is thrown away.
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

# Nothing of the caller's configuration may change what is measured.
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
export PYTHONDONTWRITEBYTECODE=1
exec "$work/venv/bin/python" bench/compare.py --programs "$target/release" --work "$work" "$@"
