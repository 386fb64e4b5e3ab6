#!/bin/sh
# deb.sh FOLDER - builds the Debian packages for this machine in a folder.
#
# DEBFULLNAME and DEBEMAIL name the maintainer. SOURCE_DATE_EPOCH is the time of the changelog;
# by default that of CHANGELOG.md.
set -eu

cd "$(dirname "$0")/.."
folder=$1
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
somajor=0
library=libossmpu$somajor
debversion=$version-1
arch=$(dpkg --print-architecture)
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
maintainer="${DEBFULLNAME:-ossmpu} <${DEBEMAIL:-ossmpu@$(uname -n)}>"
time=${SOURCE_DATE_EPOCH:-$(stat -c %Y CHANGELOG.md)}

rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# move PACKAGE PATH... - moves files of the installed tree to a package.
move() {
    package=$1
    shift
    for path in "$@"; do
        mkdir -p "$work/$package/$(dirname "$path")"
        mv "$work/tree/$path" "$work/$package/$path"
    done
}

# depends BINARY - prints the dependencies of a program or library, from dpkg.
depends() {
    mkdir -p "$work/source/debian"
    : >"$work/source/debian/control"
    (cd "$work/source" && dpkg-shlibdeps -O "$1") | sed 's/^shlibs:Depends=//'
}

crates() {
    cargo tree --edges normal --prefix none --format '{p} {l}' | sed 's| ([^)]*)||' | sort -u
}

# document PACKAGE - adds copyright and changelog.
document() {
    doc=$work/$1/usr/share/doc/$1
    mkdir -p "$doc"
    {
        cat packaging/debian/copyright
        printf '\nComment: The crates and their licenses:\n'
        sed 's/^/ /' "$work/crates"
    } >"$doc/copyright"
    {
        printf 'ossmpu (%s) unstable; urgency=medium\n\n' "$debversion"
        printf '  * Version %s. What has changed is in CHANGELOG.md.\n\n' "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date -u -R -d "@$time")"
    } | gzip -9n >"$doc/changelog.Debian.gz"
    gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
}

# build TEMPLATE PACKAGE - fills in the template and builds the package from the moved files.
build() {
    control=$work/$2/DEBIAN
    mkdir -p "$control"
    size=$(du -k -s --apparent-size "$work/$2" | cut -f 1)
    sed -e "s/@SOMAJOR@/$somajor/g" -e "s/@DEBVERSION@/$debversion/g" -e "s/@ARCH@/$arch/" \
        -e "s/@MAINTAINER@/$maintainer/" -e "s/@SIZE@/$size/" -e "s/@DEPENDS@/${needed:-}/" \
        -e "s/@BUILD_ID@/$build_id/" "packaging/debian/$1.control" >"$control/control"
    (cd "$work/$2" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) \
        >"$control/md5sums"
    SOURCE_DATE_EPOCH=$time dpkg-deb --root-owner-group -Zxz --build "$work/$2" \
        "$folder/${2}_${debversion}_$arch.deb"
}

make install DESTDIR="$work/tree" PREFIX=/usr LIBDIR="/usr/lib/$multiarch"
crates >"$work/crates"
libdir=usr/lib/$multiarch
shared=$libdir/libossmpu.so.$version
build_id=$(readelf -n "$work/tree/$shared" | sed -n 's/.*Build ID: //p')

needed=$(depends "$work/tree/$shared")
move $library "$shared" "$libdir/libossmpu.so.$somajor"
mkdir -p "$work/$library/DEBIAN"
echo 'activate-noawait ldconfig' >"$work/$library/DEBIAN/triggers"
echo "libossmpu $somajor $library (>= $version)" >"$work/$library/DEBIAN/shlibs"
cp packaging/debian/libossmpu0.symbols "$work/$library/DEBIAN/symbols"
document $library
build libossmpu0 $library

# Debuggers find it by the build ID.
debug=usr/lib/debug/.build-id/$(printf %.2s "$build_id")
mkdir -p "$work/$library-dbgsym/$debug"
mv "$work/tree/$libdir/.debug/libossmpu.so.$version.debug" \
    "$work/$library-dbgsym/$debug/${build_id#??}.debug"
mkdir -p "$work/$library-dbgsym/usr/share/doc"
ln -s $library "$work/$library-dbgsym/usr/share/doc/$library-dbgsym"
build libossmpu0-dbgsym $library-dbgsym

move libossmpu-dev usr/include/ossmpu.h usr/include/ossmpu.hpp usr/include/ossmpu-ffi.h \
    "$libdir/libossmpu.a" \
    "$libdir/libossmpu.so" "$libdir/pkgconfig/ossmpu.pc" "$libdir/cmake/ossmpu"
if [ -d "$work/tree/usr/share/man" ]; then
    move libossmpu-dev usr/share/man/man3
    gzip -9n "$work/libossmpu-dev/usr/share/man/man3"/*
fi
document libossmpu-dev
build libossmpu-dev libossmpu-dev

# The command, with its manual pages and completions.
if [ -d cli ]; then
    cargo build --profile dist -p ossmpu-cli
    target=$(cargo metadata --no-deps --format-version 1 |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    share=$work/ossmpu-tools/usr/share
    mkdir -p "$share/man/man1" "$share/bash-completion/completions" \
        "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"
    command=$target/dist/ossmpu
    "$command" man --dir "$share/man/man1"
    gzip -9n "$share/man/man1"/*
    "$command" completions bash >"$share/bash-completion/completions/ossmpu"
    "$command" completions zsh >"$share/zsh/vendor-completions/_ossmpu"
    "$command" completions fish >"$share/fish/vendor_completions.d/ossmpu.fish"
    install -D -m 755 -s "$command" "$work/ossmpu-tools/usr/bin/ossmpu"
    needed=$(depends "$work/ossmpu-tools/usr/bin/ossmpu")
    document ossmpu-tools
    build ossmpu-tools ossmpu-tools
fi

left=$(find "$work/tree" -type f -o -type l)
if [ -n "$left" ]; then
    echo "in no package: $left" >&2
    exit 1
fi
