#!/bin/sh
# dlltool.sh ARGUMENT... - runs dlltool of MinGW for rustc, in the folder of the import library that it
# makes. dlltool makes the names of symbols from the path it is given: they would contain that folder,
# which is another one for each build.
set -eu
previous=''
for argument; do
    shift
    if [ "$previous" = -l ]; then
        cd "$(dirname "$argument")"
        set -- "$@" "$(basename "$argument")"
    else
        set -- "$@" "$argument"
    fi
    previous=$argument
done
exec x86_64-w64-mingw32-dlltool "$@"
