#!/bin/sh
# pack.sh PATH FOLDER - makes the archive FOLDER/NAME.tar.gz of the folder PATH, whose name is NAME.
#
# It depends only on the files. SOURCE_DATE_EPOCH is the time of all of them.
set -eu

name=$(basename "$1")
archive=$2/$name.tar
LC_ALL=C tar --create --file "$archive" --directory "$(dirname "$1")" --format=gnu --sort=name \
    --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --mode=u+rwX,go+rX,go-w "$name"
rm -f "$archive.gz"
gzip -9n "$archive"
