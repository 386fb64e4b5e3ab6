#!/bin/sh
# Uploads 256 MiB in parts with the C examples to the local server that `make demo` starts, reads
# the objects back and compares them.
set -eu

cd "$(dirname "$0")/.."
emulator=${OSS_EMULATOR:?run this with scripts/with-emulator.sh}
say() { printf '\n== %s\n' "$*"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "local server: $OSS_ENDPOINT"

say "test data: 256 MiB from the files of the Rust toolchain"
find "$(rustc --print sysroot)/lib" -type f -print | sort | tr '\n' '\0' |
    xargs -0 cat 2>/dev/null | head -c 268435456 >"$work/file" || true
size=$(wc -c <"$work/file")
while [ "$size" -lt 268435456 ]; do
    cat "$work/file" "$work/file" | head -c 268435456 >"$work/more"
    mv "$work/more" "$work/file"
    size=$(wc -c <"$work/file")
done
echo "$size bytes"

say "put_file: uploads the file in parts, 8 at a time"
examples-c/put_file "$work/file" ossmpu-test demo/file.bin
"$emulator" get "$OSS_ENDPOINT/ossmpu-test/demo/file.bin" >"$work/back"
cmp "$work/file" "$work/back"
echo "read back: identical"

say "three_parts: uploads the parts from three threads"
examples-c/three_parts "$work/file" ossmpu-test demo/three.bin
"$emulator" get "$OSS_ENDPOINT/ossmpu-test/demo/three.bin" >"$work/back"
cmp "$work/file" "$work/back"
echo "read back: identical"

say "unfinished uploads"
left=$("$emulator" uploads "$OSS_ENDPOINT/ossmpu-test/")
if [ -n "$left" ]; then
    echo "$left" >&2
    exit 1
fi
echo "none"

say "to use your own bucket"
cat <<'TXT'
export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=... OSS_ACCESS_KEY_SECRET=...
examples-c/put_file FILE BUCKET KEY      (OSS_ENDPOINT is only needed for a custom domain)
TXT
