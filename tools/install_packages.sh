#!/usr/bin/env bash
# Installs the Debian packages named as arguments, as root, without starting their services.
#
# Debian starts a daemon when its package is installed. A developer who wants to compare Simurgh
# with osmo-hlr or pcscd does not want them to listen from then on: policy-rc.d says no to every
# start while this runs. An administrator's own policy-rc.d is left as it is.
set -euo pipefail

readonly policy=/usr/sbin/policy-rc.d
readonly mark='# written by simurgh tools/install_packages.sh, removed when it ends'

# One at a time, or the first to end takes away the policy that the second still needs.
exec 9>/run/lock/simurgh-setup.lock
flock 9

if [ ! -e "$policy" ] || grep -qF "$mark" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
# Another apt may be at work (unattended upgrades): wait for it instead of failing.
apt=(apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
# An unreachable extra source must not stop us; a missing package is reported by the install.
"${apt[@]}" update 9>&- || echo "apt-get update failed; going on with the lists that are here"
"${apt[@]}" install -y --no-install-recommends "$@" 9>&-
