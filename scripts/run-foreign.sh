#!/bin/sh
# run-foreign.sh CPU COMMAND... - runs a command in a user namespace in which programs for another
# CPU run under qemu-user, also those that such a program starts. Needs Linux 6.7 or later.
set -eu

cpu=$1
shift
little='\xfe\xff\xff\xff' big='\xff\xfe\xff\xff'
case $cpu in
aarch64) system=aarch64-linux-gnu class='\x02\x01' machine='\x02\x00\xb7\x00' mask=$little ;;
arm) system=arm-linux-gnueabihf class='\x01\x01' machine='\x02\x00\x28\x00' mask=$little ;;
s390x) system=s390x-linux-gnu class='\x02\x02' machine='\x00\x02\x00\x16' mask=$big ;;
*)
    echo "unknown CPU $cpu" >&2
    exit 2
    ;;
esac
if ! qemu=$(command -v "qemu-$cpu"); then
    echo "missing: qemu-$cpu; run \`make cross-deps\`" >&2
    exit 1
fi

# The ELF header: class and byte order; version, system and padding; type and machine. The mask
# leaves out the system, and takes executables and shared objects.
magic="\\x7fELF$class\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00$machine"
mask="\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff$mask"
export QEMU_LD_PREFIX="/usr/$system"
# shellcheck disable=SC2016
exec unshare --user --map-root-user --mount sh -c '
    binfmt=/proc/sys/fs/binfmt_misc
    mount -t binfmt_misc binfmt_misc "$binfmt" && printf %s "$0" >"$binfmt/register" || {
        echo "programs for another CPU cannot be registered; this needs Linux 6.7 or later" >&2
        exit 1
    }
    exec "$@"' ":$cpu:M::$magic:$mask:$qemu:OP" "$@"
