#!/bin/sh
# check-uploads.sh DIRECTORY - uploads a file with each of the C examples in a directory that
# uploads one, reads the objects back and compares them. Run it with scripts/with-emulator.sh.
set -eu

directory=$1
emulator=${OSS_EMULATOR:?run this with scripts/with-emulator.sh}
bucket=ossmpu-test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/checkpoints"

file=$work/file
head -c 50000003 /dev/urandom >"$file"
count=0
for program in put_file three_parts own_threads resume stream; do
    [ -x "$directory/$program" ] || continue
    key=uploads/$program
    case $program in
    own_threads) set -- "$file" $bucket "$key" 3 ;;
    resume) set -- "$file" $bucket "$key" "$work/checkpoints" ;;
    stream) set -- $bucket "$key" ;;
    *) set -- "$file" $bucket "$key" ;;
    esac
    "$directory/$program" "$@" <"$file"
    "$emulator" get "$OSS_ENDPOINT/$bucket/$key" >"$work/back"
    cmp "$file" "$work/back"
    count=$((count + 1))
done
left=$("$emulator" uploads "$OSS_ENDPOINT/$bucket/")
if [ -n "$left" ]; then
    echo "unfinished uploads: $left" >&2
    exit 1
fi
if [ "$count" -eq 0 ]; then
    echo "no program in $directory" >&2
    exit 1
fi
echo "$count uploads identical"
