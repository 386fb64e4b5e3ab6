#!/bin/sh
# Runs the commands of the README that install the library and compile its program, as written, and
# the program. Needs root. Run it with scripts/with-emulator.sh.
set -eu

cd "$(dirname "$0")/.."
top=$PWD
: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
fail() {
    echo "$*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || fail "installing under /usr/local needs root"
[ ! -e /usr/local/lib/libossmpu.so ] || fail "already installed, and would be removed"

scratch=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    cd "$top"
    make --no-print-directory uninstall >/dev/null
    rm -rf "$scratch" backup.c backup
}
trap clean_up EXIT
# Root needs no sudo, and it may not be installed.
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/sudo"
chmod 755 "$scratch/sudo"

# The first block in a language.
block() { awk -v from="^\`\`\`$1\$" '$0 ~ from {on = 1; next} /^```$/ {if (on) exit} on' README.md; }
commands=$(awk '/^```sh$/ {text = ""; next} /^```$/ {if (text ~ /make install/) print text}
    {text = text $0 "\n"}' README.md)
echo "$commands" | grep -q 'cc backup.c' || fail "the README has no commands to compile: $commands"
block c | sed 's/my-bucket/ossmpu-test/' >backup.c
[ -s backup.c ] || fail "the README has no program"
PATH="$scratch:$PATH" sh -eu -c "$commands" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
mv backup "$scratch"
cd "$scratch"
head -c 1000000 /dev/zero >backup.tar
env -u LD_LIBRARY_PATH ./backup || fail "the program of the README failed"
"$OSS_EMULATOR" get "$OSS_ENDPOINT/ossmpu-test/backup.tar" | cmp - backup.tar
echo "ok: the program of the README uploads"
