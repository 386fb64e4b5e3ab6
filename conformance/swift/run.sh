#!/bin/bash
# run.sh FOLDER PROBE: starts OpenStack Swift with its S3 API on loopback and haproxy in front of
# it, runs the probe through both, compares the uploaded object, and stops everything. Prints the
# lines of the probe.
#
# OSS V1 and AWS signature version 2 sign the same string if no x-oss-* header is sent and the key
# needs no escaping; haproxy only renames the scheme in the Authorization header.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
probe=$(realpath "$2")
# Debian's Python comes first: it has the modules of Swift.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin
readonly key_id=test:tester secret=testing bucket=conformance

mkdir -p "$folder"/{conf,log,node/sda}
pids=()
stop() {
    [ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
}
trap stop EXIT
trap 'exit 130' INT TERM

# Finds six free ports: five for Swift and memcached, one for haproxy. All sockets stay open until
# all ports are known, so that no port is chosen twice.
read -r proxy account container object memcached haproxy < <(python3 - <<'PY'
import socket
sockets = [socket.socket() for _ in range(6)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PY
)

cd "$folder/conf"
user=$(id -un)
for file in "$here"/conf/*; do
    sed -e "s|@FOLDER@|$folder|g" -e "s|@USER@|$user|g" -e "s|@PROXY@|$proxy|g" \
        -e "s|@MEMCACHED@|$memcached|g" -e "s|@HAPROXY@|$haproxy|g" "$file" >"${file##*/}"
done
for server in account container object; do
    sed -e "s|@SERVER@|$server|g" -e "s|@PORT@|${!server}|g" storage-server.conf \
        >"$server-server.conf"
done
python3 - "$account" "$container" "$object" <<'PY'
import sys
from swift.common.ring import RingBuilder

for number, (name, port) in enumerate(zip(("account", "container", "object"), sys.argv[1:]), 1):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev(dict(region=1, zone=1, ip="127.0.0.1", port=int(port), device="sda", weight=1))
    builder.rebalance()
    builder.get_ring().save(f"{name}.ring.gz")
PY

start() {
    local name=$1
    shift
    "$@" >"$folder/log/$name" 2>&1 &
    pids+=($!)
}
start memcached memcached -u nobody -l 127.0.0.1 -p "$memcached"
for server in account container object; do
    start "$server" "swift-$server-server" "$server-server.conf" -v
done
start proxy swift-proxy-server proxy-server.conf -v
start haproxy haproxy -db -f haproxy.cfg

# Waits up to 30 seconds until a server responds, with any status.
await() {
    curl --silent --output /dev/null --retry 300 --retry-delay 0 --retry-max-time 30 \
        --retry-connrefused "http://127.0.0.1:$2/healthcheck" ||
        { echo "$1 did not start, see $folder/log" >&2; exit 1; }
}
for server in account container object proxy haproxy; do await "$server" "${!server}"; done

account_url=http://127.0.0.1:$proxy
token=$(curl --silent --fail --include -H "X-Auth-User: $key_id" -H "X-Auth-Key: $secret" \
    "$account_url/auth/v1.0" | tr -d '\r' | sed -n 's/^X-Auth-Token: //Ip')
curl --silent --fail --request PUT -H "X-Auth-Token: $token" "$account_url/v1/AUTH_test/$bucket"

"$probe" "http://127.0.0.1:$haproxy" "$bucket" "$key_id" "$secret" "$folder/uploaded"
curl --silent -H "X-Auth-Token: $token" -o "$folder/back" \
    "$account_url/v1/AUTH_test/$bucket/parts/object.bin"
if cmp --silent "$folder/uploaded" "$folder/back"; then
    printf 'read back by Swift'"'"'s own API\tok\n'
else
    printf 'read back by Swift'"'"'s own API\tFAIL\tthe object differs\n'
fi
