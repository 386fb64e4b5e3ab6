#!/bin/sh
# Four MPI ranks upload one file as one object. Then one rank fails or is killed: no object is
# created, and a second run resumes the upload. Needs mpicc and mpirun.
set -eu

cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }
fail() {
    echo "$*" >&2
    cat "$work/output" >&2
    exit 1
}

make all
cargo build -p oss-emulator
target=$(cargo metadata --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
emulator=$target/debug/oss-emulator
make -C examples-c mpi LIBRARY="$PWD/build"

work=$(mktemp -d)
server=
job=
stop() {
    for process in $job $server; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# Waits up to a minute until a command succeeds.
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1200 ]; then fail "timed out: $*"; fi
        sleep 0.05
    done
}

export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=mpi-id OSS_ACCESS_KEY_SECRET=mpi-secret
# Restarts the server with the same files and the given options.
serve() {
    if [ -n "$server" ]; then
        kill "$server"
        wait "$server" || true
    fi
    : >"$work/log"
    rm -f "$work/listening"
    "$emulator" --listen 127.0.0.1:0 --dir "$work/store" --region "$OSS_REGION" \
        --bucket mpi-bucket --access-key-id "$OSS_ACCESS_KEY_ID" \
        --access-key-secret "$OSS_ACCESS_KEY_SECRET" "$@" \
        >"$work/listening" 2>"$work/log" &
    server=$!
    await grep -q '^listening on ' "$work/listening"
    OSS_ENDPOINT=$(sed -n 's/^listening on //p' "$work/listening")
    export OSS_ENDPOINT
}

# The number of parts that the server has stored since its start.
parts_sent() { grep -c '^PUT .*partNumber=.* 200 ' "$work/log" || true; }
has_sent() { [ "$(parts_sent)" -eq "$1" ]; }

launch() {
    mpirun --oversubscribe --allow-run-as-root -n "$ranks" examples-c/mpi_upload "$work/file" \
        mpi-bucket "$@" >"$work/output" 2>&1 &
    job=$!
}
job_succeeds() {
    status=0
    wait "$job" || status=$?
    job=
    [ "$status" -eq 0 ]
}

# Checks that there is no object, and that the only upload is the one that the job has printed.
expect_unfinished() {
    id=$(sed -n 's/^mpi_upload: upload ID //p' "$work/output")
    found=$("$emulator" uploads "$OSS_ENDPOINT/mpi-bucket/$1")
    [ -n "$id" ] || fail "no upload ID was printed"
    [ "$found" = "$1 $id" ] || fail "unfinished: '$found'; printed: '$id'"
    if "$emulator" get "$OSS_ENDPOINT/mpi-bucket/$1" >/dev/null 2>&1; then fail "$1 exists"; fi
    echo "ok: no object; upload $id is unfinished"
}

compare() {
    "$emulator" get "$OSS_ENDPOINT/mpi-bucket/$1" >"$work/back"
    cmp "$work/file" "$work/back"
    left=$("$emulator" uploads "$OSS_ENDPOINT/mpi-bucket/$1")
    if [ -n "$left" ]; then fail "unfinished uploads: $left"; fi
    cat "$work/output"
}

# 16 parts of 1 MiB and a shorter one.
head -c 17000000 /dev/urandom >"$work/file"
ranks=4
: >"$work/output"

say "four ranks upload one object"
serve
launch whole
job_succeeds || fail "the ranks failed"
compare whole
has_sent 17 || fail "$(parts_sent) parts were sent instead of 17"

say "one part is refused"
echo '[{"op":"UploadPart","part":7,"times":0,"action":{"status":403}}]' >"$work/faults"
serve --faults "$work/faults"
ranks=4
launch refused
if job_succeeds; then fail "the job succeeded without part 7"; fi
grep -q '^mpi_upload: rank 2: UploadPart part 7: ' "$work/output" ||
    fail "the error does not name part 7"
expect_unfinished refused

# kill_rank RANK PART COUNT - kills a rank after COUNT parts. The response to PART is delayed, so
# that the rank does not finish and sends none of its later parts; the others send all of theirs.
kill_rank() {
    say "rank $1 is killed at part $2, after $3 parts in total"
    echo "[{\"op\":\"UploadPart\",\"part\":$2,\"times\":0,\"action\":{\"delay_ms\":600000}}]" \
        >"$work/faults"
    serve --faults "$work/faults"
    ranks=4
    launch "killed-$1"
    await has_sent "$3"
    victim=
    for process in $(ps -o pid= --ppid "$job"); do
        if tr '\0' '\n' <"/proc/$process/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            victim=$process
        fi
    done
    [ -n "$victim" ] || fail "rank $1 was not found"
    kill -KILL "$victim"
    if job_succeeds; then fail "the job succeeded without rank $1"; fi
    expect_unfinished "killed-$1"

    say "part 2 of the file changes; three ranks resume the upload"
    printf 'changed after rank %s' "$1" |
        dd of="$work/file" bs=1 seek=1500000 conv=notrunc status=none
    serve
    ranks=3
    launch "killed-$1" "$id"
    job_succeeds || fail "the second run failed"
    compare "killed-$1"
    grep -q " $(($3 - 1)) of them " "$work/output" || fail "not all unchanged parts were kept"
    has_sent $((18 - $3)) || fail "$(parts_sent) parts were sent instead of $((18 - $3))"
}
kill_rank 1 6 14
kill_rank 0 5 13
