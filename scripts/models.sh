#!/bin/sh
# Runs the model checks: cancel token, memory budget and queue of tickets under a scheduler that
# tries their threads in every order. The model checker's locks work nowhere else, hence the flag.
set -eu

cd "$(dirname "$0")/.."
tests=$(cargo rustc --lib --profile test --message-format=json -- --cfg shuttle |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
"$tests" shuttle_tests:: "$@"
