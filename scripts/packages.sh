# Read by check-deps.sh and release-deps.sh, which set `tools`, lines of a tool and its package, and
# `exists`, which returns whether a tool is there.
# shellcheck shell=sh disable=SC2119,SC2120,SC2154

# Prints the packages of the tools that are missing; with the argument `tool`, their names.
missing_tools() {
    echo "$tools" | while read -r tool package; do
        [ -n "$tool" ] || continue
        exists "$tool" || if [ "${1-}" = tool ]; then echo "$tool"; else echo "$package"; fi
    done
}

install_packages() {
    packages=$(missing_tools)
    [ -n "$packages" ] || return 0
    echo "installing $(echo "$packages" | tr '\n' ' ')"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
}
