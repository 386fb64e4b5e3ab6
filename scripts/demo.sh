#!/bin/sh
# Uploads 256 MiB of real data in parts with the C example, into a local server that this script
# starts, reads the object back and compares it byte by byte.
set -eu

cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }

say "build the library, the C examples and the local server"
make all examples
cargo build --release -p oss-emulator
target=$(cargo metadata --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
emulator=$target/release/oss-emulator

work=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

say "start the server on a free port"
export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=demo-id OSS_ACCESS_KEY_SECRET=demo-secret
"$emulator" --listen 127.0.0.1:0 --dir "$work/store" --region "$OSS_REGION" --bucket demo-bucket \
    --access-key-id "$OSS_ACCESS_KEY_ID" --access-key-secret "$OSS_ACCESS_KEY_SECRET" \
    >"$work/listening" 2>"$work/log" &
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
echo "$OSS_ENDPOINT"

say "take 256 MiB of real data: the files of this Rust toolchain"
find "$(rustc --print sysroot)/lib" -type f -print | sort | tr '\n' '\0' |
    xargs -0 cat 2>/dev/null | head -c 268435456 >"$work/file" || true
size=$(wc -c <"$work/file")
while [ "$size" -lt 268435456 ]; do
    cat "$work/file" "$work/file" | head -c 268435456 >"$work/more"
    mv "$work/more" "$work/file"
    size=$(wc -c <"$work/file")
done
echo "$size bytes"

say "put_file: whole object, in parts, 8 at a time"
examples-c/put_file "$work/file" demo-bucket demo/file.bin
"$emulator" get "$OSS_ENDPOINT/demo-bucket/demo/file.bin" >"$work/back"
cmp "$work/file" "$work/back"
echo "read back: identical"

say "three_parts: the same file step by step, from three threads"
examples-c/three_parts "$work/file" demo-bucket demo/three.bin
"$emulator" get "$OSS_ENDPOINT/demo-bucket/demo/three.bin" >"$work/back"
cmp "$work/file" "$work/back"
echo "read back: identical"

say "no part is left behind"
left=$("$emulator" uploads "$OSS_ENDPOINT/demo-bucket/")
if [ -n "$left" ]; then
    echo "unfinished uploads: $left" >&2
    exit 1
fi
echo "no unfinished upload"

say "with a bucket of your own"
cat <<'TXT'
export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=... OSS_ACCESS_KEY_SECRET=...
examples-c/put_file FILE BUCKET KEY      (OSS_ENDPOINT is needed only for a custom domain)
TXT
