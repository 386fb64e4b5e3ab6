#!/bin/bash
# cross.sh [--without-suite] [TARGET...] - builds and tests the library for other platforms: aarch64,
# armv7, i686, s390x, musl and windows, without arguments all of them. `make cross-deps` installs the
# tools.
#
# docs/platforms.md says what each target runs. Programs for other CPUs run under qemu-user,
# those for Windows under wine; the server of the uploads runs natively.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly top=$PWD build=build/cross
readonly all=(aarch64 armv7 i686 s390x musl windows)

# Sets how a target is built: its Rust triple, the prefix of its GNU tools, the qemu-user that runs
# it, the profile of the library, the tests besides the unit tests, and whether the standard library
# is built from its sources.
describe() {
    qemu='' profile=cross tests='' builds_std=''
    case $1 in
    aarch64)
        triple=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu qemu=aarch64
        profile=dist tests=suite
        ;;
    armv7)
        triple=armv7-unknown-linux-gnueabihf gnu=arm-linux-gnueabihf qemu=arm
        builds_std=yes
        ;;
    i686) triple=i686-unknown-linux-gnu gnu=i686-linux-gnu tests=suite builds_std=yes ;;
    s390x) triple=s390x-unknown-linux-gnu gnu=s390x-linux-gnu qemu=s390x builds_std=yes ;;
    musl) triple=x86_64-unknown-linux-musl gnu='' builds_std=yes ;;
    windows)
        triple=x86_64-pc-windows-gnu gnu=x86_64-w64-mingw32 tests=suite builds_std=yes
        ;;
    *)
        echo "unknown target $1; the targets are ${all[*]}" >&2
        exit 2
        ;;
    esac
}

# Runs a command with the settings of cargo for the target.
for_target() {
    local name=${triple//-/_} cc=$gnu-gcc options=()
    [ -n "$gnu" ] || cc=$top/$build/zig/musl-cc
    local variable=CARGO_TARGET_${name^^}
    [ "$target" != windows ] || options=("${variable}_RUNNER=$top/scripts/run-wine.sh")
    [ -z "$qemu" ] || options=("${variable}_RUNNER=$top/scripts/run-foreign.sh $qemu")
    [ -z "$builds_std" ] ||
        options+=(RUSTC_BOOTSTRAP=1 "CARGO_UNSTABLE_BUILD_STD=std,panic_unwind,test")
    env RUSTC="$top/$build/rust/rustc" CARGO_TARGET_DIR="$top/$build/target" \
        CARGO_BUILD_TARGET="$triple" "${variable}_LINKER=$cc" "CC_$name=$cc" "AR_$name=ar" \
        "${options[@]}" "$@"
}

# Builds the libraries by the rules of the Makefile, and the C examples by theirs.
build_examples() {
    local examples=$build/$target/examples libraries='shared static'
    [ "$target" != windows ] || libraries=dll
    for_target make BUILD="$build/$target" PROFILE="$profile" LIBRARIES="$libraries" CC="$gnu-gcc" \
        LD="$gnu-ld" AR="$gnu-ar" NM="$gnu-nm" OBJCOPY="$gnu-objcopy" STRIP="$gnu-strip"
    rm -rf "$examples"
    mkdir -p "$examples"
    cp examples-c/Makefile examples-c/*.c "$examples/"
    make -C "$examples" LIBRARY="$top/$build/$target" INCLUDE="$top/include" CC="$gnu-gcc"
    [ "$target" != windows ] || prepare_windows_examples
}

# Builds two of the C examples as static programs with musl.
build_static_examples() {
    local examples=$build/$target/examples program
    for_target cargo rustc --profile "$profile" --lib --features capi --crate-type staticlib
    mkdir -p "$examples"
    for program in put_file stream; do
        "$build/zig/musl-cc" -static -std=c99 -O2 -Iinclude -o "$examples/$program" \
            "examples-c/$program.c" "$build/target/$triple/$profile/libossmpu.a" -lunwind
        if readelf --wide --program-headers --dynamic "$examples/$program" |
            grep -E 'INTERP|NEEDED'; then
            echo "$examples/$program is not static" >&2
            return 1
        fi
    done
}

# Gives each of the C examples a script that runs it, and the DLLs.
prepare_windows_examples() {
    local examples=$build/$target/examples program
    cp "$build/$target/ossmpu.dll" "$("$gnu-gcc" -print-file-name=libwinpthread-1.dll)" "$examples/"
    for program in "$examples"/*.exe; do
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$top/scripts/run-wine.sh" "$top/$program" \
            >"${program%.exe}"
        chmod +x "${program%.exe}"
    done
}

# Ends the processes of wine, and removes its folder.
end_wine() {
    /usr/lib/wine/wineserver64 -k || true
    rm -rf "$WINEPREFIX"
}

upload() {
    local runner=()
    [ -z "$qemu" ] || runner=(scripts/run-foreign.sh "$qemu")
    scripts/with-emulator.sh "${runner[@]}" scripts/check-uploads.sh "$build/$target/examples"
}

# Tests that cannot pass under qemu-user.
readonly skipped_under_qemu=(
    # A child that posix_spawn starts does not share memory, so that no error of its exec is seen.
    errors_of_commands_do_not_contain_their_output
    a_missing_program_is_a_file_error_with_errno
    # mincore fails for a mapping that cannot be read.
    pages_are_found_however_many_are_cached
    the_search_can_be_ended_at_each_window
    page_cache::a
    # The namespace has one user.
    a_file_of_another_user_is_refused
)

# test_all KIND... - runs test programs of the target. The simulation, which depends on no CPU and
# takes half an hour under qemu-user with two faults, has one.
test_all() {
    local skips=() name
    if [ -n "$qemu" ]; then
        for name in "${skipped_under_qemu[@]}"; do skips+=(--skip "$name"); done
    fi
    # Under wine 8 a thread is not always woken.
    for_target env REPRESENTATIVE_FAULTS=1 timeout --foreground 45m \
        cargo test --profile cross "$@" -- "${skips[@]}"
}

unit_tests() {
    test_all --lib
}

more_tests() {
    for_target cargo build --profile cross --examples
    test_all --test "$tests"
}

# step NAME FUNCTION - runs a step of the target; prints its time and the last line that counts
# something.
step() {
    local name=$1 log=$build/$target-$1.log started=$SECONDS status result=ok counts line
    # Not in a condition, in which `set -e` has no effect.
    set +e
    (set -e; "$2") >"$log" 2>&1
    status=$?
    set -e
    [ "$status" -eq 0 ] || result=FAILED
    counts=$(sed -n -e 's/^test result: [a-zA-Z]*\. \(.* ignored\);.*/\1/p' \
        -e '/uploads identical$/p' "$log" | tail -n 1)
    printf -v line '%-8s %-8s %-7s %5.1f min  %s' "$target" "$name" "$result" \
        "$(((SECONDS - started) * 10 / 60))e-1" "$counts"
    echo "$line"
    summary+=("$line")
    if [ "$result" = FAILED ]; then
        failed=yes
        tail -n 40 "$log"
        echo "the whole output: $log"
    fi
}

runs_suite=yes
if [ "${1-}" = --without-suite ]; then
    runs_suite=''
    shift
fi
[ $# -gt 0 ] || set -- "${all[@]}"
for target; do describe "$target"; done
scripts/cross-deps.sh --verify "$@"

failed='' summary=()
for target; do
    describe "$target"
    mkdir -p "$build/$target"
    if [ "$target" = musl ]; then
        step build build_static_examples
        step upload upload
        continue
    fi
    if [ "$target" = windows ]; then
        WINEPREFIX=$(mktemp -d)
        export WINEPREFIX
        trap end_wine EXIT
    fi
    step build build_examples
    step upload upload
    step unit unit_tests
    [ -z "$tests" ] || [ -z "$runs_suite" ] || step "$tests" more_tests
done
printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
[ -z "$failed" ]
