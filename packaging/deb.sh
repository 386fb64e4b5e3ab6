#!/bin/sh
# deb.sh FOLDER [ARCHIVE] - builds the Debian source package, and from it the packages for this
# machine, in a folder. ARCHIVE is the source archive of a release; by default it is made from the
# working tree.
#
# The packages that packaging/debian/control names in Build-Depends must be installed. Cargo and rustc
# may also come from elsewhere.
set -eu

folder=$1
archive=${2:+$(realpath "$2")}
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
name=ossmpu-${version%-*}
orig=$folder/ossmpu_${version%-*}.orig.tar.gz

if [ -z "$archive" ]; then
    scripts/source-archive.sh "$folder"
    mv "$folder/$name.tar.gz" "$orig"
else
    cp "$archive" "$orig"
fi
tar --extract --file "$orig" --directory "$folder"
cp -r packaging/debian "$folder/$name/debian"
{
    echo
    scripts/debian-copyright.py "$folder/$name"
} >>"$folder/$name/debian/copyright"

cd "$folder/$name"
# A cargo that chooses the toolchain looks for it in the home directory, which debhelper replaces.
export RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
options=
missing=$(dpkg-checkbuilddeps 2>&1) || {
    echo "$missing"
    options=-d
}
# shellcheck disable=SC2086
dpkg-buildpackage --no-sign $options
rm -r "${folder:?}/$name"
