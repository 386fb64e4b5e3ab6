#!/bin/sh
# Uploads 256 MiB of real data in parts with the C example into the local server that `make demo`
# starts, reads the object back and compares it byte by byte.
set -eu

cd "$(dirname "$0")/.."
emulator=${OSS_EMULATOR:?run this by scripts/with-emulator.sh}
say() { printf '\n== %s\n' "$*"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "a server of its own is at $OSS_ENDPOINT"

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
examples-c/put_file "$work/file" ossmpu-test demo/file.bin
"$emulator" get "$OSS_ENDPOINT/ossmpu-test/demo/file.bin" >"$work/back"
cmp "$work/file" "$work/back"
echo "read back: identical"

say "three_parts: the same file step by step, from three threads"
examples-c/three_parts "$work/file" ossmpu-test demo/three.bin
"$emulator" get "$OSS_ENDPOINT/ossmpu-test/demo/three.bin" >"$work/back"
cmp "$work/file" "$work/back"
echo "read back: identical"

say "no part is left behind"
left=$("$emulator" uploads "$OSS_ENDPOINT/ossmpu-test/")
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
