#!/usr/bin/env bash
# Runs shellcheck over every shell script of ours.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v shellcheck >/dev/null || {
  echo "shellcheck is not here; ./dev setup check installs it"
  exit 1
}
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- \
  dev .ci/run '*.sh' | sort -u)
shellcheck -x --severity=warning "${scripts[@]}"
echo "shell: ${#scripts[@]} scripts"
