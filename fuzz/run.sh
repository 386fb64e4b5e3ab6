#!/bin/sh
# Runs fuzz targets, as many at a time as there are processors: fuzz/run.sh [SECONDS [TARGET...]].
# By default it runs all targets for a minute each.
#
# New inputs go to fuzz/target/found, not into the corpus, which stays small: its seeds are
# realistic responses, requests and settings. An input that fails is kept in fuzz/artifacts and
# becomes a regular test of the code that failed.
set -eu

cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -eq 0 ] || shift
if ! command -v cargo-fuzz >/dev/null 2>&1; then
    echo "missing: cargo-fuzz; run \`make check-deps\`" >&2
    exit 1
fi

# Stable compilers accept the sanitizer options only with this variable.
export RUSTC_BOOTSTRAP=1
cargo fuzz build
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cargo fuzz list)

export seconds
# shellcheck disable=SC2016
printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' sh -c '
    mkdir -p "target/found/$1"
    if cargo fuzz run "$1" "target/found/$1" "corpus/$1" -- -max_total_time="$seconds" \
        -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 >"target/found/$1.log" 2>&1; then
        executed=$(sed -n "s/^stat::number_of_executed_units: *//p" "target/found/$1.log")
        echo "$1: $executed inputs"
    else
        tail -n 60 "target/found/$1.log"
        echo "$1: FAILED"
        exit 1
    fi' sh '{}'
