#!/bin/sh
# Runs the model checks of the cancel token, the buffer pool and the task queue: shuttle explores
# the interleavings of their threads. The locks of shuttle work only in its own scheduler, so these
# tests need a build of their own, with --cfg shuttle.
set -eu

cd "$(dirname "$0")/.."
tests=$(cargo rustc --lib --profile test --message-format=json -- --cfg shuttle |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
"$tests" shuttle_tests:: "$@"
