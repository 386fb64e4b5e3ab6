#!/bin/sh
# check-release.sh FOLDER - unpacks the archives of a release, builds programs with each and runs them
# and the command, those for another CPU under qemu-user and those for Windows under wine. Run it with scripts/with-emulator.sh.
set -eu

: "${OSS_ENDPOINT:?run this with scripts/with-emulator.sh}"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
fail() {
    echo "$*" >&2
    exit 1
}
scratch=$(mktemp -d)
export WINEPREFIX="$scratch/wine"
end() {
    [ ! -d "$WINEPREFIX" ] || /usr/lib/wine/wineserver64 -k || true
    rm -rf "$scratch"
}
trap end EXIT
(cd "$folder" && sha256sum --quiet --check SHA256SUMS)

# Sets how programs for a target are built and run, and the dynamic linker, which musl does not need.
describe() {
    gnu='' qemu='' machine=X86-64 loader=''
    case $1 in
    x86_64-linux-gnu) loader=ld-linux-x86-64.so.2 ;;
    aarch64-linux-gnu)
        gnu=aarch64-linux-gnu- qemu=aarch64 machine=AArch64 loader=ld-linux-aarch64.so.1
        ;;
    x86_64-linux-musl)
        cc=$PWD/scripts/cc-musl.sh cxx=$scratch/c++
        ln -s "$cc" "$cxx"
        return
        ;;
    x86_64-windows-gnu) gnu=x86_64-w64-mingw32- ;;
    *) fail "unknown target $1" ;;
    esac
    cc=${gnu:+${gnu}g}cc cxx=${gnu:+${gnu}g++}
}

# Runs a program of the target.
run() {
    if [ -n "$qemu" ]; then
        scripts/run-foreign.sh "$qemu" "$@"
    elif [ "$target" = x86_64-windows-gnu ]; then
        scripts/run-wine.sh "$@"
    else
        "$@"
    fi
}

# Fails if the file is not for the target, or needs more than glibc 2.17 has.
check_needs() {
    readelf -W -h "$1" | grep -q "Machine:.*$machine" || fail "$1 is not for $machine"
    needed=$(readelf -W -V "$1" | grep -o 'GLIBC_[0-9.]*' | sort -u -V | tail -n 1)
    [ "$(printf '%s\nGLIBC_2.17\n' "$needed" | sort -V | tail -n 1)" = GLIBC_2.17 ] ||
        fail "$1 needs $needed"
    others=$(readelf -W -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
        grep -v -E '^(libc|libm|libdl|libpthread|librt)\.so\.[0-9]$' | grep -v -x -F "$loader" || true)
    [ -z "$others" ] || fail "$1 needs $others"
}

# Fails if the file is not for the target, or needs anything.
check_is_static() {
    readelf -W -h "$1" | grep -q "Machine:.*$machine" || fail "$1 is not for $machine"
    ! readelf -W -l -d "$1" | grep -E 'INTERP|NEEDED' || fail "$1 is not static"
}

# Uploads with programs that are linked with each of the libraries, by hand and by CMake.
check_libraries() {
    # shellcheck disable=SC2046
    "$cc" -std=c99 -o "$work/shared" tests/consumers/upload.c \
        $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --cflags --libs ossmpu)
    LD_LIBRARY_PATH="$lib" run "$work/shared" release-shared
    # shellcheck disable=SC2046
    "$cc" -std=c99 -o "$work/static" -I"$tree/include" tests/consumers/upload.c \
        "$lib/libossmpu.a" $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --static --libs-only-l \
            ossmpu | sed 's/-lossmpu//')
    run "$work/static" release-static
    set --
    [ -z "$gnu" ] || set -- -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_C_COMPILER=$cc" \
        "-DCMAKE_CXX_COMPILER=$cxx"
    {
        cmake -S tests/consumers -B "$work/cmake" -DWANTED=0.1 -Dossmpu_DIR="$lib/cmake/ossmpu" "$@"
        cmake --build "$work/cmake" --target cmake-shared-cpp --target cmake-static-cpp
    } >"$work/log" 2>&1 || fail "$(cat "$work/log")"
    run "$work/cmake/cmake-shared-cpp" release-cmake-shared
    run "$work/cmake/cmake-static-cpp" release-cmake-static
}

# Uploads with static programs that are linked with the static library, by hand and by CMake.
check_static_library() {
    # shellcheck disable=SC2046
    "$cc" -static -std=c99 -o "$work/static" tests/consumers/upload.c \
        $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --static --cflags --libs ossmpu)
    {
        cmake -S tests/consumers -B "$work/cmake" -DWANTED=0.1 -Dossmpu_DIR="$lib/cmake/ossmpu" \
            "-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx" -DCMAKE_EXE_LINKER_FLAGS=-static
        cmake --build "$work/cmake"
    } >"$work/log" 2>&1 || fail "$(cat "$work/log")"
    for program in static cmake/cmake-static cmake/cmake-static-cpp; do
        check_is_static "$work/$program"
        "$work/$program" "release-musl-$(basename "$program")"
    done
    unexpected=$(nm --extern-only --defined-only --format=posix "$lib/libossmpu.a" |
        grep ' [A-Z] ' | grep -v '^ossmpu_' || true)
    [ -z "$unexpected" ] || fail "the library has other global symbols than ossmpu_*: $unexpected"
}

# Fails if the file needs a DLL that is not one of Windows, besides these.
check_dlls() {
    "${gnu}objdump" -p "$1" | sed -n 's/.*DLL Name: //p' | tr '[:upper:]' '[:lower:]' >"$work/dlls"
    shift
    for known in kernel32 msvcrt ntdll advapi32 userenv ws2_32 bcrypt bcryptprimitives crypt32 \
        api-ms-win-core-synch-l1-2-0 "$@"; do
        sed -i "/^$known\.dll\$/d" "$work/dlls"
    done
    [ ! -s "$work/dlls" ] || fail "a program or DLL needs $(cat "$work/dlls")"
}

# Uploads with programs that are linked with the import library, by hand and by CMake.
check_dll() {
    dll=$tree/bin/ossmpu.dll
    [ "$(stat -c %s "$dll")" -le 3500000 ] || fail "the DLL has more than 3.5 MB"
    check_dlls "$dll"
    check_dlls "$tree/bin/ossmpu.exe"
    # shellcheck disable=SC2046
    "$cc" -std=c99 -o "$work/shared.exe" tests/consumers/upload.c \
        $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --cflags --libs ossmpu)
    {
        cmake -S tests/consumers -B "$work/cmake" -DWANTED=0.1 -Dossmpu_DIR="$lib/cmake/ossmpu" \
            -DCMAKE_SYSTEM_NAME=Windows "-DCMAKE_C_COMPILER=$cc" \
            "-DCMAKE_CXX_COMPILER=${cxx}-posix" -DCMAKE_EXE_LINKER_FLAGS=-static
        cmake --build "$work/cmake"
    } >"$work/log" 2>&1 || fail "$(cat "$work/log")"
    cp "$work/cmake/cmake-shared.exe" "$work/cmake/cmake-shared-cpp.exe" "$dll" "$work/"
    for program in shared cmake-shared cmake-shared-cpp; do
        check_dlls "$work/$program.exe" ossmpu
        run "$work/$program.exe" "release-windows-$program"
    done
}

# Runs the programs whose threads end in a callback.
check_thread_ends() {
    head -c 333333 /dev/zero >"$work/file"
    for program in thread_cancel thread_exit; do
        # shellcheck disable=SC2046
        "$cc" -std=c99 -pthread -Itests/c -o "$work/$program" "tests/c/$program.c" \
            $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --cflags --libs ossmpu)
        LD_LIBRARY_PATH="$lib" run "$work/$program" "$work/file" 333333
    done
}

# Checks what is linked with glibc.
check_shared() {
    # The README says the same.
    shared=$(readlink -f "$lib/libossmpu.so")
    [ "$(stat -c %s "$shared")" -le 3500000 ] || fail "the shared library has more than 3.5 MB"
    check_needs "$shared"
    check_needs "$tree/bin/ossmpu"
    check_libraries

    # C programs, among them threads that end in a callback, which libgcc_s unwinds through the frames
    # of the library. Under qemu-user only these.
    if [ -n "$qemu" ]; then
        check_thread_ends
    else
        OSSMPU_SHARED_LIBRARY="$shared" \
            cargo test --quiet --test c_abi programs_run_with_the_shared_library
        OSSMPU_SHARED_LIBRARY="$shared" OSSMPU_STATIC_LIBRARY="$lib/libossmpu.a" \
            cargo test --quiet --test c_abi programs_run_with_the_static_library -- --ignored
    fi
}

for archive in "$folder"/ossmpu-*-linux-*.tar.gz "$folder"/ossmpu-*-windows-*.tar.gz; do
    [ -e "$archive" ] || continue
    case $archive in *-debug.tar.gz) continue ;; esac
    product=$(basename "$archive" .tar.gz)
    target=$(echo "$product" | sed -E 's/.*-([^-]*-(linux|windows)-[^-]*)$/\1/')
    describe "$target"
    echo "checking $target"
    tar --extract --file "$archive" --directory "$scratch"
    tree=$scratch/$product lib=$scratch/$product/lib work=$scratch/$target
    mkdir "$work"
    case $target in
    *-windows-*) set -- bin/ossmpu.dll lib/libossmpu.dll.a ;;
    *-musl) set -- lib/libossmpu.a share/man/man1/ossmpu-put.1 ;;
    *) set -- lib/libossmpu.a lib/libossmpu.so share/man/man1/ossmpu-put.1 ;;
    esac
    for file in LICENSE THIRD-PARTY.txt ossmpu.cdx.json include/ossmpu.h include/ossmpu.hpp \
        include/ossmpu-ffi.h share/man/man3/ossmpu_put_file.3 "$@"; do
        [ -s "$tree/$file" ] || fail "the archive has no $file"
    done
    [ -s "$tree/THIRD-PARTY-RUST.html" ] || [ -s "$tree/THIRD-PARTY-RUST.txt" ] ||
        fail "the archive has no licenses of the standard library of Rust"

    command=$tree/bin/ossmpu
    if [ -n "$loader" ]; then
        check_shared
    elif [ "$target" = x86_64-windows-gnu ]; then
        command=$command.exe
        check_dll
    else
        left=$(find "$tree" -name '*.so*')
        [ -z "$left" ] || fail "the archive has $left"
        check_is_static "$tree/bin/ossmpu"
        readelf -W -h "$tree/bin/ossmpu" | grep -q 'Type: *DYN' || fail "the command has a fixed address"
        check_static_library
    fi

    run "$command" put tests/consumers/upload.c "oss://ossmpu-test/release-$target" \
        >"$work/log" 2>&1 || fail "$(cat "$work/log")"
    "$OSS_EMULATOR" get "$OSS_ENDPOINT/ossmpu-test/release-$target" |
        cmp - tests/consumers/upload.c
    echo "ok: the archive for $target has what it must, and its libraries and command upload"
done
