#!/bin/sh
# check-deb.sh [ARCHIVE] - builds the Debian source package and its packages with packaging/deb.sh, from
# the working tree or the source archive of a release. Fails if lintian reports an error. Installs the
# packages on this machine, runs programs that are built with them, and removes them. Needs root. Run
# it with scripts/with-emulator.sh.
set -eu

archive=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
fail() {
    echo "$*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || fail "installing packages needs root"
command -v lintian dh >/dev/null || fail "missing: lintian or dh; run \`make release-deps\`"
installed() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' '*ossmpu*' 2>/dev/null | grep '^ii' || true
}
[ -z "$(installed)" ] || fail "already installed, and would be removed: $(installed)"

scratch=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    names=$(dpkg-query -W -f '${Package}\n' '*ossmpu*' 2>/dev/null || true)
    # shellcheck disable=SC2086
    [ -z "$names" ] || dpkg --purge $names >/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
packaging/deb.sh build/deb "$archive" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
lintian --allow-root --fail-on error build/deb/*.changes || fail "lintian reports errors"
for package in build/deb/*.deb; do
    dpkg-deb --contents "$package" | awk '$6 !~ "/$" {print substr($6, 2)}' >>"$scratch/files"
done

dpkg --install build/deb/*.deb >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
while read -r file; do
    [ -e "$file" ] || [ -L "$file" ] || fail "$file is in a package but was not installed"
done <"$scratch/files"

# Without lazy binding, and with the debug information in a package of its own.
shared=$(readlink -f "/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/libossmpu.so.0")
for file in "$shared" /usr/bin/ossmpu; do
    readelf -W -d "$file" | grep -q -E 'BIND_NOW|FLAGS_1.*NOW' || fail "$file binds symbols lazily"
    readelf -W -l "$file" | grep -q GNU_RELRO || fail "$file has no read-only relocations"
    build_id=$(readelf -n "$file" | sed -n 's/.*Build ID: //p')
    debug=/usr/lib/debug/.build-id/$(printf %.2s "$build_id")/${build_id#??}.debug
    # It has no program interpreter, which readelf reports.
    readelf -W -S "$debug" 2>/dev/null | grep -q -F '.debug_line' || fail "$file has no debug information"
done
readelf -h /usr/bin/ossmpu | grep -q 'Type: *DYN' || fail "the command has a fixed address"
zcat /usr/share/man/man1/ossmpu-put.1.gz | grep -q 'SH NAME' || fail "no manual page"

packaging/debian/tests/upload

names=$(installed | awk '{print $2}')
# shellcheck disable=SC2086
dpkg --purge $names >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
while read -r file; do
    [ ! -e "$file" ] || fail "$file is left behind"
done <"$scratch/files"
echo "ok: installed, used and removed: $(echo "$names" | tr '\n' ' ')"
