#!/bin/sh
# Builds the Debian packages, installs them on this machine, builds programs against them, and
# removes them. Needs root. Run it with scripts/with-emulator.sh.
set -eu

cd "$(dirname "$0")/.."
: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
fail() {
    echo "$*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || fail "installing packages needs root"
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
make --no-print-directory deb >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
for package in build/deb/*.deb; do
    dpkg-deb --contents "$package" | awk '$6 !~ "/$" {print substr($6, 2)}' >>"$scratch/files"
done

dpkg --install build/deb/*.deb >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
while read -r file; do
    [ -e "$file" ] || fail "$file is in a package but was not installed"
done <"$scratch/files"

# shellcheck disable=SC2046
cc -std=c99 -o "$scratch/program" tests/consumers/upload.c $(pkg-config --cflags --libs ossmpu)
"$scratch/program" debian-pkg-config
# shellcheck disable=SC2046
cc -std=c99 -o "$scratch/static" tests/consumers/upload.c -Wl,-Bstatic -lossmpu -Wl,-Bdynamic \
    $(pkg-config --static --libs-only-l ossmpu | sed 's/-lossmpu//')
"$scratch/static" debian-static
! ldd "$scratch/static" | grep -q ossmpu || fail "the static program needs libossmpu.so"
cmake -S tests/consumers -B "$scratch/cmake" -DWANTED=0.1 >"$scratch/log" 2>&1 ||
    fail "$(cat "$scratch/log")"
cmake --build "$scratch/cmake" --target cmake-shared-cpp >"$scratch/log" 2>&1 ||
    fail "$(cat "$scratch/log")"
"$scratch/cmake/cmake-shared-cpp" debian-cmake

if [ -d cli ]; then
    ossmpu put tests/consumers/upload.c oss://ossmpu-test/debian-tools >"$scratch/log" 2>&1 ||
        fail "$(cat "$scratch/log")"
    zcat /usr/share/man/man1/ossmpu-put.1.gz | grep -q 'SH NAME' || fail "no manual page"
    echo "ok: the command uploads"
fi

# Packages that use the library get their dependency from its symbols file.
mkdir -p "$scratch/other/debian"
: >"$scratch/other/debian/control"
dependency=$(cd "$scratch/other" && dpkg-shlibdeps -O --warnings=0 "$scratch/program")
echo "$dependency" | grep -q 'libossmpu0 (>= 0.1.0)' || fail "dpkg-shlibdeps printed: $dependency"

names=$(installed | awk '{print $2}')
# shellcheck disable=SC2086
dpkg --purge $names >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
while read -r file; do
    [ ! -e "$file" ] || fail "$file is left behind"
done <"$scratch/files"
echo "ok: installed, used and removed: $(echo "$names" | tr '\n' ' ')"
