#!/bin/bash
# cross-deps.sh [--verify] [TARGET...] - installs what `make cross` and `make tsan` need, on Debian 12
# (x86-64) as root, for these targets of cross.sh and `tsan`, or all: packages of the
# system, and in build/cross Debian's Rust compiler and Zig, which are not installed. With --verify it
# installs nothing, names what is missing, and fails if something is.
#
# The compiler is Debian's because apt also has the sources of its standard library, which is built
# from them for most targets and for ThreadSanitizer. The run time of ThreadSanitizer, which Debian
# leaves out, is that of the installed toolchain.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly build=$PWD/build/cross libraries=lib/rustlib/x86_64-unknown-linux-gnu/lib

# The libraries that the compiler needs.
packages=(libedit2 libxml2 libz3-4)
# Debian's names of the architectures whose build of the standard library is used.
readonly architectures=(amd64 arm64)
readonly zig=ziglang==0.17.0
needs_zig='' needs_sanitizer='' needs_windows=''

# Adds what a target needs.
add_target() {
    case $1 in
    aarch64) packages+=(qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    armv7) packages+=(qemu-user gcc-arm-linux-gnueabihf libc6-dev-armhf-cross) ;;
    # The last two run 32-bit programs.
    i686) packages+=(gcc-i686-linux-gnu libc6-dev-i386-cross libc6-i386 lib32gcc-s1) ;;
    s390x) packages+=(qemu-user gcc-s390x-linux-gnu libc6-dev-s390x-cross) ;;
    musl) packages+=(python3-venv) needs_zig=yes ;;
    # The compiler alone.
    rust) ;;
    tsan) needs_sanitizer=yes ;;
    windows) packages+=(gcc-mingw-w64-x86-64-posix wine64) needs_windows=yes ;;
    *)
        echo "unknown target $1" >&2
        exit 2
        ;;
    esac
}

is_installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}
has_rust() {
    [ "$(cat "$build/rust/architectures" 2>/dev/null)" = "${architectures[*]}" ]
}
has_sanitizer() {
    compgen -G "$build/rust/usr/$libraries/librustc-*_rt.tsan.a" >/dev/null
}
has_zig() {
    [ "$(cat "$build/zig/version" 2>/dev/null)" = "$zig" ]
}

has_windows() {
    [ -e "$build/wine-dlls/bcryptprimitives.dll" ] &&
        [ -e "$build/rust/usr/lib/rustlib/x86_64-pc-windows-gnu/lib/rsend.o" ]
}

verifies=
if [ "${1-}" = --verify ]; then
    verifies=yes
    shift
fi
readonly targets=("$@")
[ $# -gt 0 ] || set -- aarch64 armv7 i686 s390x musl windows tsan
for target; do add_target "$target"; done

missing=()
while read -r package; do
    is_installed "$package" || missing+=("$package")
done < <(printf '%s\n' "${packages[@]}" | sort -u)

if [ -n "$verifies" ]; then
    has_rust || missing+=("the compiler")
    [ -z "$needs_zig" ] || has_zig || missing+=(Zig)
    [ -z "$needs_sanitizer" ] || has_sanitizer || missing+=("the sanitizer")
    [ -z "$needs_windows" ] || has_windows || missing+=("the files for Windows")
    [ "${#missing[@]}" -eq 0 ] && exit
    printf -v list '%s, ' "${missing[@]}"
    command='make cross-deps'
    [ "${#targets[@]}" -eq 0 ] || command="scripts/cross-deps.sh ${targets[*]}"
    echo "missing: ${list%, }; run \`$command\`" >&2
    exit 1
fi

say() { printf 'installing %s\n' "$*"; }

install_packages() {
    [ "${#missing[@]}" -eq 0 ] && return
    say "${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Makes an apt with lists of its own, so that the machine gets no foreign architectures.
configure_apt() {
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/packages"
    {
        echo "Dir::State \"$apt/state\";"
        echo "Dir::State::status \"/var/lib/dpkg/status\";"
        echo "Dir::Cache \"$apt/cache\";"
        printf 'APT::Architectures { %s };\n' "$(printf '"%s"; ' "${architectures[@]}")"
        echo 'APT::Sandbox::User "root";'
        echo 'Acquire::Languages "none";'
    } >"$apt/apt.conf"
    export APT_CONFIG=$apt/apt.conf
}

install_rust() {
    has_rust && return
    say "Debian's Rust compiler in build/cross/rust"
    local apt=$build/apt version release llvm names=() architecture package
    rm -rf "$build/rust" "$apt"
    configure_apt
    apt-get update -qq
    version=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
    release=$(echo "$version" | cut -d . -f 1-2)
    llvm=$(apt-cache depends "libstd-rust-web-$release" |
        sed -n 's/.*Depends: \(libllvm[0-9]*\)$/\1/p')
    names=("rustc-web=$version" "libstd-rust-web-$release=$version" "rust-web-src=$version" "$llvm")
    for architecture in "${architectures[@]}"; do
        names+=("libstd-rust-web-dev:$architecture=$version")
    done
    (cd "$apt/packages" && apt-get download -qq "${names[@]}")
    for package in "$apt"/packages/*.deb; do dpkg -x "$package" "$build/rust"; done
    rm -rf "$apt"

    cat >"$build/rust/rustc" <<'EOF'
#!/bin/sh
rust=$(dirname "$0")
LD_LIBRARY_PATH=$rust/usr/lib/x86_64-linux-gnu exec "$rust/usr/bin/rustc" "$@"
EOF
    chmod +x "$build/rust/rustc"
    echo "${architectures[*]}" >"$build/rust/architectures"
}

install_sanitizer() {
    has_sanitizer && return
    local installed ours
    installed=$(llvm_of rustc)
    ours=$(llvm_of "$build/rust/rustc")
    if [ "$installed" != "$ours" ]; then
        echo "the installed toolchain has LLVM $installed, Debian's compiler LLVM $ours" >&2
        exit 1
    fi
    cp "$(rustc --print sysroot)/$libraries"/librustc-*_rt.tsan.a "$build/rust/usr/$libraries/"
}

llvm_of() {
    "$1" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'
}

install_zig() {
    has_zig && return
    say "Zig in build/cross/zig"
    rm -rf "$build/zig"
    python3 -m venv "$build/zig"
    "$build/zig/bin/python" -m pip install --quiet --disable-pip-version-check "$zig"
    # The triple that the build scripts of crates add is not one of Zig's.
    cat >"$build/zig/musl-cc" <<'EOF'
#!/bin/bash
zig=$(dirname "$0")
for argument; do
    shift
    case $argument in --target=*) ;; *) set -- "$@" "$argument" ;; esac
done
exec "$zig/bin/python" -m ziglang cc -target x86_64-linux-musl "$@"
EOF
    chmod +x "$build/zig/musl-cc"
    echo "$zig" >"$build/zig/version"
}

# What Debian's packages lack for Windows: the first and the last object of a program, from the
# sources of the standard library, and a DLL with a function that it calls and wine 8 does not have.
install_windows() {
    has_windows && return
    say "the files for Windows in build/cross"
    local folder=$build/rust/usr/lib/rustlib/x86_64-pc-windows-gnu/lib object
    local sources=$build/rust/usr/lib/rustlib/src/rust/library/rtstartup
    mkdir -p "$folder" "$build/wine-dlls"
    for object in rsbegin rsend; do
        RUSTC_BOOTSTRAP=1 "$build/rust/rustc" --target x86_64-pc-windows-gnu --edition 2024 \
            --cap-lints allow --emit=obj -o "$folder/$object.o" "$sources/$object.rs"
    done
    x86_64-w64-mingw32-gcc -shared -O2 -x c - -o "$build/wine-dlls/bcryptprimitives.dll" \
        -ladvapi32 <<'EOF'
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
    while (length > 0) {
        ULONG count = length < 65536 ? (ULONG)length : 65536;
        if (!SystemFunction036(buffer, count))
            return FALSE;
        buffer += count;
        length -= count;
    }
    return TRUE;
}
EOF
}

install_packages
mkdir -p "$build"
install_rust
[ -z "$needs_zig" ] || install_zig
[ -z "$needs_sanitizer" ] || install_sanitizer
[ -z "$needs_windows" ] || install_windows
exec scripts/cross-deps.sh --verify "${targets[@]}"
