#!/bin/sh
# with-emulator.sh COMMAND... - runs a command with a local OSS server that has the bucket
# ossmpu-test. Sets OSS_ENDPOINT, OSS_REGION and OSS_ACCESS_KEY_* for it, and OSS_EMULATOR to the
# program of the server.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cargo build --release --manifest-path "$top/Cargo.toml" -p oss-emulator
target=$(cargo metadata --no-deps --format-version 1 --manifest-path "$top/Cargo.toml" |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

work=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=test-id OSS_ACCESS_KEY_SECRET=test-secret
unset OSS_SESSION_TOKEN
export OSS_EMULATOR="$target/release/oss-emulator"
"$OSS_EMULATOR" --listen 127.0.0.1:0 --dir "$work/store" --region "$OSS_REGION" \
    --bucket ossmpu-test --access-key-id "$OSS_ACCESS_KEY_ID" \
    --access-key-secret "$OSS_ACCESS_KEY_SECRET" >"$work/listening" 2>"$work/log" &
server=$!
tries=0
while ! grep -q '^listening on ' "$work/listening"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || ! kill -0 "$server" 2>/dev/null; then
        echo "the server did not start:" >&2
        cat "$work/log" >&2
        exit 1
    fi
    sleep 0.05
done
OSS_ENDPOINT=$(sed -n 's/^listening on //p' "$work/listening")
export OSS_ENDPOINT
"$@"
