#!/bin/sh
# Runs the model checks of the cancel token, the buffer pool, the queue of a stream and the task queue,
# and the simulation of uploads with several workers: shuttle explores the interleavings of their
# threads. The locks of shuttle work only in its own scheduler, so these tests need a build of their
# own, with --cfg shuttle; PROFILE=bench makes an optimized one, with the same assertions. Arguments
# go to the test program and replace the filter.
set -eu

cd "$(dirname "$0")/.."
built=$(cargo rustc --lib --profile "${PROFILE:-test}" --message-format=json-render-diagnostics \
    -- --cfg shuttle -C debug-assertions=on)
tests=$(printf '%s\n' "$built" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
test $# -gt 0 || set -- shuttle_tests::
SHUTTLE_SILENCE_WARNINGS=1 "$tests" "$@"
