#!/bin/sh
# Runs fuzz targets, as many at a time as there are processors: fuzz/run.sh [SECONDS [TARGET...]].
# Without arguments it runs each target for a minute.
#
# New inputs go to fuzz/target/found and not into the corpus, which stays small: the seeds are
# replies, requests and settings as they really come. An input that fails is kept in fuzz/artifacts
# and becomes an ordinary test where it failed.
set -eu

cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -eq 0 ] || shift

# The sanitizers are a part of the compiler that its stable releases hide.
export RUSTC_BOOTSTRAP=1
command -v cargo-fuzz >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz --version 0.13.2
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
